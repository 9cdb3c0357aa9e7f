-- Every blocked evaluation of a channel lies in exactly one stall, and no clear one does.
select v.source, v.channel, v.evaluation_id, v.verdict, count(s.channel) as stalls
from core.channel_verdicts as v
left join core.channel_stalls as s
    on v.source = s.source and v.channel = s.channel and v.turn between s.first_turn and s.last_turn
group by v.source, v.channel, v.evaluation_id, v.verdict, v.is_clear
having count(s.channel) > 1
    or (v.verdict = 'blocked' and count(s.channel) = 0)
    or (v.is_clear and count(s.channel) > 0)
