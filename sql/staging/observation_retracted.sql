-- An observation that its source took back.
--
-- grain: id
-- column: id | Derived from the source and the observation.
-- column: observation_id | Observation taken back.
-- column: reason | Why, in the source's words.
-- column: observed_at | When that was learnt.
select
    id,
    observation_id,
    reason,
    observed_at
from log.observation_retracted
qualify row_number() over (partition by id order by batch) = 1
