-- A flaky derivation has a failure and a success, and was known as soon as both were seen.
select source, derivation, failed_builds, succeeded_builds, first_failed_at, first_succeeded_at, known_since_at
from core.flaky_derivations
where failed_builds < 1
    or succeeded_builds < 1
    or known_since_at < first_failed_at
    or known_since_at < first_succeeded_at
    or known_since_at not in (first_failed_at, first_succeeded_at)
