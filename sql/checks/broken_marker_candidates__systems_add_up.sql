-- Failing and unnamed systems are no more than those told, the candidate's own is among the failing ones, and no marker is older.
select source, jobset, attr, system, systems_told, systems_failing, systems_unnamed, marked_at, own_failure_since_at
from metrics.broken_marker_candidates
where systems_failing < 1
    or systems_unnamed < 0
    or systems_failing + systems_unnamed > systems_told
    or marked_at < date_trunc('day', own_failure_since_at)
