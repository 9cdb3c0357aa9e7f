-- What an event of a CI tells beside what this report interprets, as it was told.
--
-- Fields of the generic event format that have no column of their own (`metrics`, `phase`, `outputs`, `config`), fields
-- that it does not name, and whole events of other types. Nothing in the report is computed from it. A field is read
-- as `details ->> '$.metrics.closure.value'`. What a CI took back is not here; e-mail addresses are left out.
--
-- grain: source, event_id
-- column: source | CI that told it.
-- column: evaluation_id | Run; null if the event is of none.
-- column: event_id | Id that the CI gave its event.
-- column: event_type | Type of the event.
-- column: attr | Attribute path of the job, without the system; null if the event is of no job.
-- column: system | Nix system; null likewise.
-- column: variant | Configuration variant as the event names it; null: that of its run, or the event is of no job.
-- column: occurred_at | When it happened, as the event says.
-- column: details | JSON: an object of fields; of a type that is not interpreted all of its `data`. Null where it is not valid.
select
    source,
    evaluation_id,
    event_id,
    event_type,
    attr,
    system,
    variant,
    occurred_at,
    case when json_valid(details) then details end as details
from staging.ci_detail_observed
where id not in (select observation_id from staging.observation_retracted)
order by source, evaluation_id nulls first, event_id
