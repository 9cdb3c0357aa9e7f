-- Days between advances of one channel, by month.
select
    month_on, is_whole, advances, gaps, median_gap_days, p95_gap_days, longest_gap_days, median_commit_age_days,
    gaps < 5 as is_few
from metrics.channel_delay
where basis = 'observed' and source = $source and channel = $channel and period = 'month'
order by month_on
