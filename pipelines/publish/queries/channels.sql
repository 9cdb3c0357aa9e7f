-- Each channel that somebody watched, with its delays over the whole window and where it stood when its source was last asked.
select
    channels.source, channels.channel, channels.advances, channels.last_advance_at, channels.days_since_advance,
    channels.is_retired, channels.as_of, channels.undated_revisions, delays.median_gap_days, delays.p95_gap_days, delays.longest_gap_days,
    delays.median_commit_age_days, delays.gaps, delays.month_on
from core.channels as channels
left join metrics.channel_delay as delays
    on channels.source = delays.source and channels.channel = delays.channel and delays.period = 'window'
    and delays.basis = 'observed'
where channels.basis = 'observed'
order by channels.is_retired nulls last, channels.advances desc, channels.source, channels.channel
