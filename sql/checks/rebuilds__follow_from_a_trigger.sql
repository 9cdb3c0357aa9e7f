-- What is fully known follows from at least one trigger, from itself where it changed by itself, and has a verdict on structure.
select source, jobset, system, attr, evaluation_id, triggers, has_own_change
from core.rebuilds
where triggers is not null
    and (
        len(triggers) = 0
        or has_own_change is null
        or is_structural is null
        or (has_own_change and not list_contains(triggers, package))
        or (has_own_change and (is_structural or role is not null))
        or (not has_own_change and role is null)
    )
