-- Estimated share of failure episodes that last longer than a number of days, and how the others ended.
--
-- The rows of core.time_to_fix_walk that a chart needs: each group begins at day 0 and ends at its longest observation. Up to
-- 400 rows a group are all shown; of more, the first in each three-hundredth of survival. Shown rows are exact, and between
-- two of them the true curve lies less than 1/300 below the earlier one, so draw steps, not slopes. Left-censored
-- episodes are left out. The plain interval (greenwood) treats episodes as independent, the other resamples whole evaluations.
--
-- grain: source, jobset, system, kind, days
-- kind: table
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: kind | own (a failure of its own build was seen in the episode), dependency (none was), or all (both).
-- column: days | Days since the beginning of the episodes.
-- column: at_risk | Episodes that lasted at least so long and are still observed.
-- column: ended | Episodes that ended at exactly this duration; rows that are not shown have ends too.
-- column: survival_ratio | Share that lasts longer than this many days, from 0 to 1.
-- column: survival_ratio_low | Lower end of its 95 % cluster-bootstrap interval; null with fewer than two clusters.
-- column: survival_ratio_high | Upper end of its 95 % cluster-bootstrap interval; null with fewer than two clusters.
-- column: survival_ratio_greenwood_low | Lower end of its plain 95 % interval (Greenwood, log-log); null where survival is 1 or 0.
-- column: survival_ratio_greenwood_high | Upper end of its plain 95 % interval (Greenwood, log-log); null where survival is 1 or 0.
-- column: fixed_ratio | Share that was fixed (a success was seen) by this many days.
-- column: cleared_ratio | Share that left the list of failures, nobody knows how, by this many days.
-- column: removed_ratio | Share that left the jobset by this many days.
-- column: marked_broken_ratio | Share that ended with a broken marker inside by this many days.
-- column: definition_version | Version of this definition.
select
    walk.source,
    walk.jobset,
    walk.system,
    walk.kind,
    walk.duration_seconds / cast(86400 as double) as days,
    walk.at_risk,
    walk.ended,
    walk.survival_ratio,
    round(1 - band.high, 10) as survival_ratio_low,
    round(1 - band.low, 10) as survival_ratio_high,
    walk.greenwood_low as survival_ratio_greenwood_low,
    walk.greenwood_high as survival_ratio_greenwood_high,
    walk.fixed_ratio,
    walk.cleared_ratio,
    walk.removed_ratio,
    walk.marked_broken_ratio,
    1 as definition_version
from core.time_to_fix_walk as walk
left join core.time_to_fix_bootstrap as band
    on band.source = walk.source
    and band.jobset = walk.jobset
    and band.system = walk.system
    and band.kind = walk.kind
    and band.measure = 'ended'
    and band.at_seconds = walk.duration_seconds
where walk.is_on_curve
order by walk.source, walk.jobset, walk.system, walk.kind, walk.duration_seconds
