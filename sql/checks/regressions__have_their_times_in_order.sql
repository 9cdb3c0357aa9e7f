-- Last good, first bad, confirmed, and green again follow each other, and nothing is told before it is confirmed.
select source, jobset, entry, last_good_at, first_bad_at, confirmed_at, updated_at, green_at
from metrics.regressions
where last_good_at > first_bad_at
    or first_bad_at > confirmed_at
    or confirmed_at > updated_at
    or (confirmed_at is null) <> (updated_at is null)
    or first_bad_at > green_at
    or (green_at is null) <> (outcome = 'open')
    or (outcome = 'open' and open_jobs = 0)
