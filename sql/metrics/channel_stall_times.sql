-- How often and how long a channel stood still because something was blocked.
--
-- About the stalls of core.channel_stalls, from the channel's first judged evaluation to its newest. The median, the
-- quartile and the longest are over stalls that ended and whose beginning was seen; those that last or were there from
-- the start would be lower bounds and are counted beside. The share of time is over all of them, to the newest judged
-- evaluation.
--
-- grain: source, channel
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: first_at | First judged evaluation.
-- column: last_at | Newest judged evaluation.
-- column: judged_days | Days between the two.
-- column: evaluations | Judged evaluations.
-- column: green_evaluations | Of them, green.
-- column: blocked_evaluations | Of them, blocked.
-- column: unknown_evaluations | Of them, neither is known.
-- column: stalls | Stalls.
-- column: ended_stalls | Of them, those that ended and whose beginning was seen: the next three columns are about these.
-- column: median_stall_days | Median days of a stall; null without any.
-- column: p90_stall_days | 90th percentile of days; null without any.
-- column: longest_stall_days | Longest, in days; null without any.
-- column: stalled_days | Days in all stalls together, those that last included.
-- column: stalled_ratio | stalled_days / judged_days, from 0 to 1; null where only one evaluation was judged.
-- column: open_since_at | Since when the stall lasts that has not ended; null if none.
-- column: definition_version | Version of this definition.
with verdicts as (
    select
        source,
        channel,
        min(evaluation_at) as first_at,
        max(evaluation_at) as last_at,
        count(*) as evaluations,
        count(*) filter (where verdict = 'green') as green_evaluations,
        count(*) filter (where verdict = 'blocked') as blocked_evaluations,
        count(*) filter (where verdict = 'unknown') as unknown_evaluations
    from core.channel_verdicts
    group by source, channel
),

stalls as (
    select
        source,
        channel,
        count(*) as stalls,
        count(*) filter (where not is_open and not is_left_censored) as ended_stalls,
        median(stall_seconds) filter (where not is_open and not is_left_censored) as median_seconds,
        quantile_cont(stall_seconds, 0.9) filter (where not is_open and not is_left_censored) as p90_seconds,
        max(stall_seconds) filter (where not is_open and not is_left_censored) as longest_seconds,
        sum(stall_seconds) as stalled_seconds,
        max(stalled_at) filter (where is_open) as open_since_at
    from core.channel_stalls
    group by source, channel
)

select
    v.source,
    v.channel,
    v.first_at,
    v.last_at,
    round(date_diff('second', v.first_at, v.last_at) / cast(86400 as double), 6) as judged_days,
    v.evaluations,
    v.green_evaluations,
    v.blocked_evaluations,
    v.unknown_evaluations,
    coalesce(s.stalls, 0) as stalls,
    coalesce(s.ended_stalls, 0) as ended_stalls,
    round(s.median_seconds / 86400, 6) as median_stall_days,
    round(s.p90_seconds / 86400, 6) as p90_stall_days,
    round(s.longest_seconds / cast(86400 as double), 6) as longest_stall_days,
    round(coalesce(s.stalled_seconds, 0) / cast(86400 as double), 6) as stalled_days,
    round(
        coalesce(s.stalled_seconds, 0) / cast(nullif(date_diff('second', v.first_at, v.last_at), 0) as double), 6
    ) as stalled_ratio,
    s.open_since_at,
    1 as definition_version
from verdicts as v
left join stalls as s on v.source = s.source and v.channel = s.channel
order by v.source, v.channel
