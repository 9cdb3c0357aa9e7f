-- A status of a build and the time for which it was the newest.
--
-- Equal neighbours are folded; ties at one instant go to the greater attempt, then the greater status word.
--
-- Facts that the log leaves out although something arrived late are put back first (`replay.late_facts`).
--
-- keep: no
-- grain: source, build_id, from_at
-- column: source | Instance that built.
-- column: build_id | The source's own id of the build.
-- column: from_at | When it was first seen in this status.
-- column: until_at | When it was first seen in another status; null: never.
-- column: status | Our status word.
-- column: cause | `own`, `dependency` or `unknown`.
-- column: is_only | Whether the build was never seen in another status.
with facts as (
    select source, build_id, observed_at, attempt, status, cause
    from staging.build_observed
    union all
    select source, build_id, observed_at, attempt, status, cause
    from replay.late_facts
),

ranked as (
    select
        source,
        build_id,
        observed_at,
        status,
        cause,
        lead(observed_at) over w as next_at
    from facts
    window w as (partition by source, build_id order by observed_at, attempt, status, cause)
),

ordered as (
    select
        source,
        build_id,
        observed_at,
        status,
        cause,
        lag(status) over w as before_status,
        lag(cause) over w as before_cause
    from ranked
    where next_at is null or next_at > observed_at
    window w as (partition by source, build_id order by observed_at)
),

kept as (
    select source, build_id, observed_at, status, cause
    from ordered
    where before_status is null or before_status <> status or before_cause <> cause
)

select
    source,
    build_id,
    observed_at as from_at,
    lead(observed_at) over w as until_at,
    status,
    cause,
    count(*) over (partition by source, build_id) = 1 as is_only
from kept
window w as (partition by source, build_id order by observed_at)
