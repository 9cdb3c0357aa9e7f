-- Every channel that was ever declared has one row, with all its versions counted.
with declared as (
    select instance as source, channel, count(*) as versions
    from staging.channel_declared
    group by instance, channel
)

select d.source, d.channel, d.versions, c.versions as counted_versions
from declared as d
full outer join core.channel_declarations as c on d.source = c.source and d.channel = c.channel
where d.versions is distinct from c.versions
