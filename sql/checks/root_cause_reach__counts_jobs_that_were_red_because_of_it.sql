-- A root reaches at least one job, as many now as at most ever, and none that core.root_causes does not hold.
select r.source, r.root_build_id, r.reach_jobs, r.reach_jobs_now, c.jobs
from core.root_cause_reach as r
left join (
    select source, root_build_id, count(distinct (jobset, attr, system, variant)) as jobs
    from core.root_causes
    where build_id <> root_build_id
    group by source, root_build_id
) as c on r.source = c.source and r.root_build_id = c.root_build_id
where r.reach_jobs < 1
    or r.reach_jobs_now > r.reach_jobs
    or r.reach_jobs is distinct from c.jobs
