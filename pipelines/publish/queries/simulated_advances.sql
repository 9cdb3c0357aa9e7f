-- The newest simulated advances of every declared channel, fifty a channel.
select source, channel, evaluation_id, revision, advanced_at, gap_seconds / 86400.0 as gap_days
from core.channel_advances
where basis = 'simulated'
qualify row_number() over (partition by source, channel order by advanced_at desc, evaluation_id desc) <= 50
order by source, channel, advanced_at desc, evaluation_id desc
