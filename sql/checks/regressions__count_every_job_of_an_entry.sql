-- The jobs of an entry add up, and a burst of the regressions is one of metrics.bursts.
select r.source, r.jobset, r.entry, r.own_jobs, j.own_jobs as jobs, r.kind
from metrics.regressions as r
full join (
    select
        source,
        jobset,
        entry,
        count(distinct case when role = 'own' then (attr, system, variant) end) as own_jobs,
        count(distinct case when role = 'fallout' then (attr, system, variant) end) as fallout_jobs
    from core.regression_jobs
    group by source, jobset, entry
) as j on r.source = j.source and r.jobset = j.jobset and r.entry = j.entry
left join (select distinct source, jobset, evaluation_id from metrics.bursts) as b
    on r.source = b.source and r.jobset = b.jobset and r.first_bad_evaluation_id = b.evaluation_id
where r.own_jobs is distinct from j.own_jobs
    or r.fallout_jobs is distinct from j.fallout_jobs
    or r.own_jobs + r.fallout_jobs < 1
    or (r.kind = 'burst' and b.evaluation_id is null)
