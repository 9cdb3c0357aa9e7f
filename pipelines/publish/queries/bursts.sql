-- Evaluations of one jobset in which 250 or more jobs of one system began to fail at once, the newest first.
select source, jobset, system, evaluation_id, evaluation_at, broken_jobs, still_failing_jobs, is_provisional
from metrics.bursts
where source = $source and jobset = $jobset and not is_series_start
order by evaluation_at desc, ordinal desc, broken_jobs desc, system
limit 40
