-- The 95 % bootstrap interval of one time-to-fix figure of one group, resampling whole evaluations.
--
-- Episodes that begin in one evaluation mostly share one cause, so they are one cluster: a draw takes as many clusters as the
-- group has, with replacement, each with all its episodes, and walks the same estimates. The interval runs from the 25th
-- smallest to the 25th largest of 1,000 draws. The seed is a hash of source, jobset and system, so neither the order of rows
-- nor other groups change a figure, and one kind that is all there is has the intervals of `all`. A quantile that a draw does not reach counts as infinitely late; an infinite end is null.
-- In a draw whose longest observation is shorter than a horizon, the curve is carried on flat. A group with one cluster has
-- no row: one evaluation says nothing about the spread between evaluations.
--
-- grain: source, jobset, system, kind, measure, at_seconds
-- kind: table
-- python: pipelines.estimates.intervals:cluster_bootstrap
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: kind | own, dependency or all, as in core.time_to_fix_durations.
-- column: measure | first_quartile_days, median_days, third_quartile_days, restricted_mean_days (to 90 days); or the share ended, fixed, cleared, removed, marked_broken by at_seconds.
-- column: at_seconds | Duration by which the share is taken; null for measures in days.
-- column: low | Lower end of the 95 % interval, in days or as a share; null if infinite.
-- column: high | Upper end of the 95 % interval, in days or as a share; null if infinite.
select
    durations.source,
    durations.jobset,
    durations.system,
    durations.kind,
    durations.broken_evaluation_id,
    durations.duration_seconds,
    durations.episodes,
    durations.ended,
    durations.fixed,
    durations.cleared,
    durations.removed,
    durations.marked_broken,
    coalesce(walk.is_on_curve, false) as is_on_curve
from core.time_to_fix_durations as durations
left join core.time_to_fix_walk as walk
    on walk.source = durations.source
    and walk.jobset = durations.jobset
    and walk.system = durations.system
    and walk.kind = durations.kind
    and walk.duration_seconds = durations.duration_seconds
