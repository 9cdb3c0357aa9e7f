-- Waves that nobody declared, the newest first.
select
    source, jobset, wave, kind, first_evaluation_id as evaluation_id, began_at, ended_at, is_merged, evaluations, systems,
    jobs, still_failing_jobs, apart_jobs, ordinal
from core.found_waves
order by began_at desc, source, jobset, ordinal desc, wave
