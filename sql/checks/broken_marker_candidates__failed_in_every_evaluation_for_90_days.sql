-- A candidate failed in all complete evaluations from its beginning to the newest one, which are 90 days or more apart.
with turns as (
    select
        source,
        jobset,
        system,
        evaluation_at,
        row_number() over (partition by source, jobset, system order by ordinal desc, evaluation_id desc) as back
    from core.evaluation_systems
    where is_complete
)

select c.source, c.jobset, c.attr, c.system, c.own_failure_since_at, c.evaluations, c.failing_days
from metrics.broken_marker_candidates as c
left join turns as t
    on c.source = t.source and c.jobset = t.jobset and c.system = t.system and c.evaluations = t.back
where t.evaluation_at is distinct from c.own_failure_since_at or c.failing_days < 90 or c.failing_days is null
