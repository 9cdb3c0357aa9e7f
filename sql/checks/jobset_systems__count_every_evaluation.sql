-- Evaluations of a jobset's systems add up to the rows of core.evaluation_systems, and a system with a complete one has a newest.
select
    s.source,
    s.jobset,
    s.system,
    s.evaluations,
    e.evaluations as evaluations_found,
    s.newest_complete_evaluation_id
from (
    select source, jobset, system, count(*) as evaluations, max(evaluation_at) filter (where is_complete) as newest_at
    from core.evaluation_systems
    group by source, jobset, system
) as e
left join core.jobset_systems as s
    on e.source = s.source and e.jobset = s.jobset and e.system = s.system
where s.evaluations is distinct from e.evaluations
    or (e.newest_at is null) <> (s.newest_complete_evaluation_id is null)
    or s.newest_complete_at > s.jobset_newest_at
