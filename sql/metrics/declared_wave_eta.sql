-- When half, and when nine in ten, of the failures of a declared wave that last now will be off the list: an 80 % interval.
--
-- One row for each declared wave, jobset and system on which packages of the wave fail, and each target. The interval rests on
-- how failures of earlier cohorts of the same jobset went on from the same ages (core.declared_eta). It speaks of the failures
-- that are there now: what is not built yet may fail as well, so that it is no date for the whole wave. How often intervals
-- for cohorts held, at the age that is nearest to the middle one and not older, stands beside it (metrics.eta_backtest); for
-- failures of mixed ages that is a guide only. Where those were too narrow, none is given.
--
-- grain: wave, source, jobset, system, target_ratio
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: target_ratio | Share of the failures of now that has left, from 0 to 1.
-- column: as_of_at | Last complete evaluation of the jobset and system: what the prediction starts from.
-- column: left_jobs | Failures of the wave that last now and whose beginning was seen.
-- column: earlier_clusters | Earlier clusters that say something of all their ages: what the interval rests on.
-- column: nominal_ratio | Probability of the interval by its ranks; null without one.
-- column: low_days | Lower end of the interval, in days from as_of_at; 0 where earlier cohorts give none; null without an interval.
-- column: middle_days | Days from as_of_at by which half of the earlier clusters had got there; null if fewer had.
-- column: high_days | Upper end of the interval; null without one.
-- column: low_at | Lower end as an instant.
-- column: high_at | Upper end as an instant.
-- column: reason | Why there is no interval; null if there is one.
-- column: tested_age_days | Age of the test beside it; null where nothing was tested.
-- column: tested_clusters | Clusters on which intervals at that age were tested; null likewise.
-- column: coverage_ratio | Share of them that held; null likewise.
-- column: verdict | What the test says: `holds`, `too few` or `too narrow`; null likewise.
-- column: definition_version | Version of this definition.
with
    tested as (
        select
            p.wave,
            p.source,
            p.jobset,
            p.system,
            p.target_ratio,
            make_timestamptz(p.as_of_epoch * 1000000) as as_of_at,
            p.left_jobs,
            p.earlier_clusters,
            p.nominal_ratio,
            p.low_seconds,
            p.middle_seconds,
            p.high_seconds,
            b.age_days as tested_age_days,
            b.tested_clusters,
            b.coverage_ratio,
            b.verdict,
            case
                when p.nominal_ratio is null then 'fewer than 4 earlier clusters say anything of these ages'
                when p.high_seconds is null then 'too few earlier clusters have got there'
                when b.verdict = 'too narrow' then 'such intervals were too narrow in the past'
            end as reason
        from core.declared_eta as p
        left join metrics.eta_backtest as b
            on p.source = b.source
            and p.jobset = b.jobset
            and p.target_ratio = b.target_ratio
            and b.age_days * 86400 <= p.middle_age_seconds
        qualify row_number() over (
            partition by p.wave, p.source, p.jobset, p.system, p.target_ratio order by b.age_days desc nulls last
        ) = 1
    )
select
    wave,
    source,
    jobset,
    system,
    target_ratio,
    as_of_at,
    left_jobs,
    earlier_clusters,
    case when reason is null then nominal_ratio end as nominal_ratio,
    case when reason is null then low_seconds / cast(86400 as double) end as low_days,
    middle_seconds / cast(86400 as double) as middle_days,
    case when reason is null then high_seconds / cast(86400 as double) end as high_days,
    case when reason is null then as_of_at + low_seconds * interval 1 second end as low_at,
    case when reason is null then as_of_at + high_seconds * interval 1 second end as high_at,
    reason,
    tested_age_days,
    tested_clusters,
    coverage_ratio,
    verdict,
    1 as definition_version
from tested
order by wave, source, jobset, system, target_ratio
