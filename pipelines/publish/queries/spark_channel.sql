-- Median days between advances of one channel by month, the last 24 whole months.
with
    months as (
        select month_on, median_gap_days, row_number() over (order by month_on desc) as place
        from metrics.channel_delay
        where source = $source and channel = $channel and basis = 'observed' and period = 'month' and is_whole and median_gap_days is not null
    )
select month_on as at, median_gap_days as value
from months
where place <= 24
order by month_on
