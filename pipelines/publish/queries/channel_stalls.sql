-- The longest stalls of a channel.
select
    s.source, s.jobset, s.stall_evaluation_id as evaluation_id, s.stalled_at, s.ended_at, s.is_open, s.is_left_censored,
    s.stall_seconds / 86400.0 as stall_days, s.blocked_evaluations, s.unknown_evaluations,
    s.last_clear_revision, s.stalled_revision, b.attr, b.system, b.cause, b.cause_basis, b.cause_saved_days
from core.channel_stalls as s
left join metrics.channel_blockers as b
    on s.source = b.source and s.channel = b.channel and s.stall_evaluation_id = b.stall_evaluation_id and b.rank_in_stall = 1
where s.source = $source and s.channel = $channel
order by s.stall_seconds desc, s.stalled_at
limit 25
