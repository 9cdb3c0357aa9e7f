-- What changed nearest to those regressions, the nearest first.
select s.source, s.jobset, s.entry, s.evidence, s.suspect, s.before, s.distance
from core.regression_suspects as s
inner join metrics.regressions as r on s.source = r.source and s.jobset = r.jobset and s.entry = r.entry
inner join (
    select source, jobset, max(newest_complete_at) as as_of_at
    from core.jobset_systems
    group by source, jobset
) as n on s.source = n.source and s.jobset = n.jobset
where r.updated_at > n.as_of_at - to_days($days::integer) and not r.is_series_start
order by s.source, s.jobset, s.entry, s.place
