-- Every own failure that began while somebody looked belongs to one entry, and every job that fell to an entry of its jobset.
select 'own' as what, j.source, j.jobset, j.own_jobs, o.failures
from (
    select source, jobset, count(*) filter (where role = 'own') as own_jobs
    from core.regression_jobs
    group by source, jobset
) as j
full join (
    select s.source, s.jobset, count(*) as failures
    from replay.own_failures as o
    inner join replay.series as s on o.series = s.series
    group by s.source, s.jobset
) as o on j.source = o.source and j.jobset = o.jobset
where coalesce(j.own_jobs, 0) <> coalesce(o.failures, 0)
union all
select 'fallout before its root' as what, source, jobset, 1 as own_jobs, 0 as failures
from core.regression_jobs
where confirmed_at < began_at or cleared_at < began_at or (role = 'fallout' and good_evaluation_id is not null)
