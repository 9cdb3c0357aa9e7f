-- A commit is not dated after the advance that delivered it.
-- severity: warn
select source, channel, revision, commit_at, advanced_at, commit_age_seconds
from core.channel_advances
where commit_age_seconds < 0
