-- Every marking of the log is one row with a beginning.
with
    events as (
        select source, marker, count(*) as markings
        from staging.package_marked_broken
        group by source, marker
    ),
    markers as (
        select source, marker, count(marked_on) as markings
        from core.package_markers
        group by source, marker
    )
select events.source, events.marker, events.markings, markers.markings as rows_of_markers
from events
full outer join markers
    on markers.source = events.source
    and markers.marker = events.marker
where coalesce(events.markings, 0) <> coalesce(markers.markings, 0)
