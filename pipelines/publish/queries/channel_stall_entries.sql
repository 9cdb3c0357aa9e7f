-- The stalls of every declared channel, each with the job whose cause is the best to fix: the newest hundred a channel.
select
    s.source, s.channel, s.stall_evaluation_id, s.stalled_at, s.ended_at, s.ended_evaluation_id, s.is_open,
    s.stall_seconds / 86400.0 as stall_days, s.blocked_evaluations, s.observed_until_at, b.attr, b.system, b.cause, b.cause_basis, n.jobs,
    b.cause_saved_days
from core.channel_stalls as s
left join metrics.channel_blockers as b
    on s.source = b.source and s.channel = b.channel and s.stall_evaluation_id = b.stall_evaluation_id and b.rank_in_stall = 1
left join (
    select source, channel, stall_evaluation_id, count(*) as jobs
    from metrics.channel_blockers
    group by source, channel, stall_evaluation_id
) as n on s.source = n.source and s.channel = n.channel and s.stall_evaluation_id = n.stall_evaluation_id
qualify row_number() over (partition by s.source, s.channel order by s.first_turn desc) <= 100
order by s.source, s.channel, s.first_turn desc
