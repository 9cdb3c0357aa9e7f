-- A status of a build and the time for which it was the newest.
--
-- Equal neighbours are folded; ties at one instant go to the greater attempt, then the greater status word.
--
-- The log leaves out a fact that says what the one before it says. When an answer arrives late, that one may no
-- longer be the one before: each observation of such a build is then restated with the status that it had when it
-- was recorded, the newest by its instant among the facts of its batch and the batches before.
--
-- grain: source, build_id, from_at
-- column: source | Instance that built.
-- column: build_id | The source's own id of the build.
-- column: from_at | When it was first seen in this status.
-- column: until_at | When it was first seen in another status; null: never.
-- column: status | Our status word.
-- column: cause | `own`, `dependency` or `unknown`.
-- column: is_only | Whether the build was never seen in another status.
with seen as (
    select source, jobset, batch, max(observed_at) as newest_at
    from staging.evaluation_observed
    where listed_rows is not null
    group by source, jobset, batch
),

arrivals as (
    select a.source, a.jobset, a.batch, max(s.newest_at) as newest_before
    from (select distinct source, jobset, batch from staging.build_observed) as a
    inner join seen as s on a.source = s.source and a.jobset = s.jobset and s.batch < a.batch
    group by a.source, a.jobset, a.batch
),

late as (
    select distinct f.source, f.build_id
    from staging.build_observed as f
    inner join arrivals as a
        on f.source = a.source and f.jobset = a.jobset and f.batch = a.batch and f.observed_at <= a.newest_before
),

late_facts as (
    select f.source, f.build_id, f.observed_at, f.attempt, f.status, f.cause, f.batch
    from staging.build_observed as f
    inner join late as l on f.source = l.source and f.build_id = l.build_id
),

late_sights as (
    select distinct l.source, l.build_id, e.observed_at, e.batch
    from late as l
    inner join replay.listings as r on l.build_id = r.build_id
    inner join replay.jobs as j on r.job = j.job
    inner join replay.series as s on j.series = s.series and l.source = s.source
    inner join replay.observations as o
        on s.source = o.source
        and s.jobset = o.jobset
        and o.observation between r.first_observation and r.last_observation
    inner join staging.evaluation_observed as e on o.id = e.id
),

facts as (
    select source, build_id, observed_at, attempt, status, cause
    from staging.build_observed
    union all
    select
        s.source,
        s.build_id,
        s.observed_at,
        arg_max(f.attempt, (f.observed_at, f.attempt, f.status, f.cause)) as attempt,
        arg_max(f.status, (f.observed_at, f.attempt, f.status, f.cause)) as status,
        arg_max(f.cause, (f.observed_at, f.attempt, f.status, f.cause)) as cause
    from late_sights as s
    inner join late_facts as f
        on s.source = f.source
        and s.build_id = f.build_id
        and f.batch <= s.batch
        and f.observed_at <= s.observed_at
    group by s.source, s.build_id, s.observed_at, s.batch
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
