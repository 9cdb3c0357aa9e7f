-- Green, red, neutral and refused jobs add up to the total, which is the sum of the source's own totals where it gives them.
with told as (
    select
        p.series,
        p.step,
        list_sum([t.n for t in e.totals if t.system = s.system]) as n
    from replay.steps as p
    inner join replay.series as s on p.series = s.series
    inner join replay.observations as o on p.observation = o.observation
    inner join staging.evaluation_observed as e on o.id = e.id
)

select
    c.source,
    c.jobset,
    c.evaluation_id,
    c.system,
    c.total_jobs,
    t.n as total_told
from core.evaluation_systems as c
inner join told as t on c.series = t.series and c.step = t.step
where c.total_jobs <> c.green_jobs + c.own_jobs + c.dependency_jobs + c.timed_out_jobs + c.eval_error_jobs
        + c.unknown_cause_jobs + c.neutral_jobs + c.refused_jobs
    or c.total_jobs is distinct from t.n and t.n is not null
