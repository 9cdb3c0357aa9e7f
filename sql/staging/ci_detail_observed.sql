-- What an event of a CI tells beside what is interpreted, once per event.
--
-- grain: source, event_id
-- kind: view
-- column: id | `<source>:ci_detail:<event_id>`.
-- column: source | CI that told it.
-- column: observed_at | When it happened, as the event says.
-- column: occurred_at | The same.
-- column: event_id | Id that the CI gave its event.
-- column: event_type | Type of the event.
-- column: evaluation_id | Run; null if the event is of none.
-- column: attr | Attribute path of the job, without the system; null if the event is of no job.
-- column: system | Nix system; null likewise.
-- column: variant | Configuration variant; null: that of its run, or the event is of no job.
-- column: details | What it tells beside, as JSON.
select
    source || ':ci_detail:' || event_id as id,
    source,
    observed_at,
    occurred_at,
    event_id,
    event_type,
    evaluation_id,
    attr,
    system,
    variant,
    details
from log.ci_detail_observed
qualify row_number() over (partition by source, event_id order by batch) = 1
