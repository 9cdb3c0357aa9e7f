-- Where 100 or more failures of one system began in one evaluation there is a cohort of as many, and nowhere else.
with begun as (
    select
        source,
        jobset,
        broken_evaluation_id as evaluation_id,
        system,
        count(*) as jobs,
        count(*) filter (where outcome = 'open') as still_failing_jobs
    from core.failure_episodes
    where not is_left_censored
    group by source, jobset, broken_evaluation_id, system
    having count(*) >= 100
)
select
    coalesce(b.source, c.source) as source,
    coalesce(b.jobset, c.jobset) as jobset,
    coalesce(b.evaluation_id, c.evaluation_id) as evaluation_id,
    coalesce(b.system, c.system) as system,
    b.jobs,
    c.jobs as cohort_jobs
from begun as b
full join core.cohorts as c
    on b.source = c.source and b.jobset = c.jobset and b.evaluation_id = c.evaluation_id and b.system = c.system
where b.jobs is distinct from c.jobs
    or b.still_failing_jobs is distinct from c.still_failing_jobs
    or c.is_burst is distinct from (c.jobs >= 250)
