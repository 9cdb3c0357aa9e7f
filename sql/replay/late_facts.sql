-- The status that a build had at an observation, for builds of which something arrived late.
--
-- The log leaves out a fact that says what the one before it says. When an answer arrives late, that one may no
-- longer be the one before: each observation of such a build is restated with the status that it had when it was
-- recorded, the newest by its instant among the facts of its batch and the batches before.
--
-- keep: no
-- grain: source, build_id, observed_at, attempt, status, cause
-- column: source | Instance that built.
-- column: build_id | The source's own id of the build.
-- column: observed_at | Instant of the observation.
-- column: attempt | Number of the attempt, from 1.
-- column: status | Our status word.
-- column: cause | `own`, `dependency` or `unknown`.
with late as (
    select distinct f.source, f.build_id
    from staging.build_observed as f
    inner join replay.late_batches as b
        on f.source = b.source and f.jobset = b.jobset and f.batch = b.batch and f.observed_at <= b.newest_before
),

facts as (
    select f.source, f.build_id, f.observed_at, f.attempt, f.status, f.cause, f.batch
    from staging.build_observed as f
    inner join late as l on f.source = l.source and f.build_id = l.build_id
),

sights as (
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
)

select distinct
    s.source,
    s.build_id,
    s.observed_at,
    arg_max(f.attempt, (f.observed_at, f.attempt, f.status, f.cause)) as attempt,
    arg_max(f.status, (f.observed_at, f.attempt, f.status, f.cause)) as status,
    arg_max(f.cause, (f.observed_at, f.attempt, f.status, f.cause)) as cause
from sights as s
inner join facts as f
    on s.source = f.source
    and s.build_id = f.build_id
    and f.batch <= s.batch
    and f.observed_at <= s.observed_at
group by s.source, s.build_id, s.observed_at, s.batch
