-- Observations that come with a list, numbered in the source's order.
--
-- Numbers of one jobset are contiguous: by ordinal, evaluation, instant, id. They live in the warehouse only;
-- an evaluation that arrives late renumbers them.
--
-- grain: observation
-- column: observation | Number, from 1.
-- column: id | Id of the observation.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: ordinal | The source's own order of evaluations.
-- column: observed_at | When the source was asked.
-- column: systems | Systems that the answer covers.
-- column: listed_rows | Rows of the whole listing, as recorded.
-- column: listing_checksum | Checksum of the whole listing, as recorded.
-- column: is_retracted | Whether the source took it back: others may still be told by what differs from it.
-- column: previous | Number of the observation before it in the jobset; null for the first.
with listed as (
    select
        o.*,
        o.id in (select r.observation_id from staging.observation_retracted as r) as is_retracted
    from staging.evaluation_observed as o
    where o.listed_rows is not null
),

numbered as (
    select
        listed.*,
        row_number() over (
            order by source, jobset, ordinal, evaluation_id, observed_at, id
        )::integer as observation
    from listed
)

select
    observation,
    id,
    source,
    jobset,
    evaluation_id,
    ordinal,
    observed_at,
    systems,
    listed_rows,
    listing_checksum,
    is_retracted,
    lag(observation) over (partition by source, jobset order by observation) as previous
from numbered
