-- A derivation is charged to one row of its source, with as many attempts as were told of it.
select r.source, r.derivation_id64, count(*) filter (where r.attempts > 0) as charged, max(r.attempts) as attempts
from core.rebuilds as r
left join core.derivation_builds as b on r.source = b.source and r.derivation_id64 = b.derivation_id64
group by r.source, r.derivation_id64
having count(*) filter (where r.attempts > 0) > 1 or max(r.attempts) > coalesce(max(b.attempts), 0)
