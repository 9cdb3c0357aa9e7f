-- When did nixos-unstable wait longest for an advance?
select channel, advanced_at, gap_seconds / 86400 as gap_days, revision
from core.channel_advances
where channel = 'nixos-unstable' and gap_seconds is not null
order by gap_seconds desc, advanced_at
limit 10
