-- The builds on which an aggregate waits, once per event.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event, derived from the source and the aggregate's build.
-- column: source | Instance that built.
-- column: observed_at | When the source was asked.
-- column: jobset | Jobset as project/name.
-- column: build_id | Build of the aggregate.
-- column: constituents | Builds on which it waits, sorted.
-- column: batch | Number of the ingest call that recorded it.
select
    id,
    source,
    observed_at,
    jobset,
    build_id,
    constituents,
    batch
from log.aggregate_observed
qualify row_number() over (partition by id order by batch) = 1
