-- A job's next episode does not begin before the one before it has ended.
with placed as (
    select e.source, e.jobset, e.attr, e.system, e.variant, e.broken_evaluation_id, b.step as first_step, c.step as end_step
    from core.failure_episodes as e
    inner join core.evaluation_systems as b
        on e.source = b.source
        and e.jobset = b.jobset
        and e.system = b.system
        and e.broken_evaluation_id = b.evaluation_id
    left join core.evaluation_systems as c
        on e.source = c.source
        and e.jobset = c.jobset
        and e.system = c.system
        and e.cleared_evaluation_id = c.evaluation_id
),

followed as (
    select
        *,
        lead(first_step) over (
            partition by source, jobset, attr, system, variant order by first_step
        ) as next_step
    from placed
)

select source, jobset, attr, system, variant, broken_evaluation_id, end_step, next_step
from followed
where next_step is not null and (end_step is null or next_step < end_step)
