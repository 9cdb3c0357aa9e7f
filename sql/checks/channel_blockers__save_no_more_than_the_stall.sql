-- A fix saves no more than the stall lasted, and the advance that would have been lies within the stall.
select
    b.source,
    b.channel,
    b.stall_evaluation_id,
    b.attr,
    b.system,
    b.saved_days,
    b.cause_saved_days,
    b.stall_days,
    b.would_advance_at
from metrics.channel_blockers as b
inner join core.channel_stalls as s
    on b.source = s.source and b.channel = s.channel and b.stall_evaluation_id = s.stall_evaluation_id
where b.saved_days < 0
    or b.cause_saved_days > b.stall_days + 0.00001
    or b.saved_days > b.stall_days + 0.00001
    or b.would_advance_at < s.stalled_at
    or b.would_advance_at >= coalesce(s.ended_at, timestamptz '9999-01-01')
    or (b.evaluations_alone = 0) <> (b.would_advance_at is null)
    or b.evaluations_alone > b.evaluations
