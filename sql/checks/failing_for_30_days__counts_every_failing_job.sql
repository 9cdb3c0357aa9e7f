-- Attribute sets together hold every job that fails now, and the long ones are among them.
select coalesce(t.source, f.source) as source, coalesce(t.jobset, f.jobset) as jobset, t.failing_jobs, f.jobs, t.long_jobs, f.long_jobs as counted
from (
    select source, jobset, sum(failing_jobs) as failing_jobs, sum(long_jobs) as long_jobs, min(long_jobs - long_own_jobs) as other_jobs
    from metrics.failing_for_30_days
    group by source, jobset
) as t
full join (
    select source, jobset, count(*) as jobs, count(*) filter (where failing_days >= 30) as long_jobs
    from metrics.failing_now
    group by source, jobset
) as f on t.source = f.source and t.jobset = f.jobset
where t.failing_jobs is distinct from f.jobs or t.long_jobs is distinct from f.long_jobs or t.other_jobs < 0
