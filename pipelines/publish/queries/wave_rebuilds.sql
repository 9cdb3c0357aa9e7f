-- Packages of a declared wave that had passed and were built again, by how often.
select
    jobset, attr, count(*) as rebuilds, count(distinct system) as systems, max(rebuilt_at) as rebuilt_at,
    sum(count(*)) over () as all_rebuilds, count(*) over () as all_packages,
    count(*) filter (where status_class = 'red') as red_rebuilds
from core.wave_rebuilds
where wave = $wave
group by jobset, attr
order by rebuilds desc, attr, jobset
limit 20
