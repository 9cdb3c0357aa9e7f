-- An episode begins at a complete evaluation of its system, ends at a later complete one, and counts no more than lie between.
with complete as (
    select source, jobset, system, evaluation_id, series, step
    from core.evaluation_systems
    where is_complete or is_complete_by_lookahead
)

select e.source, e.jobset, e.attr, e.system, e.broken_evaluation_id, e.cleared_evaluation_id, e.evaluations
from core.failure_episodes as e
left join complete as b
    on e.source = b.source
    and e.jobset = b.jobset
    and e.system = b.system
    and e.broken_evaluation_id = b.evaluation_id
left join complete as c
    on e.source = c.source
    and e.jobset = c.jobset
    and e.system = c.system
    and e.cleared_evaluation_id = c.evaluation_id
where b.step is null
    or (e.cleared_evaluation_id is not null and c.step is null)
    or c.step <= b.step
    or e.evaluations > c.step - b.step
