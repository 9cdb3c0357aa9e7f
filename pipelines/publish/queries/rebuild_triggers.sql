-- Triggers of a jobset, the costliest first; declared seconds where the source declares any.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    ),
told as (
    select *
    from metrics.rebuild_triggers
    cross join basis
    where source = $source and jobset = $jobset
)
select
    source, jobset, system, trigger, place, evaluations, rebuilds as all_rebuilds, with_verdict, strict_false_positives, wide_false_positives,
    case when is_declared then sole_nominal_seconds else sole_wall_seconds end / 3600 as sole_hours,
    case when is_declared then shared_nominal_seconds else shared_wall_seconds end / 3600 as shared_hours,
    case when is_declared then contributing_nominal_seconds else contributing_wall_seconds end / 3600 as contributing_hours,
    case when is_declared then unknown_nominal_seconds else unknown_wall_seconds end as unknown_rebuilds
from told
order by shared_hours desc nulls last, shared_rebuilds desc, trigger, system
limit 100
