-- An evaluation, numbered in the source's order, with its instants.
--
-- `evaluation_at` is the evaluation's own time if told, else the earliest first sight of this and all later
-- evaluations of the jobset: it existed when a later one was seen.
--
-- grain: evaluation
-- column: evaluation | Number, from 1, contiguous within a jobset.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: ordinal | The source's own order of evaluations.
-- column: revision | Evaluated commit; null if not told.
-- column: unit | What the source counts in its totals: `job` or `package`.
-- column: coverage | Coverage of the newest answer that has a list, else of the newest answer.
-- column: occurred_at | The evaluation's own time; null if not told.
-- column: first_observed_at | First answer about it.
-- column: last_observed_at | Last answer about it.
-- column: evaluation_at | Time of the evaluation used for every duration.
-- column: observations | Number of answers about it.
with answers as (
    select e.*
    from staging.evaluation_observed as e
    where e.id not in (select r.observation_id from staging.observation_retracted as r)
),

folded as (
    select
        source,
        jobset,
        evaluation_id,
        min(ordinal) as ordinal,
        arg_max(revision, (observed_at, id)) as revision,
        arg_max(unit, (listed_rows is not null, observed_at, id)) as unit,
        arg_max(coverage, (listed_rows is not null, observed_at, id)) as coverage,
        min(occurred_at) as occurred_at,
        min(observed_at) as first_observed_at,
        max(observed_at) as last_observed_at,
        count(*) as observations
    from answers
    group by source, jobset, evaluation_id
)

select
    row_number() over (order by source, jobset, ordinal, evaluation_id)::integer as evaluation,
    source,
    jobset,
    evaluation_id,
    ordinal,
    revision,
    unit,
    coverage,
    occurred_at,
    first_observed_at,
    last_observed_at,
    coalesce(
        occurred_at,
        min(first_observed_at) over (
            partition by source, jobset
            order by ordinal, evaluation_id
            rows between current row and unbounded following
        )
    ) as evaluation_at,
    observations
from folded
