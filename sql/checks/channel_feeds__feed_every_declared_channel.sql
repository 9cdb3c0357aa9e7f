-- Every declared channel is fed by a jobset, and nothing feeds a channel that is not declared.
select d.source, d.channel, f.jobset
from core.channel_declarations as d
full outer join core.channel_feeds as f on d.source = f.source and d.channel = f.channel
where d.channel is null or f.channel is null
