-- What a status word says about a package: its class and, for red ones, the kind.
--
-- The words are those of the generic event format. A word of kind `own` whose cause the source cannot
-- tell is of kind `unknown_cause` instead, and of kind `dependency` where it was a dependency's.
--
-- grain: status
-- column: status | Status word.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: red_kind | `own`, `dependency`, `timed_out` or `eval_error`; null for other classes.
select
    status,
    status_class,
    red_kind
from (
    values
        ('succeeded', 'green', null),
        ('failed', 'red', 'own'),
        ('failed-with-output', 'red', 'own'),
        ('hash-mismatch', 'red', 'own'),
        ('not-deterministic', 'red', 'own'),
        ('log-limit-exceeded', 'red', 'own'),
        ('output-limit-exceeded', 'red', 'own'),
        ('dependency-failed', 'red', 'dependency'),
        ('timed-out', 'red', 'timed_out'),
        ('eval-error', 'red', 'eval_error'),
        ('aborted', 'neutral', null),
        ('cancelled', 'neutral', null),
        ('skipped', 'neutral', null),
        ('unsupported', 'neutral', null),
        ('missing', 'neutral', null),
        ('queued', 'neutral', null),
        ('running', 'neutral', null),
        ('unknown', 'neutral', null),
        ('broken-marked', 'refused', null),
        ('unfree-refused', 'refused', null),
        ('insecure-refused', 'refused', null),
        ('platform-refused', 'refused', null),
        ('refused', 'refused', null)
) as words (status, status_class, red_kind)
