-- Where the source counts jobs, the newest complete evaluation has as many red ones as jobs are red now.
with now as (
    select source, jobset, system, evaluation_id, count(*) filter (where status_class = 'red') as red_jobs
    from core.jobs_now
    group by source, jobset, system, evaluation_id
)

select
    e.source,
    e.jobset,
    e.system,
    e.evaluation_id,
    n.red_jobs,
    coalesce(e.own_jobs, 0) + coalesce(e.dependency_jobs, 0) + coalesce(e.timed_out_jobs, 0)
        + coalesce(e.eval_error_jobs, 0) + coalesce(e.unknown_cause_jobs, 0) as red_jobs_counted
from now as n
inner join core.evaluation_systems as e
    on n.source = e.source
    and n.jobset = e.jobset
    and n.system = e.system
    and n.evaluation_id = e.evaluation_id
where e.unit = 'job'
    and n.red_jobs <> coalesce(e.own_jobs, 0) + coalesce(e.dependency_jobs, 0) + coalesce(e.timed_out_jobs, 0)
        + coalesce(e.eval_error_jobs, 0) + coalesce(e.unknown_cause_jobs, 0)
