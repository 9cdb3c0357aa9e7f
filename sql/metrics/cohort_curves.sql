-- Share of the failures that began together that still last, by days since then.
--
-- Kaplan-Meier, one curve for each cohort of core.cohorts: 100 or more failures that began in one evaluation on one system. A
-- row for every duration at which one ended, for day 0, and for the last observation. Ends come before censorings at the same
-- duration. Failures of one cohort mostly share their cause, and there is one cohort only to learn its spread from: the
-- interval (Greenwood, log-log) takes its jobs for independent and says how exactly this cohort is known, not how the next one
-- will do. How much cohorts differ is seen by holding their curves beside each other; metrics.wave_eta rests on that.
--
-- grain: source, jobset, evaluation_id, system, days
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | Evaluation in which the failures began.
-- column: system | Nix system.
-- column: wave | The burst that it belongs to, as in core.found_waves; null if fewer than 250 began on this system.
-- column: began_at | Time of the evaluation.
-- column: is_series_start | Whether the evaluation is as old as the first one seen, so that the failures may be older.
-- column: days | Days since the evaluation.
-- column: at_risk | Failures that lasted at least so long and are still observed.
-- column: ended | Failures that ended after exactly so long.
-- column: still_failing_ratio | Share that lasts longer than so many days, from 0 to 1.
-- column: still_failing_ratio_low | Lower end of its 95 % interval, jobs taken for independent; null where the share is 1 or 0.
-- column: still_failing_ratio_high | Upper end of it; null where the share is 1 or 0.
-- column: definition_version | Version of this definition.
with
    observed as (
        select
            c.source,
            c.jobset,
            c.evaluation_id,
            c.system,
            d.duration_seconds,
            d.episodes,
            d.ended
        from core.cohorts as c
        inner join core.time_to_fix_durations as d
            on c.source = d.source
            and c.jobset = d.jobset
            and c.system = d.system
            and c.evaluation_id = d.broken_evaluation_id
            and d.kind = 'all'
        union all
        select c.source, c.jobset, c.evaluation_id, c.system, 0, 0, 0
        from core.cohorts as c
        inner join core.time_to_fix_durations as d
            on c.source = d.source
            and c.jobset = d.jobset
            and c.system = d.system
            and c.evaluation_id = d.broken_evaluation_id
            and d.kind = 'all'
        group by c.source, c.jobset, c.evaluation_id, c.system
        having min(d.duration_seconds) > 0
    ),
    counted as (
        select
            source,
            jobset,
            evaluation_id,
            system,
            duration_seconds,
            ended,
            sum(episodes) over (
                partition by source, jobset, evaluation_id, system
                order by duration_seconds
                rows between current row and unbounded following
            ) as at_risk
        from observed
    ),
    steps as (
        select
            source,
            jobset,
            evaluation_id,
            system,
            duration_seconds,
            ended,
            at_risk,
            -- whole numbers, so that sums do not depend on their order
            cast(round(
                1e17 * case when ended < at_risk then ln(1 - ended / cast(at_risk as double)) else 0 end
            ) as bigint) as log_step,
            cast(round(
                1e17 * case when ended < at_risk then ended / (cast(at_risk as double) * (at_risk - ended)) else 0 end
            ) as bigint) as variance_step
        from counted
    ),
    sums as (
        select
            source,
            jobset,
            evaluation_id,
            system,
            duration_seconds,
            ended,
            at_risk,
            cast(sum(log_step) over so_far as double) / 1e17 as log_survival,
            cast(sum(variance_step) over so_far as double) / 1e17 as log_variance
        from steps
        window so_far as (
            partition by source, jobset, evaluation_id, system order by duration_seconds rows unbounded preceding
        )
    ),
    curves as (
        select
            source,
            jobset,
            evaluation_id,
            system,
            duration_seconds,
            ended,
            at_risk,
            log_survival,
            case when ended = at_risk then 0 else exp(log_survival) end as survival,
            case
                when ended < at_risk and log_survival < 0
                    then exp(1.959963984540054 * sqrt(log_variance) / -log_survival)
            end as exponent
        from sums
    )
select
    k.source,
    k.jobset,
    k.evaluation_id,
    k.system,
    w.wave,
    c.began_at,
    c.is_series_start,
    k.duration_seconds / cast(86400 as double) as days,
    cast(k.at_risk as bigint) as at_risk,
    cast(k.ended as bigint) as ended,
    round(k.survival, 12) as still_failing_ratio,
    round(exp(k.log_survival * k.exponent), 12) as still_failing_ratio_low,
    round(exp(k.log_survival / k.exponent), 12) as still_failing_ratio_high,
    1 as definition_version
from curves as k
inner join core.cohorts as c
    on k.source = c.source and k.jobset = c.jobset and k.evaluation_id = c.evaluation_id and k.system = c.system
left join core.found_waves as w
    on c.is_burst and c.source = w.source and c.jobset = w.jobset and c.evaluation_id = w.first_evaluation_id
order by k.source, k.jobset, c.ordinal, k.evaluation_id, k.system, k.duration_seconds
