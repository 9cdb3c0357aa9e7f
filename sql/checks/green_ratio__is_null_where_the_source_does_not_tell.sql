-- A list of failures without totals has no ratio, nor has an incomplete evaluation.
select source, jobset, evaluation_id, system, coverage, is_complete, green_ratio
from metrics.green_ratio
where (coverage = 'failures_only' or not is_complete)
    and (green_ratio is not null or green_of_all_ratio is not null or green_of_own_ratio is not null)
