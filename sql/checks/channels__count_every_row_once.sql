-- Advances, undated revisions and first sights of a channel are all its rows of one basis.
with
    counted as (
        select
            source,
            channel,
            basis,
            count(*) as revisions,
            count(*) filter (where is_first_sight) as first_sights
        from core.channel_advances
        group by source, channel, basis
    )
select counted.source, counted.channel, counted.revisions, channels.advances, channels.undated_revisions
from counted
full outer join (select * from core.channels where basis is not null) as channels
    on channels.source = counted.source
    and channels.channel = counted.channel
    and channels.basis = counted.basis
where counted.revisions is distinct from channels.advances + channels.undated_revisions + counted.first_sights
