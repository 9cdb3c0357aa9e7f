-- No episode ends, or is last observed, before it began.
select source, jobset, system, kind, broken_evaluation_id, duration_seconds
from core.time_to_fix_durations
where duration_seconds is null or duration_seconds < 0
