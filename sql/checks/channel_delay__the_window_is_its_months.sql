-- The window holds the advances, gaps and the longest gap of all months from its first day on.
with
    months as (
        select
            window_row.source,
            window_row.channel,
            window_row.basis,
            sum(month_row.advances) as advances,
            sum(month_row.gaps) as gaps,
            max(month_row.longest_gap_days) as longest_gap_days
        from metrics.channel_delay as window_row
        inner join metrics.channel_delay as month_row
            on month_row.source = window_row.source
            and month_row.channel = window_row.channel
            and month_row.basis = window_row.basis
            and month_row.month_on >= window_row.month_on
        where window_row.period = 'window' and month_row.period = 'month'
        group by window_row.source, window_row.channel, window_row.basis
    )
select delay.source, delay.channel, delay.advances, months.advances as advances_of_months
from metrics.channel_delay as delay
left join months
    on months.source = delay.source
    and months.channel = delay.channel
    and months.basis = delay.basis
where delay.period = 'window'
    and (
        delay.advances is distinct from months.advances
        or delay.gaps is distinct from months.gaps
        or delay.longest_gap_days is distinct from months.longest_gap_days
    )
