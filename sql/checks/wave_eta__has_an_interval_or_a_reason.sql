-- Each cohort that has not got there has either both ends of an interval or the reason why not.
select source, jobset, evaluation_id, system, target_ratio, left_ratio, low_days, high_days, reason
from metrics.wave_eta
where (high_days is null) <> (reason is not null)
    or (low_days is null) <> (high_days is null)
    or low_days > high_days
    or high_at < as_of_at
    or left_ratio <= 1 - target_ratio
    or left_jobs > jobs
