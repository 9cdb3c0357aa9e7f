-- When half, and when nine in ten, of the failures of a declared wave that last now will be off the list, from earlier cohorts.
--
-- As core.eta_predictions, for the failures of the wave's packages that are open now on one system. They began at different
-- times: each earlier cluster of the jobset says how the failures of each age went on in it, and these are added up. A cluster
-- in which hardly anything was left at one of the ages says nothing. Only cohorts that began more than a day before the first of
-- the failures count: none that the wave itself may have caused. The level is the widest that core.eta_predictions came to for
-- the jobset and target.
--
-- grain: wave, source, jobset, system, target_ratio
-- python: pipelines.estimates.declared:predictions
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: target_ratio | Share of the failures of now that has left, from 0 to 1.
-- column: as_of_epoch | Last complete evaluation of the jobset and system, in seconds since 1970.
-- column: left_jobs | Failures of the wave that last now.
-- column: oldest_seconds | How long the oldest of them lasts.
-- column: middle_age_seconds | How long the middle one of them lasts.
-- column: earlier_clusters | Earlier clusters that say something of all their ages.
-- column: level_ratio | Level that the interval was asked for.
-- column: nominal_ratio | Probability of the interval by its ranks; null without one.
-- column: low_seconds | Lower end, from as_of_epoch on; 0 where earlier cohorts give none.
-- column: middle_seconds | By then half of the earlier clusters had got there; null if fewer had.
-- column: high_seconds | Upper end; null without one.
with
    failing as (
        select
            p.wave,
            e.source,
            e.jobset,
            e.system,
            e.broken_at,
            e.observed_until_at
        from core.wave_packages as p
        inner join core.failure_episodes as e
            on p.source = e.source
            and p.jobset = e.jobset
            and p.attr = e.attr
            and p.system = e.system
            and p.variant = e.variant
        where p.state in ('failing_own', 'failing_dependency') and e.outcome = 'open' and not e.is_left_censored
    ),
    ages as (
        select
            wave,
            source,
            jobset,
            system,
            broken_at,
            observed_until_at,
            count(*) as episodes
        from failing
        group by wave, source, jobset, system, broken_at, observed_until_at
    ),
    levels as (
        select source, jobset, target_ratio, max(level_ratio) as level_ratio
        from core.eta_predictions
        group by source, jobset, target_ratio
    )
select
    a.wave,
    a.source,
    a.jobset,
    cast(null as varchar) as evaluation_id,
    a.system,
    cast(null as integer) as cluster,
    cast(null as bigint) as jobs,
    cast(epoch(a.broken_at) as bigint) as began_epoch,
    cast(epoch(a.observed_until_at) as bigint) as until_epoch,
    date_diff('second', a.broken_at, a.observed_until_at) as duration_seconds,
    a.episodes,
    cast(0 as bigint) as ended,
    h.level_ratio as half_level,
    n.level_ratio as nine_in_ten_level
from ages as a
left join levels as h on a.source = h.source and a.jobset = h.jobset and h.target_ratio = 0.5
left join levels as n on a.source = n.source and a.jobset = n.jobset and n.target_ratio = 0.9
union all
select
    cast(null as varchar) as wave,
    c.source,
    c.jobset,
    c.evaluation_id,
    c.system,
    c.cluster,
    c.jobs,
    cast(epoch(c.began_at) as bigint) as began_epoch,
    cast(epoch(c.observed_until_at) as bigint) as until_epoch,
    d.duration_seconds,
    d.episodes,
    d.ended,
    cast(null as double) as half_level,
    cast(null as double) as nine_in_ten_level
from core.cohorts as c
inner join (select distinct source, jobset from ages) as w on c.source = w.source and c.jobset = w.jobset
inner join core.time_to_fix_durations as d
    on c.source = d.source
    and c.jobset = d.jobset
    and c.system = d.system
    and c.evaluation_id = d.broken_evaluation_id
where d.kind = 'all' and not c.is_series_start
