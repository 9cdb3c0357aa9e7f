-- Jobs to mark broken: own failures in all complete evaluations of 90 days or more that carry no marker since.
select
    source, jobset, system, attr, variant, own_failure_since_at, failing_days, systems_failing, systems_told, systems_unnamed,
    is_everywhere, build_id, as_of_at
from metrics.broken_marker_candidates
where marked_at is null
order by source, jobset, system, attr, variant
