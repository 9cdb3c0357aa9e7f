-- Days between advances of each channel in the 90 days before its source's newest answer, and in the 90 days before those.
with
    dated as (
        select source, channel, advanced_at, gap_seconds, max(observed_at) over (partition by source) as as_of_at
        from core.channel_advances
        where basis = 'observed'
    )
select
    source, channel, as_of_at,
    count(gap_seconds) filter (where advanced_at > as_of_at - interval 90 days) as now_gaps,
    median(gap_seconds) filter (where advanced_at > as_of_at - interval 90 days) / 86400 as now_days,
    max(gap_seconds) filter (where advanced_at > as_of_at - interval 90 days) / 86400 as now_longest_days,
    count(gap_seconds) filter (
        where advanced_at <= as_of_at - interval 90 days and advanced_at > as_of_at - interval 180 days
    ) as before_gaps,
    median(gap_seconds) filter (
        where advanced_at <= as_of_at - interval 90 days and advanced_at > as_of_at - interval 180 days
    ) / 86400 as before_days
from dated
group by source, channel, as_of_at
order by source, channel
