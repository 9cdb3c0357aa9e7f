-- Every channel event of the log is one observed row.
with
    events as (
        select source, count(*) as events
        from staging.channel_advanced
        group by source
    ),
    advances as (
        select source, count(*) as advances
        from core.channel_advances
        where basis = 'observed'
        group by source
    )
select events.source, events.events, advances.advances
from events
full outer join advances on advances.source = events.source
where events.events is distinct from advances.advances
