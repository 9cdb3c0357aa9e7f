-- Waits of the channels that still move, over the whole time that the source watched.
select
    delays.channel, delays.gaps, delays.median_gap_days, delays.p95_gap_days, delays.longest_gap_days,
    delays.median_commit_age_days
from metrics.channel_delay as delays
inner join core.channels as channels on delays.source = channels.source and delays.channel = channels.channel
where delays.basis = 'observed' and delays.period = 'window' and not channels.is_retired and delays.gaps >= 30
order by delays.median_gap_days, delays.channel
