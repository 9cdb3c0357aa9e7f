-- A job of a selection lies in a jobset that feeds the channel, and its run does not end before it begins.
select s.source, s.channel, s.jobset, s.attr, s.system, s.first_at, s.last_at
from core.channel_selections as s
left join core.channel_feeds as f
    on s.source = f.source and s.channel = f.channel and s.jobset = f.jobset
where f.channel is null or s.last_at < s.first_at
