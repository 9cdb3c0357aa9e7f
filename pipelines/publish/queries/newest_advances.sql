-- The newest advances of one channel, observed ones or, for a channel that is only simulated, simulated ones.
select
    basis, source, evaluation_id, revision, release, commit_at, advanced_at,
    gap_seconds / 86400 as gap_days, commit_age_seconds / 86400 as commit_age_days
from core.channel_advances
where source = $source and channel = $channel
order by advanced_at desc nulls last, commit_at desc, revision
limit 100
