-- How often the 80 % intervals of past predictions held, per jobset, target and age.
--
-- Every cohort of 100 or more failures, predicted at an age from earlier cohorts alone (core.eta_predictions). Cohorts of one
-- cluster share their cause, so a cluster counts once, with the share of its predictions that held; the 95 % interval of the
-- coverage is Wilson's (1927) over clusters. Predictions without an upper end are no ETA and are left out, and so are those of
-- which cannot yet be told whether they held: both are counted. The verdict asks for 10 clusters at least.
--
-- grain: source, jobset, target_ratio, age_days
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: target_ratio | Share of the cohort that has left the list, from 0 to 1.
-- column: age_days | Days since the beginning of the cohort at which it was predicted.
-- column: cohorts | Cohorts that had not got there at that age and had 10 or more jobs left.
-- column: clusters | Clusters that they are of.
-- column: without_interval | Of the cohorts, those with too few earlier clusters for an interval or its upper end.
-- column: undecided | Of the cohorts with an upper end, those of which cannot be told yet whether it held.
-- column: inside | Of the others, those that got there within the interval.
-- column: before | Those that got there sooner.
-- column: after | Those that got there later.
-- column: tested_clusters | Clusters with a prediction of which it is known whether it held: what the coverage rests on.
-- column: nominal_ratio | What ranks promise, mean over tested clusters: 0.8 or a little more.
-- column: coverage_ratio | Share that held, mean over tested clusters; null without any.
-- column: coverage_ratio_low | Lower end of its 95 % interval.
-- column: coverage_ratio_high | Upper end of its 95 % interval.
-- column: verdict | `too few` (fewer than 10 tested clusters), `too narrow` (the coverage is below 0.8 with 95 % certainty) or `holds`.
-- column: definition_version | Version of this definition.
with
    tested as (
        select
            source,
            jobset,
            target_ratio,
            age_seconds,
            cluster,
            count(*) as cohorts,
            count(*) filter (where outcome is null) as without_interval,
            count(*) filter (where outcome = 'unknown') as undecided,
            count(*) filter (where outcome = 'inside') as inside,
            count(*) filter (where outcome = 'before') as before,
            count(*) filter (where outcome = 'after') as after,
            count(*) filter (where outcome in ('inside', 'before', 'after')) as decided,
            avg(nominal_ratio) filter (where outcome in ('inside', 'before', 'after')) as nominal_ratio
        from core.eta_predictions
        where not is_now
        group by source, jobset, target_ratio, age_seconds, cluster
    ),
    counted as (
        select
            source,
            jobset,
            target_ratio,
            age_seconds,
            sum(cohorts) as cohorts,
            count(*) as clusters,
            sum(without_interval) as without_interval,
            sum(undecided) as undecided,
            sum(inside) as inside,
            sum(before) as before,
            sum(after) as after,
            count(*) filter (where decided > 0) as tested_clusters,
            -- whole numbers, so that sums do not depend on their order
            sum(cast(round(1e12 * nominal_ratio) as bigint)) as nominal_sum,
            sum(cast(round(1e12 * inside / nullif(cast(decided as double), 0)) as bigint)) as inside_sum
        from tested
        group by source, jobset, target_ratio, age_seconds
    ),
    shares as (
        select
            source,
            jobset,
            target_ratio,
            age_seconds,
            cohorts,
            clusters,
            without_interval,
            undecided,
            inside,
            before,
            after,
            tested_clusters,
            nominal_sum / 1e12 / nullif(tested_clusters, 0) as nominal_ratio,
            inside_sum / 1e12 / nullif(tested_clusters, 0) as share,
            -- z is the 97.5th percentile of the normal distribution, 1.96
            1.959963984540054 * 1.959963984540054 / nullif(tested_clusters, 0) as z2_by_n
        from counted
    ),
    intervals as (
        select
            source,
            jobset,
            target_ratio,
            age_seconds,
            cohorts,
            clusters,
            without_interval,
            undecided,
            inside,
            before,
            after,
            tested_clusters,
            nominal_ratio,
            share,
            (share + z2_by_n / 2) / (1 + z2_by_n) as centre,
            sqrt(share * (1 - share) * z2_by_n + z2_by_n * z2_by_n / 4) / (1 + z2_by_n) as half
        from shares
    )
select
    source,
    jobset,
    target_ratio,
    cast(age_seconds / 86400 as integer) as age_days,
    cast(cohorts as bigint) as cohorts,
    cast(clusters as bigint) as clusters,
    cast(without_interval as bigint) as without_interval,
    cast(undecided as bigint) as undecided,
    cast(inside as bigint) as inside,
    cast(before as bigint) as before,
    cast(after as bigint) as after,
    cast(tested_clusters as bigint) as tested_clusters,
    round(nominal_ratio, 10) as nominal_ratio,
    round(share, 10) as coverage_ratio,
    case when tested_clusters > 0 then round(greatest(centre - half, 0), 10) end as coverage_ratio_low,
    case when tested_clusters > 0 then round(least(centre + half, 1), 10) end as coverage_ratio_high,
    case
        when tested_clusters < 10 then 'too few'
        when centre + half < 0.8 then 'too narrow'
        else 'holds'
    end as verdict,
    1 as definition_version
from intervals
order by source, jobset, target_ratio, age_days
