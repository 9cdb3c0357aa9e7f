-- Jobs whose own build has failed in all complete evaluations for 90 days or more: the longest first.
select
    source, jobset, attr, system, own_failure_since_at, failing_days, build_id, systems_failing, systems_unnamed,
    is_everywhere, marked_at
from metrics.broken_marker_candidates
order by failing_days desc, systems_failing desc, source, jobset, attr, system, variant
limit 100
