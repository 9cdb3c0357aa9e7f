-- How long jobs of one jobset and system stay in failure: estimates with their uncertainty, per kind of episode.
--
-- An episode lasts from the first red evaluation to the evaluation in which its end was seen; one that is still open is
-- censored at the newest complete evaluation, not dropped. Median, quartiles and the shares ended by 1, 7, 30 and 90 days are
-- Kaplan-Meier estimates; the shares by outcome are Aalen-Johansen estimates, which add up to the share that ended. A quantile
-- is the first duration at which survival is at most three quarters, a half or a quarter.
-- Episodes come in bursts: one evaluation starts up to thousands at once. The intervals that end in _low and _high resample
-- whole evaluations (core.time_to_fix_bootstrap). The plain ones (greenwood) take episodes as independent and stand beside
-- them to show how much too narrow they are. Outcomes are those of core.failure_episodes: where a source lists failures only,
-- `fixed` is a lower bound and most ends are `cleared`; where no source of broken markers covers the time, `marked_broken`
-- is unknown and its episodes count under another outcome.
-- Beyond the longest observation nothing is claimed: such shares and the restricted mean are null, unless all have ended.
-- A group whose episodes are all left-censored has n = 0 and no estimates.
--
-- grain: source, jobset, system, kind
-- kind: table
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: kind | own (a failure of its own build was seen in the episode), dependency (none was), or all (both); own and dependency are disjoint.
-- column: n | Episodes whose beginning was seen: what every estimate rests on.
-- column: open | Episodes of n that had not ended when last observed (right-censored); they count for as long as they were seen.
-- column: left_censored | Episodes that were failing in the first complete evaluation already; left out of n and of every estimate.
-- column: provisional | Episodes of n that touch an evaluation whose completeness is not final yet.
-- column: clusters | Evaluations in which an episode of n began: what the bootstrap resamples.
-- column: resolution_days | Median days between consecutive complete evaluations of this jobset and system; an end is seen at the next one only, so no duration is known better.
-- column: first_quartile_days | Days after which a quarter of the episodes have ended (Kaplan-Meier); null if not reached.
-- column: first_quartile_days_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: first_quartile_days_high | Upper end of its 95 % cluster-bootstrap interval; null if not reached.
-- column: median_days | Days after which half of the episodes have ended (Kaplan-Meier); null if not reached.
-- column: median_days_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: median_days_high | Upper end of its 95 % cluster-bootstrap interval; null if not reached.
-- column: median_days_greenwood_low | Lower end of its plain 95 % interval, where the plain interval of survival crosses one half.
-- column: median_days_greenwood_high | Upper end of its plain 95 % interval; null if not reached.
-- column: third_quartile_days | Days after which three quarters of the episodes have ended (Kaplan-Meier); null if not reached.
-- column: third_quartile_days_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: third_quartile_days_high | Upper end of its 95 % cluster-bootstrap interval; null if not reached.
-- column: ended_by_1d_ratio | Share that ended within 1 day (Kaplan-Meier), from 0 to 1; null if nothing was observed for so long.
-- column: ended_by_1d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: ended_by_1d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: ended_by_1d_ratio_greenwood_low | Lower end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_1d_ratio_greenwood_high | Upper end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_7d_ratio | Share that ended within 7 days (Kaplan-Meier), from 0 to 1; null if nothing was observed for so long.
-- column: ended_by_7d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: ended_by_7d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: ended_by_7d_ratio_greenwood_low | Lower end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_7d_ratio_greenwood_high | Upper end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_30d_ratio | Share that ended within 30 days (Kaplan-Meier), from 0 to 1; null if nothing was observed for so long.
-- column: ended_by_30d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: ended_by_30d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: ended_by_30d_ratio_greenwood_low | Lower end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_30d_ratio_greenwood_high | Upper end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_90d_ratio | Share that ended within 90 days (Kaplan-Meier), from 0 to 1; null if nothing was observed for so long.
-- column: ended_by_90d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: ended_by_90d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: ended_by_90d_ratio_greenwood_low | Lower end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: ended_by_90d_ratio_greenwood_high | Upper end of its plain 95 % interval (Greenwood, log-log); null where the share is 0 or 1.
-- column: restricted_mean_days | Mean days in failure within the first 90 days: the area below the survival curve up to 90 days; null if nothing was observed for so long.
-- column: restricted_mean_days_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: restricted_mean_days_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: fixed_by_30d_ratio | Share that was fixed (a success was seen) within 30 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: fixed_by_30d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: fixed_by_30d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: fixed_by_90d_ratio | Share that was fixed (a success was seen) within 90 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: fixed_by_90d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: fixed_by_90d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: cleared_by_30d_ratio | Share that left the list of failures, nobody knows how, within 30 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: cleared_by_30d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: cleared_by_30d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: cleared_by_90d_ratio | Share that left the list of failures, nobody knows how, within 90 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: cleared_by_90d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: cleared_by_90d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: removed_by_30d_ratio | Share that left the jobset within 30 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: removed_by_30d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: removed_by_30d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: removed_by_90d_ratio | Share that left the jobset within 90 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: removed_by_90d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: removed_by_90d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: marked_broken_by_30d_ratio | Share that ended with a broken marker inside within 30 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: marked_broken_by_30d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: marked_broken_by_30d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: marked_broken_by_90d_ratio | Share that ended with a broken marker inside within 90 days (Aalen-Johansen), from 0 to 1; null if nothing was observed for so long.
-- column: marked_broken_by_90d_ratio_low | Lower end of its 95 % cluster-bootstrap interval.
-- column: marked_broken_by_90d_ratio_high | Upper end of its 95 % cluster-bootstrap interval.
-- column: closed_mean_days | Warning: mean duration of the episodes that ended. It leaves out the ones that last, so it is biased; never cite it as time to fix.
-- column: closed_median_days | Warning: median duration of the episodes that ended, biased in the same way.
-- column: definition_version | Version of this definition.
with
    kinds as (
        select
            source, jobset, system, case when has_own_failure then 'own' else 'dependency' end as kind, is_left_censored,
            is_provisional, broken_evaluation_id, date_diff('second', broken_at, cleared_at) as closed_seconds
        from core.failure_episodes
        union all
        select
            source, jobset, system, 'all' as kind, is_left_censored,
            is_provisional, broken_evaluation_id, date_diff('second', broken_at, cleared_at) as closed_seconds
        from core.failure_episodes
    ),
    counted as (
        select
            source,
            jobset,
            system,
            kind,
            count(*) filter (where not is_left_censored) as n,
            count(*) filter (where is_left_censored) as left_censored,
            count(*) filter (where is_provisional and not is_left_censored) as provisional,
            count(distinct case when not is_left_censored then broken_evaluation_id end) as clusters,
            count(closed_seconds) filter (where not is_left_censored) as ended,
            sum(closed_seconds) filter (where not is_left_censored) as closed_seconds,
            median(closed_seconds) filter (where not is_left_censored) as closed_median_seconds
        from kinds
        group by source, jobset, system, kind
    ),
    gaps as (
        select
            source,
            jobset,
            system,
            date_diff(
                'second',
                lag(evaluation_at) over (partition by source, jobset, system order by ordinal, evaluation_id),
                evaluation_at
            ) as gap_seconds
        from core.evaluation_systems
        where is_complete
    ),
    resolutions as (
        select source, jobset, system, median(gap_seconds) / 86400 as resolution_days
        from gaps
        group by source, jobset, system
    ),
    stretches as (
        select
            source,
            jobset,
            system,
            kind,
            duration_seconds,
            survival_ratio,
            greenwood_low,
            greenwood_high,
            lead(duration_seconds) over (
                partition by source, jobset, system, kind order by duration_seconds
            ) as next_seconds
        from core.time_to_fix_walk
    ),
    points as (
        select
            source,
            jobset,
            system,
            kind,
            min(case when survival_ratio <= 0.75 then duration_seconds end) as first_quartile_seconds,
            min(case when survival_ratio <= 0.5 then duration_seconds end) as median_seconds,
            min(case when survival_ratio <= 0.25 then duration_seconds end) as third_quartile_seconds,
            min(case when greenwood_low <= 0.5 or survival_ratio = 0 then duration_seconds end)
                as median_greenwood_low_seconds,
            min(case when greenwood_high <= 0.5 then duration_seconds end) as median_greenwood_high_seconds,
            -- whole numbers of 1e-10 seconds, so that the sum does not depend on the order of additions
            cast(
                sum(
                    case
                        when duration_seconds < 7776000
                        then cast(
                            round(1e10 * survival_ratio * (least(coalesce(next_seconds, 7776000), 7776000) - duration_seconds))
                            as bigint
                        )
                        else 0
                    end
                ) as double
            ) / 1e10 as restricted_mean_seconds
        from stretches
        group by source, jobset, system, kind
    ),
    horizons as (
        select 1 as days
        union all
        select 7 as days
        union all
        select 30 as days
        union all
        select 90 as days
    ),
    -- the newest row of the walk at each horizon, and whether anybody was observed for so long
    at_horizons as (
        select
            walk.source, walk.jobset, walk.system, walk.kind, horizons.days, walk.survival_ratio, walk.greenwood_low,
            walk.greenwood_high, walk.fixed_ratio, walk.cleared_ratio, walk.removed_ratio, walk.marked_broken_ratio,
            max(walk.duration_seconds) over (
                partition by walk.source, walk.jobset, walk.system, walk.kind
            ) as longest_seconds,
            row_number() over (
                partition by walk.source, walk.jobset, walk.system, walk.kind, horizons.days
                order by case when walk.duration_seconds <= horizons.days * 86400 then 0 else 1 end, walk.duration_seconds desc
            ) as position
        from core.time_to_fix_walk as walk
        cross join horizons
    ),
    shares as (
        select
            source,
            jobset,
            system,
            kind,
            max(case when days = 1 then survival_ratio end) as survival_1d,
            max(case when days = 1 then greenwood_low end) as greenwood_low_1d,
            max(case when days = 1 then greenwood_high end) as greenwood_high_1d,
            max(case when days = 7 then survival_ratio end) as survival_7d,
            max(case when days = 7 then greenwood_low end) as greenwood_low_7d,
            max(case when days = 7 then greenwood_high end) as greenwood_high_7d,
            max(case when days = 30 then survival_ratio end) as survival_30d,
            max(case when days = 30 then greenwood_low end) as greenwood_low_30d,
            max(case when days = 30 then greenwood_high end) as greenwood_high_30d,
            max(case when days = 90 then survival_ratio end) as survival_90d,
            max(case when days = 90 then greenwood_low end) as greenwood_low_90d,
            max(case when days = 90 then greenwood_high end) as greenwood_high_90d,
            max(case when days = 30 then fixed_ratio end) as fixed_30d,
            max(case when days = 90 then fixed_ratio end) as fixed_90d,
            max(case when days = 30 then cleared_ratio end) as cleared_30d,
            max(case when days = 90 then cleared_ratio end) as cleared_90d,
            max(case when days = 30 then removed_ratio end) as removed_30d,
            max(case when days = 90 then removed_ratio end) as removed_90d,
            max(case when days = 30 then marked_broken_ratio end) as marked_broken_30d,
            max(case when days = 90 then marked_broken_ratio end) as marked_broken_90d
        from at_horizons
        where position = 1 and (longest_seconds >= days * 86400 or survival_ratio = 0)
        group by source, jobset, system, kind
    ),
    bands as (
        select
            source,
            jobset,
            system,
            kind,
            max(case when measure = 'first_quartile_days' then low end) as first_quartile_days_low,
            max(case when measure = 'first_quartile_days' then high end) as first_quartile_days_high,
            max(case when measure = 'median_days' then low end) as median_days_low,
            max(case when measure = 'median_days' then high end) as median_days_high,
            max(case when measure = 'third_quartile_days' then low end) as third_quartile_days_low,
            max(case when measure = 'third_quartile_days' then high end) as third_quartile_days_high,
            max(case when measure = 'restricted_mean_days' then low end) as restricted_mean_days_low,
            max(case when measure = 'restricted_mean_days' then high end) as restricted_mean_days_high,
            max(case when measure = 'ended' and at_seconds = 1 * 86400 then low end) as ended_1d_low,
            max(case when measure = 'ended' and at_seconds = 1 * 86400 then high end) as ended_1d_high,
            max(case when measure = 'ended' and at_seconds = 7 * 86400 then low end) as ended_7d_low,
            max(case when measure = 'ended' and at_seconds = 7 * 86400 then high end) as ended_7d_high,
            max(case when measure = 'ended' and at_seconds = 30 * 86400 then low end) as ended_30d_low,
            max(case when measure = 'ended' and at_seconds = 30 * 86400 then high end) as ended_30d_high,
            max(case when measure = 'ended' and at_seconds = 90 * 86400 then low end) as ended_90d_low,
            max(case when measure = 'ended' and at_seconds = 90 * 86400 then high end) as ended_90d_high,
            max(case when measure = 'fixed' and at_seconds = 30 * 86400 then low end) as fixed_30d_low,
            max(case when measure = 'fixed' and at_seconds = 30 * 86400 then high end) as fixed_30d_high,
            max(case when measure = 'fixed' and at_seconds = 90 * 86400 then low end) as fixed_90d_low,
            max(case when measure = 'fixed' and at_seconds = 90 * 86400 then high end) as fixed_90d_high,
            max(case when measure = 'cleared' and at_seconds = 30 * 86400 then low end) as cleared_30d_low,
            max(case when measure = 'cleared' and at_seconds = 30 * 86400 then high end) as cleared_30d_high,
            max(case when measure = 'cleared' and at_seconds = 90 * 86400 then low end) as cleared_90d_low,
            max(case when measure = 'cleared' and at_seconds = 90 * 86400 then high end) as cleared_90d_high,
            max(case when measure = 'removed' and at_seconds = 30 * 86400 then low end) as removed_30d_low,
            max(case when measure = 'removed' and at_seconds = 30 * 86400 then high end) as removed_30d_high,
            max(case when measure = 'removed' and at_seconds = 90 * 86400 then low end) as removed_90d_low,
            max(case when measure = 'removed' and at_seconds = 90 * 86400 then high end) as removed_90d_high,
            max(case when measure = 'marked_broken' and at_seconds = 30 * 86400 then low end) as marked_broken_30d_low,
            max(case when measure = 'marked_broken' and at_seconds = 30 * 86400 then high end) as marked_broken_30d_high,
            max(case when measure = 'marked_broken' and at_seconds = 90 * 86400 then low end) as marked_broken_90d_low,
            max(case when measure = 'marked_broken' and at_seconds = 90 * 86400 then high end) as marked_broken_90d_high
        from core.time_to_fix_bootstrap
        group by source, jobset, system, kind
    )
select
    counted.source,
    counted.jobset,
    counted.system,
    counted.kind,
    counted.n,
    counted.n - counted.ended as open,
    counted.left_censored,
    counted.provisional,
    counted.clusters,
    resolutions.resolution_days,
    points.first_quartile_seconds / cast(86400 as double) as first_quartile_days,
    bands.first_quartile_days_low,
    bands.first_quartile_days_high,
    points.median_seconds / cast(86400 as double) as median_days,
    bands.median_days_low,
    bands.median_days_high,
    points.median_greenwood_low_seconds / cast(86400 as double) as median_days_greenwood_low,
    points.median_greenwood_high_seconds / cast(86400 as double) as median_days_greenwood_high,
    points.third_quartile_seconds / cast(86400 as double) as third_quartile_days,
    bands.third_quartile_days_low,
    bands.third_quartile_days_high,
    round(1 - shares.survival_1d, 10) as ended_by_1d_ratio,
    case when shares.survival_1d is not null then bands.ended_1d_low end as ended_by_1d_ratio_low,
    case when shares.survival_1d is not null then bands.ended_1d_high end as ended_by_1d_ratio_high,
    round(1 - shares.greenwood_high_1d, 10) as ended_by_1d_ratio_greenwood_low,
    round(1 - shares.greenwood_low_1d, 10) as ended_by_1d_ratio_greenwood_high,
    round(1 - shares.survival_7d, 10) as ended_by_7d_ratio,
    case when shares.survival_7d is not null then bands.ended_7d_low end as ended_by_7d_ratio_low,
    case when shares.survival_7d is not null then bands.ended_7d_high end as ended_by_7d_ratio_high,
    round(1 - shares.greenwood_high_7d, 10) as ended_by_7d_ratio_greenwood_low,
    round(1 - shares.greenwood_low_7d, 10) as ended_by_7d_ratio_greenwood_high,
    round(1 - shares.survival_30d, 10) as ended_by_30d_ratio,
    case when shares.survival_30d is not null then bands.ended_30d_low end as ended_by_30d_ratio_low,
    case when shares.survival_30d is not null then bands.ended_30d_high end as ended_by_30d_ratio_high,
    round(1 - shares.greenwood_high_30d, 10) as ended_by_30d_ratio_greenwood_low,
    round(1 - shares.greenwood_low_30d, 10) as ended_by_30d_ratio_greenwood_high,
    round(1 - shares.survival_90d, 10) as ended_by_90d_ratio,
    case when shares.survival_90d is not null then bands.ended_90d_low end as ended_by_90d_ratio_low,
    case when shares.survival_90d is not null then bands.ended_90d_high end as ended_by_90d_ratio_high,
    round(1 - shares.greenwood_high_90d, 10) as ended_by_90d_ratio_greenwood_low,
    round(1 - shares.greenwood_low_90d, 10) as ended_by_90d_ratio_greenwood_high,
    case when shares.survival_90d is not null then round(points.restricted_mean_seconds / 86400, 10) end as restricted_mean_days,
    case when shares.survival_90d is not null then bands.restricted_mean_days_low end as restricted_mean_days_low,
    case when shares.survival_90d is not null then bands.restricted_mean_days_high end as restricted_mean_days_high,
    round(shares.fixed_30d, 10) as fixed_by_30d_ratio,
    case when shares.survival_30d is not null then bands.fixed_30d_low end as fixed_by_30d_ratio_low,
    case when shares.survival_30d is not null then bands.fixed_30d_high end as fixed_by_30d_ratio_high,
    round(shares.fixed_90d, 10) as fixed_by_90d_ratio,
    case when shares.survival_90d is not null then bands.fixed_90d_low end as fixed_by_90d_ratio_low,
    case when shares.survival_90d is not null then bands.fixed_90d_high end as fixed_by_90d_ratio_high,
    round(shares.cleared_30d, 10) as cleared_by_30d_ratio,
    case when shares.survival_30d is not null then bands.cleared_30d_low end as cleared_by_30d_ratio_low,
    case when shares.survival_30d is not null then bands.cleared_30d_high end as cleared_by_30d_ratio_high,
    round(shares.cleared_90d, 10) as cleared_by_90d_ratio,
    case when shares.survival_90d is not null then bands.cleared_90d_low end as cleared_by_90d_ratio_low,
    case when shares.survival_90d is not null then bands.cleared_90d_high end as cleared_by_90d_ratio_high,
    round(shares.removed_30d, 10) as removed_by_30d_ratio,
    case when shares.survival_30d is not null then bands.removed_30d_low end as removed_by_30d_ratio_low,
    case when shares.survival_30d is not null then bands.removed_30d_high end as removed_by_30d_ratio_high,
    round(shares.removed_90d, 10) as removed_by_90d_ratio,
    case when shares.survival_90d is not null then bands.removed_90d_low end as removed_by_90d_ratio_low,
    case when shares.survival_90d is not null then bands.removed_90d_high end as removed_by_90d_ratio_high,
    round(shares.marked_broken_30d, 10) as marked_broken_by_30d_ratio,
    case when shares.survival_30d is not null then bands.marked_broken_30d_low end as marked_broken_by_30d_ratio_low,
    case when shares.survival_30d is not null then bands.marked_broken_30d_high end as marked_broken_by_30d_ratio_high,
    round(shares.marked_broken_90d, 10) as marked_broken_by_90d_ratio,
    case when shares.survival_90d is not null then bands.marked_broken_90d_low end as marked_broken_by_90d_ratio_low,
    case when shares.survival_90d is not null then bands.marked_broken_90d_high end as marked_broken_by_90d_ratio_high,
    round(counted.closed_seconds / cast(nullif(counted.ended, 0) as double) / 86400, 10) as closed_mean_days,
    counted.closed_median_seconds / 86400 as closed_median_days,
    1 as definition_version
from counted
left join points
    on points.source = counted.source and points.jobset = counted.jobset and points.system = counted.system and points.kind = counted.kind
left join shares
    on shares.source = counted.source and shares.jobset = counted.jobset and shares.system = counted.system and shares.kind = counted.kind
left join bands
    on bands.source = counted.source and bands.jobset = counted.jobset and bands.system = counted.system and bands.kind = counted.kind
left join resolutions
    on resolutions.source = counted.source and resolutions.jobset = counted.jobset and resolutions.system = counted.system
order by counted.source, counted.jobset, counted.system, counted.kind
