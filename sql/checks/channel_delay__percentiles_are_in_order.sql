-- Median, 95th percentile and longest gap are in that order, none below zero, and there are never more gaps than advances.
select source, channel, period, month_on, gaps, median_gap_days, p95_gap_days, longest_gap_days
from metrics.channel_delay
where gaps > advances
    or median_gap_days < 0
    or median_gap_days > p95_gap_days
    or p95_gap_days > longest_gap_days
    or (gaps > 0) <> (median_gap_days is not null)
