-- Every declared gap, and every observation whose list could not be used, is a row.
select g.id as gap_id, g.kind
from staging.gap_declared as g
where g.id not in (select gap_id from core.gaps)
union all
select o.id as gap_id, 'unusable list' as kind
from replay.listing_checks as l
inner join replay.observations as o on l.observation = o.observation
where not l.is_usable
    and o.id || ':listing_disagrees' not in (select gap_id from core.gaps)
    and o.id || ':observation_pending' not in (select gap_id from core.gaps)
