-- Cohorts that have not left the list, with when nine in ten of them will have, the newest first.
select
    source, jobset, evaluation_id, system, wave, target_ratio, began_at as evaluation_at, as_of_at, jobs, left_jobs, left_ratio,
    earlier_clusters, nominal_ratio, low_days, middle_days, high_days, low_at, high_at, reason, tested_clusters, coverage_ratio, verdict
from metrics.wave_eta
order by source, jobset, target_ratio, began_at desc, evaluation_id, left_jobs desc, system
