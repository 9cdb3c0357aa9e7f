-- Failures of a declared wave have either both ends of an interval or the reason why not.
select wave, source, jobset, system, target_ratio, left_jobs, low_days, high_days, reason
from metrics.declared_wave_eta
where (high_days is null) <> (reason is not null)
    or (low_days is null) <> (high_days is null)
    or low_days > high_days
    or high_at < as_of_at
    or left_jobs < 1
