-- What a status says of a job, by whose failure it was: class and, for red ones, the kind.
--
-- The words are those of core.status_classes. A word of kind `own` is of kind `dependency` where it was a dependency's
-- failure, and of kind `unknown_cause` where the source cannot tell.
--
-- grain: status, cause
-- column: status | Status word.
-- column: cause | Whose failure, as the source tells it: `own`, `dependency` or `unknown`.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null for other classes.
select
    k.status,
    c.cause,
    k.status_class,
    case
        when k.red_kind = 'own' and c.cause = 'dependency' then 'dependency'
        when k.red_kind = 'own' and c.cause = 'unknown' then 'unknown_cause'
        else k.red_kind
    end as red_kind
from core.status_classes as k
cross join (values ('own'), ('dependency'), ('unknown')) as c (cause)
order by k.status, c.cause
