-- How many builds a jobset's machines finished a day, in the last 28 days that were seen.
--
-- Counted are builds that ran and ended, green or red, by when they stopped. The rate is what was asked of the machines,
-- not what they can do: the busiest day shows more of that. It is null where less than a day was seen, and where the
-- source does not tell of every job (a list of failures) or not when builds stopped. Where it does not tell what came
-- from a cache (Hydra over HTTP), what took no time did.
--
-- grain: source, jobset, system
-- column: source | Instance that built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: until_at | The end of the window: when the last build stopped.
-- column: window_days | Its length: 28 days, less where the builds that are known do not go back so far.
-- column: finished_builds | Builds that stopped in it.
-- column: builds_per_day | Those by its days; null where it cannot be known.
-- column: busiest_day_builds | Builds that stopped on the busiest day (UTC); null where it cannot be known.
with
    stopped as (
        select b.source, b.jobset, b.system, b.build_id, max(b.stopped_at) as stopped_at
        from staging.build_observed as b
        where b.stopped_at is not null
            and b.is_finished
            and not coalesce(b.is_cached, b.stopped_at = b.started_at, false)
            and b.status not in ('aborted', 'cancelled', 'dependency-failed', 'unsupported')
            and coalesce(b.time_kind, 'file') <> 'file'
        group by b.source, b.jobset, b.system, b.build_id
    ),
    spans as (
        select source, jobset, system, min(stopped_at) as first_at, max(stopped_at) as until_at
        from stopped
        group by source, jobset, system
    ),
    days as (
        select
            s.source,
            s.jobset,
            s.system,
            s.until_at,
            least(28, date_diff('second', s.first_at, s.until_at) / 86400.0) as window_days,
            cast(b.stopped_at as date) as stopped_on,
            count(*) as builds
        from spans as s
        inner join stopped as b
            on s.source = b.source and s.jobset = b.jobset and s.system = b.system
            and b.stopped_at > s.until_at - interval 28 days
        group by s.source, s.jobset, s.system, s.until_at, s.first_at, cast(b.stopped_at as date)
    ),
    told as (
        select source, jobset, bool_and(coverage in ('full', 'named')) as is_every_job
        from core.evaluations
        group by source, jobset
    )
select
    d.source,
    d.jobset,
    d.system,
    d.until_at,
    d.window_days,
    cast(sum(d.builds) as bigint) as finished_builds,
    case when d.window_days >= 1 and t.is_every_job then sum(d.builds) / d.window_days end as builds_per_day,
    case when d.window_days >= 1 and t.is_every_job then max(d.builds) end as busiest_day_builds
from days as d
left join told as t on d.source = t.source and d.jobset = t.jobset
group by d.source, d.jobset, d.system, d.until_at, d.window_days, t.is_every_job
order by d.source, d.jobset, d.system
