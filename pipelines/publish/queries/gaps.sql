-- What could not be learnt, as declared; the newest first.
select source, jobset, replace(kind, '_', ' ') as gap, evaluation_id, detail, declared_at
from core.gaps
where not is_superseded
order by declared_at desc, source, jobset nulls first, kind, evaluation_id nulls first, detail
limit 100
