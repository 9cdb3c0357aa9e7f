-- A job of a stall was red in at least one of its evaluations, and alone in no more than that.
select j.source, j.channel, j.stall_evaluation_id, j.attr, j.system, j.evaluations, s.evaluations as stall_evaluations
from core.channel_stall_jobs as j
left join core.channel_stalls as s
    on j.source = s.source and j.channel = s.channel and j.stall_evaluation_id = s.stall_evaluation_id
where s.channel is null
    or j.evaluations not between 1 and s.evaluations
    or j.evaluations_alone > j.evaluations
    or j.saved_seconds > s.stall_seconds
