-- How long a channel waits between advances and how old commits are on arrival, per month and over the whole window.
--
-- A gap is the time from one advance of a channel to the next; it counts in the month in which it ended, also if it
-- began before. The wait that still runs is no gap: core.channels has it. The age of a commit is the time from its
-- committer's date to the advance that delivered it; ages below zero (a clock ahead) count and are counted. Both are
-- taken from advances that were detected only: not from first sights, not from revisions without a date.
-- Percentiles interpolate linearly between the two nearest values. Detection polls, so every instant is some
-- minutes late.
-- Two periods: `month`, one row for each month from the channel's first to its last advance, with zero advances where
-- it stood still for a whole month; and `window`, one row over all whole months since the source began to watch.
--
-- Advances that somebody observed and those that are simulated (core.channel_advances) are never mixed: each has its rows.
--
-- grain: source, channel, basis, period, month_on
-- kind: table
-- column: source | Who watched the channel; the instance that evaluated it where advances are simulated.
-- column: basis | `observed` or `simulated`.
-- column: channel | Name of the channel.
-- column: period | month, or window: everything from the first whole month of the source on.
-- column: month_on | First day of the month, or of the window, in UTC.
-- column: is_whole | false for months that the source watched only in part: its first and its last.
-- column: advances | Advances that were detected in the period.
-- column: gaps | Advances whose wait since the one before is known; the next three columns are about these.
-- column: median_gap_days | Median days between advances; null without gaps.
-- column: p95_gap_days | 95th percentile of days between advances; null without gaps.
-- column: longest_gap_days | Longest time between two advances, in days; null without gaps.
-- column: median_commit_age_days | Median age of the commit when the channel advanced to it, in days; null without advances.
-- column: negative_commit_ages | Advances that arrived before their commit's own date.
-- column: definition_version | Version of this definition.
with
    advances as (
        select
            source,
            channel,
            basis,
            cast(date_trunc('month', advanced_at at time zone 'UTC') as date) as month_on,
            gap_seconds,
            commit_age_seconds
        from core.channel_advances
        where advanced_at is not null and not is_first_sight
    ),
    watched as (
        select
            source,
            basis,
            cast(date_trunc('month', min(advanced_at) at time zone 'UTC') as date) as first_month_on,
            cast(date_trunc('month', max(advanced_at) at time zone 'UTC') as date) as last_month_on
        from core.channel_advances
        where advanced_at is not null
        group by source, basis
    ),
    lifetimes as (
        select source, channel, basis, min(month_on) as first_month_on, max(month_on) as last_month_on
        from advances
        group by source, channel, basis
    ),
    -- A month in which no channel of a source advanced at all is not here: the source was not watching.
    months as (
        select distinct source, basis, month_on
        from advances
    ),
    spine as (
        select
            lifetimes.source,
            lifetimes.channel,
            lifetimes.basis,
            'month' as period,
            months.month_on,
            months.month_on > watched.first_month_on and months.month_on < watched.last_month_on as is_whole
        from lifetimes
        inner join months
            on months.source = lifetimes.source
            and months.basis = lifetimes.basis
            and months.month_on between lifetimes.first_month_on and lifetimes.last_month_on
        inner join watched on watched.source = lifetimes.source and watched.basis = lifetimes.basis
        union all
        select
            lifetimes.source,
            lifetimes.channel,
            lifetimes.basis,
            'window' as period,
            cast(watched.first_month_on + interval '1 month' as date) as month_on,
            true as is_whole
        from lifetimes
        inner join watched on watched.source = lifetimes.source and watched.basis = lifetimes.basis
        where lifetimes.last_month_on > watched.first_month_on
    )
select
    spine.source,
    spine.channel,
    spine.basis,
    spine.period,
    spine.month_on,
    spine.is_whole,
    count(advances.channel) as advances,
    count(advances.gap_seconds) as gaps,
    round(median(advances.gap_seconds) / 86400, 6) as median_gap_days,
    round(quantile_cont(advances.gap_seconds, 0.95) / 86400, 6) as p95_gap_days,
    round(max(advances.gap_seconds) / cast(86400 as double), 6) as longest_gap_days,
    round(median(advances.commit_age_seconds) / 86400, 6) as median_commit_age_days,
    count(*) filter (where advances.commit_age_seconds < 0) as negative_commit_ages,
    1 as definition_version
from spine
left join advances
    on advances.source = spine.source
    and advances.channel = spine.channel
    and advances.basis = spine.basis
    and case
        when spine.period = 'month' then advances.month_on = spine.month_on
        else advances.month_on >= spine.month_on
    end
group by spine.source, spine.channel, spine.basis, spine.period, spine.month_on, spine.is_whole
order by spine.source, spine.channel, spine.basis, spine.period, spine.month_on
