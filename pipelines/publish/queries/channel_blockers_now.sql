-- What blocks a channel in the stall that lasts, the best fix first.
select b.*
from metrics.channel_blockers as b
where b.source = $source and b.channel = $channel and b.is_open
order by b.rank_in_stall
limit 100
