-- An evaluation of a series, with the observation whose list stands for it: the last usable one, not taken back, that covers the system.
--
-- grain: series, step
-- column: series | Jobset and system.
-- column: step | Number of the evaluation within the series, from 1.
-- column: evaluation | Number of the evaluation.
-- column: observation | Number of the observation whose list counts.
-- column: observed_at | Instant of that observation.
-- column: evaluation_at | Time of the evaluation.
-- column: coverage | Coverage of the evaluation.
with last_lists as (
    select
        c.series,
        e.evaluation,
        max(o.observation) as observation
    from replay.coverage as c
    inner join replay.observations as o on c.observation = o.observation
    inner join replay.listing_checks as l on o.observation = l.observation
    inner join replay.evaluations as e
        on o.source = e.source and o.jobset = e.jobset and o.evaluation_id = e.evaluation_id
    where c.is_covered and l.is_usable and not o.is_retracted
    group by c.series, e.evaluation
)

select
    l.series,
    row_number() over (partition by l.series order by l.evaluation)::integer as step,
    l.evaluation,
    l.observation,
    o.observed_at,
    e.evaluation_at,
    e.coverage
from last_lists as l
inner join replay.observations as o on l.observation = o.observation
inner join replay.evaluations as e on l.evaluation = e.evaluation
