-- Who recorded a derivation.
--
-- grain: source, derivation_id
-- column: source | Who recorded it.
-- column: derivation_id | The derivation (`core.derivations`).
select s.source, d.derivation_id
from staging.derivation_observed as s
inner join core.derivations as d on s.derivation_id64 = d.derivation_id64
order by s.source, d.derivation_id
