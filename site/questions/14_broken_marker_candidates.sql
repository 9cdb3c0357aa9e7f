-- Which jobs have failed by themselves for half a year or more?
select jobset, attr, system, own_failure_since_at, failing_days, systems_failing, systems_unnamed, build_id
from metrics.broken_marker_candidates
where failing_days >= 182
order by failing_days desc, jobset, attr, system
