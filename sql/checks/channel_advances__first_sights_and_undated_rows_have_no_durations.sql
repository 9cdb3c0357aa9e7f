-- First sights and revisions without a date have neither a gap nor an age.
select source, channel, revision, advanced_at, gap_seconds, commit_age_seconds
from core.channel_advances
where (is_first_sight or advanced_at is null) and (gap_seconds is not null or commit_age_seconds is not null)
