-- An open episode has no end, every other one has, and nothing is seen of an episode after the last complete evaluation.
select source, jobset, attr, system, broken_evaluation_id, outcome, cleared_evaluation_id, cleared_at
from core.failure_episodes
where (outcome = 'open') <> (cleared_at is null)
    or (cleared_at is null) <> (cleared_evaluation_id is null)
    or (outcome = 'marked_broken' and marked_at is null)
    or evaluations < 1
