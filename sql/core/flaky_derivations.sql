-- A derivation that both failed by itself and succeeded: what it builds does not only depend on its inputs.
--
-- The same derivation may be built for several jobs, in several jobsets and again after a restart; all count. Where a
-- source does not name derivations, a build stands for its own: one that both failed and succeeded was started again.
-- Time-outs and limits that a machine sets are left out of the failures (they say how busy it was), and so is what is
-- not known to have failed by itself. A result from a cache is no run of its own.
--
-- grain: source, derivation
-- column: source | Instance that built.
-- column: derivation | Path of the derivation, else `build:` and the build that stands for it.
-- column: attr | A job that it was built for, the first by name.
-- column: system | Nix system.
-- column: failed_builds | Builds of it that failed by themselves.
-- column: succeeded_builds | Builds of it that succeeded; one that failed before is in both.
-- column: first_failed_at | When a failure was first seen.
-- column: first_succeeded_at | When a success was first seen.
-- column: known_since_at | When both had been seen.
with changed as (
    select distinct source, build_id
    from replay.build_facts
    where not is_only
),

told as (
    select source, drv_path as derivation, build_id, attr, system, observed_at, status, cause, is_finished, is_cached
    from staging.build_observed
    where drv_path is not null
    union all
    -- A build of one status alone says nothing of its derivation unless that has a name.
    select b.source, 'build:' || b.build_id, b.build_id, b.attr, b.system, b.observed_at, b.status, b.cause, b.is_finished,
        b.is_cached
    from staging.build_observed as b
    inner join changed as c on b.source = c.source and b.build_id = c.build_id
    where b.drv_path is null
),

facts as (
    select
        b.source,
        b.derivation,
        b.build_id,
        b.attr,
        b.system,
        b.observed_at,
        k.status_class = 'green' as is_green
    from told as b
    inner join core.status_classes as k on b.status = k.status
    where b.is_finished
        and not coalesce(b.is_cached, false)
        and (
            k.status_class = 'green'
            or (k.red_kind = 'own' and b.cause = 'own' and b.status not in ('log-limit-exceeded', 'output-limit-exceeded'))
        )
)

select
    source,
    derivation,
    min(attr) as attr,
    min(system) as system,
    count(distinct build_id) filter (where not is_green) as failed_builds,
    count(distinct build_id) filter (where is_green) as succeeded_builds,
    min(observed_at) filter (where not is_green) as first_failed_at,
    min(observed_at) filter (where is_green) as first_succeeded_at,
    greatest(
        min(observed_at) filter (where not is_green),
        min(observed_at) filter (where is_green)
    ) as known_since_at
from facts
group by source, derivation
having bool_or(is_green) and bool_or(not is_green)
order by source, derivation
