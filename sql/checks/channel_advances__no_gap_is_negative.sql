-- No time between two advances of a channel is negative, and a gap always has a dated row before it.
select source, channel, revision, previous_at, advanced_at, gap_seconds
from core.channel_advances
where gap_seconds < 0 or (gap_seconds is not null and previous_at is null)
