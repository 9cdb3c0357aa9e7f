-- Rebuilds of one trigger, the costliest first.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    )
select
    r.attr, r.system, r.evaluation_id, r.turn, d.level, r.has_own_change, r.role, r.content, r.trigger_count,
    case
        when not b.is_declared then r.wall_seconds
        when r.is_executed then r.nominal_seconds
        when not r.is_executed then 0
    end as seconds
from core.rebuilds as r
cross join basis as b
left join core.derivations as d on r.derivation_id64 = d.derivation_id64
where r.source = $source and r.jobset = $jobset and list_contains(r.triggers, $trigger)
order by seconds desc nulls last, r.attr, r.system, r.turn
limit 100
