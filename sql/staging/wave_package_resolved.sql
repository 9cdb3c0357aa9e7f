-- A decision that a package of a wave is not going to be fixed in it, or that takes one back, once per event.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event: wave, attribute, system and day.
-- column: source | Where it is declared.
-- column: decided_at | Day of the decision.
-- column: wave | Wave that it is about; a major one stands for all its minor ones.
-- column: attr | Attribute of the package.
-- column: system | Nix system; null: every one.
-- column: resolution | `wont-fix`, `cant-fix`, or `open`, which takes an earlier decision back.
-- column: author | Handle of whoever decided.
-- column: reason | Why.
-- column: url | Where it is discussed; null if not told.
select
    id,
    source,
    observed_at as decided_at,
    wave,
    attr,
    system,
    resolution,
    author,
    reason,
    url
from log.wave_package_resolved
qualify row_number() over (partition by id order by observed_at, resolution, reason, author, url) = 1
