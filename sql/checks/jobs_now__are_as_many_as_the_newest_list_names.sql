-- As many jobs are there as the newest complete evaluation's list of failures names, and as many red ones as it counts where every job is told.
with now as (
    select
        source,
        jobset,
        system,
        evaluation_id,
        count(*) as jobs,
        count(*) filter (where status_class = 'red') as red_jobs
    from core.jobs_now
    group by source, jobset, system, evaluation_id
)

select
    e.source,
    e.jobset,
    e.system,
    e.evaluation_id,
    e.coverage,
    n.jobs,
    e.listed_jobs,
    n.red_jobs,
    e.own_jobs + e.dependency_jobs + e.timed_out_jobs + e.eval_error_jobs + e.unknown_cause_jobs as red_jobs_counted
from now as n
inner join core.evaluation_systems as e
    on n.source = e.source
    and n.jobset = e.jobset
    and n.system = e.system
    and n.evaluation_id = e.evaluation_id
where (e.coverage = 'failures_only' and n.jobs <> e.listed_jobs)
    or (
        e.coverage = 'full'
        and e.unit = 'job'
        and n.red_jobs <> e.own_jobs + e.dependency_jobs + e.timed_out_jobs + e.eval_error_jobs + e.unknown_cause_jobs
    )
