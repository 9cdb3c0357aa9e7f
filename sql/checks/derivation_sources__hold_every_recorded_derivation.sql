-- Every derivation that is recorded was recorded by somebody, and no other.
select coalesce(d.derivation_id, s.derivation_id) as derivation_id
from (select derivation_id from core.derivations where is_recorded) as d
full outer join (select distinct derivation_id from core.derivation_sources) as s on d.derivation_id = s.derivation_id
where d.derivation_id is null or s.derivation_id is null
