-- Which channels that still move wait longest?
select delays.channel, delays.advances, delays.median_gap_days, delays.p95_gap_days, delays.longest_gap_days
from metrics.channel_delay as delays
inner join core.channels as channels on delays.source = channels.source and delays.channel = channels.channel
where delays.basis = 'observed' and delays.period = 'window' and not channels.is_retired
order by delays.median_gap_days desc nulls last, delays.channel
