-- Bursts of one jobset on each system, with the days until half and nine in ten had left, the newest first.
select
    c.source, c.jobset, c.wave, c.evaluation_id, c.system, c.began_at as evaluation_at, c.is_series_start,
    max(c.at_risk) as broken_jobs,
    max(k.still_failing_jobs) as still_failing_jobs,
    min(case when c.still_failing_ratio <= 0.5 then c.days end) as half_days,
    min(case when c.still_failing_ratio <= 0.1 then c.days end) as nine_in_ten_days
from metrics.cohort_curves as c
inner join core.cohorts as k
    on c.source = k.source and c.jobset = k.jobset and c.evaluation_id = k.evaluation_id and c.system = k.system
where c.source = $source and c.jobset = $jobset and c.wave is not null
group by c.source, c.jobset, c.wave, c.evaluation_id, c.system, c.began_at, c.is_series_start
order by c.began_at desc, c.evaluation_id, broken_jobs desc, c.system
