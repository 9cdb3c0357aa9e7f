-- An evaluation of a jobset: when, of what, how completely told.
--
-- grain: source, jobset, evaluation_id
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: ordinal | The source's own order of evaluations.
-- column: revision | Evaluated commit; null if not told.
-- column: occurred_at | The evaluation's own time; null if not told.
-- column: first_observed_at | First answer about it.
-- column: last_observed_at | Last answer about it.
-- column: evaluation_at | Time used for every duration: its own, else the earliest first sight of this and all later ones.
-- column: observations | Number of answers about it.
-- column: unit | What the source names and counts: `job`, `package`, or `derivation` (names without attribute).
-- column: coverage | `full`, `named`, `failures_with_totals` or `failures_only`.
-- column: systems | Number of systems told.
-- column: is_complete | Whether all its systems are complete; false where no system is told.
-- column: incomplete_reason | The reasons of its incomplete systems; null if complete.
-- column: listed_jobs | Jobs named by the source, all systems.
with systems as (
    select
        source,
        jobset,
        evaluation_id,
        count(*) as systems,
        bool_and(is_complete) as is_complete,
        string_agg(distinct incomplete_reason, '; ' order by incomplete_reason) as incomplete_reason,
        sum(listed_jobs) as listed_jobs
    from core.evaluation_systems
    group by source, jobset, evaluation_id
)

select
    e.source,
    e.jobset,
    e.evaluation_id,
    e.ordinal,
    e.revision,
    e.occurred_at,
    e.first_observed_at,
    e.last_observed_at,
    e.evaluation_at,
    e.observations,
    e.unit,
    e.coverage,
    coalesce(s.systems, 0) as systems,
    coalesce(s.is_complete, false) as is_complete,
    case when s.systems is null then 'no usable list' else s.incomplete_reason end as incomplete_reason,
    s.listed_jobs::bigint as listed_jobs
from replay.evaluations as e
left join systems as s
    on e.source = s.source and e.jobset = s.jobset and e.evaluation_id = s.evaluation_id
order by e.source, e.jobset, e.ordinal, e.evaluation_id
