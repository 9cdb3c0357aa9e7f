-- What a source built of a derivation: attempts, how long they took, and whether it succeeded in the end.
--
-- An attempt is counted where it ran: it has times, or succeeded without coming from a cache, or failed by itself. What
-- failed because of another derivation, came from a cache or is still waiting did not run. Where a source does not tell
-- (Hydra over HTTP), a success that took no time came from a cache, and whether a failure that may be another
-- derivation's ran is unknown: its times are then those of the other. Seconds are from start to stop of every attempt,
-- failed ones too. Where a machine's processors are not told, they are assumed: 16 for a derivation that asks for
-- `big-parallel`, 4 for any other.
--
-- grain: source, derivation_id64
-- column: source | Who built it.
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: status | Our status word: the newest fact of its builds, a success before all else.
-- column: status_class | Class of that status.
-- column: attempts | Attempts that ran.
-- column: is_executed | Whether any ran; null where nothing tells.
-- column: restarts | Attempts after the first of a build, as the source numbers them.
-- column: first_attempt | Number of the first attempt that is told.
-- column: wall_seconds | Seconds of all attempts together; null where the times of one are unknown, or none ran.
-- column: core_seconds | The same times processors.
-- column: has_assumed_cores | Whether processors of an attempt are assumed.
-- column: first_seen_at | When a build of it was first told.
-- column: first_started_at | When the first attempt started; null: unknown.
with
    facts as (
        select b.*, k.status_class
        from staging.build_observed as b
        left join core.status_classes as k on b.status = k.status
        where b.derivation_id64 is not null
        qualify row_number() over (
            partition by b.source, b.build_id, b.attempt order by b.observed_at desc, b.batch desc
        ) = 1
    ),
    judged as (
        select
            f.source,
            f.derivation_id64,
            f.build_id,
            f.attempt,
            f.status,
            coalesce(f.status_class, 'neutral') as status_class,
            f.observed_at,
            f.started_at,
            f.stopped_at,
            case
                when coalesce(f.is_cached, f.status_class = 'green' and f.stopped_at = f.started_at, false) then false
                when f.cause = 'dependency' or not f.is_finished then false
                -- The times may be those of the dependency that failed.
                when f.status_class = 'red' and coalesce(f.cause, 'unknown') = 'unknown' then null
                when f.started_at is not null and f.stopped_at >= f.started_at and coalesce(f.time_kind, '') <> 'file' then true
                when f.status_class = 'green' and f.is_cached is not null then true
                when f.status_class = 'red' and f.cause = 'own' then true
                when f.status_class in ('green', 'red') then null
                else false
            end as has_run,
            case
                when f.stopped_at >= f.started_at and coalesce(f.time_kind, '') <> 'file'
                    then date_diff('microsecond', f.started_at, f.stopped_at)
            end as microseconds,
            f.cores,
            list_contains(coalesce(d.required_features, []), 'big-parallel') as is_big
        from facts as f
        left join core.derivations as d on f.derivation_id64 = d.derivation_id64
    )
select
    source,
    derivation_id64,
    arg_max(status, (status_class = 'green', status_class = 'red', observed_at, build_id, attempt)) as status,
    arg_max(status_class, (status_class = 'green', status_class = 'red', observed_at, build_id, attempt)) as status_class,
    count(*) filter (where has_run) as attempts,
    case when bool_or(has_run) then true when bool_or(has_run is null) then null else false end as is_executed,
    count(*) filter (where has_run and attempt > 1) as restarts,
    min(attempt) filter (where has_run) as first_attempt,
    case
        when count(*) filter (where has_run) = count(microseconds) filter (where has_run)
            then sum(microseconds) filter (where has_run)::bigint / 1e6
    end
        as wall_seconds,
    case
        when count(*) filter (where has_run) = count(microseconds) filter (where has_run)
            then sum(microseconds * coalesce(cores, case when is_big then 16 else 4 end)) filter (where has_run)::bigint / 1e6
    end as core_seconds,
    coalesce(bool_or(cores is null) filter (where has_run), false) as has_assumed_cores,
    min(observed_at) as first_seen_at,
    min(started_at) filter (where has_run) as first_started_at
from judged
group by source, derivation_id64
order by source, derivation_id64
