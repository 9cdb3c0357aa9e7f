-- How long a job takes to build on a system: the median of its last five successful builds whose times are known.
--
-- Builds count whatever the jobset and source, once each, by when they stopped. Left out are results from a cache, times
-- that are only those of a file, and invented worlds. Where a source does not tell what came from a cache (Hydra over
-- HTTP), what took no time did.
--
-- grain: attr, system
-- column: attr | Attribute path of the job.
-- column: system | Nix system.
-- column: seconds | Median of seconds from start to stop.
-- column: builds | Builds that it rests on, 1 to 5.
-- column: last_stopped_at | When the last of them stopped.
with
    timed as (
        select
            b.source,
            b.build_id,
            b.attr,
            b.system,
            b.stopped_at,
            date_diff('second', b.started_at, b.stopped_at) as seconds
        from staging.build_observed as b
        inner join core.status_classes as k on b.status = k.status
        where b.started_at is not null
            and b.stopped_at >= b.started_at
            and b.is_finished
            and k.status_class = 'green'
            and not coalesce(b.is_cached, b.stopped_at = b.started_at)
            and coalesce(b.time_kind, 'file') <> 'file'
            and b.source not in (select source from core.sources where is_invented)
        qualify row_number() over (
            partition by b.source, b.build_id order by b.observed_at desc, b.attempt desc, b.batch desc
        ) = 1
    ),
    latest as (
        select *
        from timed
        qualify row_number() over (partition by attr, system order by stopped_at desc, source, build_id) <= 5
    )
select
    attr,
    system,
    median(seconds) as seconds,
    count(*) as builds,
    max(stopped_at) as last_stopped_at
from latest
group by attr, system
order by attr, system
