-- The Kaplan-Meier and Aalen-Johansen estimates of one group at one duration.
--
-- Rows are every duration at which an episode ended, the beginning (0) and the longest observation. Episodes that end at a
-- duration come before those censored at it. survival_ratio is the product of 1 - ended / at_risk over the rows so far; the
-- incidence of an outcome is the sum of (survival before) * (ends with that outcome) / at_risk, so that survival and the four
-- incidences add up to 1. Greenwood's formula gives the variance, the log-log form its 95 % interval: null where the survival
-- is 1 or 0, since the formula says nothing there.
-- Logarithms, variances and incidences are added as whole numbers of 1e-17: such sums do not depend on the order in which
-- several threads add them, so equal episodes give equal bytes. Ratios are rounded to 12 decimals, so that a half is a half.
-- A group with more than 400 rows is thinned for charts: is_on_curve keeps the first row in each three-hundredth of
-- survival, the beginning and the end. Kept rows are exact, and between two of them the true curve lies less than 1/300 lower.
--
-- grain: source, jobset, system, kind, duration_seconds
-- kind: table
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: kind | own, dependency or all, as in core.time_to_fix_durations.
-- column: duration_seconds | Seconds since the beginning of the episodes.
-- column: at_risk | Episodes that lasted at least so long.
-- column: ended | Episodes that ended at this duration.
-- column: survival_ratio | Estimated share that lasts longer than this, from 0 to 1.
-- column: greenwood_low | Lower end of the plain 95 % interval of survival_ratio; too narrow, since episodes come in bursts.
-- column: greenwood_high | Upper end of the plain 95 % interval of survival_ratio.
-- column: fixed_ratio | Estimated share that was fixed by this duration.
-- column: cleared_ratio | Estimated share that had left the list of failures by this duration, nobody knows how.
-- column: removed_ratio | Estimated share that had left the jobset by this duration.
-- column: marked_broken_ratio | Estimated share that had ended with a broken marker inside by this duration.
-- column: is_on_curve | Whether metrics.time_to_fix_curve shows this row.
with
    observed as (
        select
            source, jobset, system, kind, duration_seconds,
            sum(episodes) as episodes,
            sum(ended) as ended,
            sum(fixed) as fixed,
            sum(cleared) as cleared,
            sum(removed) as removed,
            sum(marked_broken) as marked_broken
        from core.time_to_fix_durations
        group by source, jobset, system, kind, duration_seconds
        union all
        select source, jobset, system, kind, 0, 0, 0, 0, 0, 0, 0
        from core.time_to_fix_durations
        group by source, jobset, system, kind
        having min(duration_seconds) > 0
    ),
    counted as (
        select
            source, jobset, system, kind, duration_seconds, ended, fixed, cleared, removed, marked_broken,
            sum(episodes) over (
                partition by source, jobset, system, kind
                order by duration_seconds
                rows between current row and unbounded following
            ) as at_risk,
            max(duration_seconds) over (partition by source, jobset, system, kind) as longest_seconds
        from observed
    ),
    steps as (
        select
            source, jobset, system, kind, duration_seconds, at_risk, ended, fixed, cleared, removed, marked_broken, longest_seconds,
            cast(round(1e17 * case when ended < at_risk then ln(1 - ended / cast(at_risk as double)) else 0 end) as bigint)
                as log_step,
            cast(
                round(
                    1e17 * case
                        when ended < at_risk then ended / (cast(at_risk as double) * (at_risk - ended))
                        else 0
                    end
                ) as bigint
            ) as variance_step
        from counted
        where ended > 0 or duration_seconds = 0 or duration_seconds = longest_seconds
    ),
    sums as (
        select
            source, jobset, system, kind, duration_seconds, at_risk, ended, fixed, cleared, removed, marked_broken, longest_seconds,
            cast(sum(log_step) over so_far as double) / 1e17 as log_survival,
            cast(sum(log_step) over so_far - log_step as double) / 1e17 as log_survival_before,
            cast(sum(variance_step) over so_far as double) / 1e17 as log_variance,
            count(*) over (partition by source, jobset, system, kind) as rows_of_group
        from steps
        window so_far as (
            partition by source, jobset, system, kind order by duration_seconds rows unbounded preceding
        )
    ),
    survivals as (
        select
            source, jobset, system, kind, duration_seconds, at_risk, ended, fixed, cleared, removed, marked_broken, longest_seconds,
            log_survival, log_variance, rows_of_group,
            case when ended = at_risk then 0 else exp(log_survival) end as survival,
            1e17 * exp(log_survival_before) / at_risk as incidence_step,
            cast(floor(300 * (1 - round(case when ended = at_risk then 0 else exp(log_survival) end, 12))) as bigint) as cell
        from sums
    ),
    incidences as (
        select
            source, jobset, system, kind, duration_seconds, at_risk, ended, longest_seconds, rows_of_group, survival,
            log_survival,
            -- exponents of the log-log interval; survival ^ exponent is an end of the interval
            case when survival > 0 and survival < 1 then exp(1.959963984540054 * sqrt(log_variance) / -log_survival) end
                as exponent,
            cast(sum(cast(round(incidence_step * fixed) as bigint)) over so_far as double) / 1e17 as fixed_share,
            cast(sum(cast(round(incidence_step * cleared) as bigint)) over so_far as double) / 1e17 as cleared_share,
            cast(sum(cast(round(incidence_step * removed) as bigint)) over so_far as double) / 1e17 as removed_share,
            cast(sum(cast(round(incidence_step * marked_broken) as bigint)) over so_far as double) / 1e17
                as marked_broken_share,
            cell,
            lag(cell) over (partition by source, jobset, system, kind order by duration_seconds) as cell_before
        from survivals
        window so_far as (
            partition by source, jobset, system, kind order by duration_seconds rows unbounded preceding
        )
    )
select
    source,
    jobset,
    system,
    kind,
    duration_seconds,
    cast(at_risk as bigint) as at_risk,
    cast(ended as bigint) as ended,
    round(survival, 12) as survival_ratio,
    round(exp(log_survival * exponent), 12) as greenwood_low,
    round(exp(log_survival / exponent), 12) as greenwood_high,
    round(fixed_share, 12) as fixed_ratio,
    round(cleared_share, 12) as cleared_ratio,
    round(removed_share, 12) as removed_ratio,
    round(marked_broken_share, 12) as marked_broken_ratio,
    rows_of_group <= 400
        or duration_seconds = 0
        or duration_seconds = longest_seconds
        or cell <> cell_before as is_on_curve
from incidences
order by source, jobset, system, kind, duration_seconds
