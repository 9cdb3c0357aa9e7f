-- When the failures of a declared wave that last now will be off the list, per jobset and system.
select
    source, jobset, system, target_ratio, as_of_at, left_jobs, earlier_clusters, nominal_ratio, low_days, middle_days, high_days,
    low_at, high_at, reason, tested_clusters, coverage_ratio, verdict
from metrics.declared_wave_eta
where wave = $wave
order by source, jobset, left_jobs desc, system, target_ratio
