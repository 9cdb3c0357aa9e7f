-- What is predicted of a declared wave are as many failures as it has, at most, and rests on clusters of its jobset.
with failing as (
    select wave, source, jobset, system, count(*) as jobs
    from core.wave_packages
    where state in ('failing_own', 'failing_dependency')
    group by wave, source, jobset, system
),
clusters as (
    select source, jobset, count(distinct cluster) as clusters
    from core.cohorts
    where not is_series_start
    group by source, jobset
)
select p.wave, p.source, p.jobset, p.system, p.target_ratio, p.left_jobs, f.jobs, p.earlier_clusters
from core.declared_eta as p
left join failing as f
    on p.wave = f.wave and p.source = f.source and p.jobset = f.jobset and p.system = f.system
left join clusters as c on p.source = c.source and p.jobset = c.jobset
where p.left_jobs > coalesce(f.jobs, 0)
    or p.left_jobs < 1
    or p.earlier_clusters > coalesce(c.clusters, 0)
    or (p.nominal_ratio is not null and p.earlier_clusters < 4)
