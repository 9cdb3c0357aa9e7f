-- Advances, undated revisions and first sights of a channel are all its rows.
with
    counted as (
        select
            source,
            channel,
            count(*) as revisions,
            count(*) filter (where is_first_sight) as first_sights
        from core.channel_advances
        group by source, channel
    )
select counted.source, counted.channel, counted.revisions, channels.advances, channels.undated_revisions
from counted
full outer join core.channels as channels
    on channels.source = counted.source
    and channels.channel = counted.channel
where counted.revisions is distinct from channels.advances + channels.undated_revisions + counted.first_sights
