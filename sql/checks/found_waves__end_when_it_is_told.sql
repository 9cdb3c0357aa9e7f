-- A burst is over when none of its jobs fails; an iteration ends after its last evaluation, in a named one, or not yet.
select source, jobset, wave, kind, began_at, last_evaluation_at, ended_evaluation_id, ended_at, jobs, still_failing_jobs
from core.found_waves
where began_at > last_evaluation_at
    or ended_at < last_evaluation_at
    or still_failing_jobs not between 0 and jobs
    or (kind <> 'staging_next' and (ended_at is null) <> (still_failing_jobs > 0))
    or (kind <> 'staging_next' and jobs < 250)
    or (kind = 'staging_next' and (ended_at is null) <> (ended_evaluation_id is null))
    or (kind = 'staging_next' and (ended_at is null) <> (is_merged is null))
