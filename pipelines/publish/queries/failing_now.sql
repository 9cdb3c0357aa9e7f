-- Jobs of one jobset that fail now: the longest first.
select
    source, jobset, attr, system, failing_since_at, failing_days, evaluations, has_own_failure, status, build_id,
    broken_evaluation_id, is_left_censored, is_provisional, as_of_at
from metrics.failing_now
where source = $source and jobset = $jobset
order by failing_days desc, has_own_failure desc, attr, system, variant
limit 100
