-- No step of folding makes more notices, and over all weeks every failure and every entry is counted.
select v.source, v.jobset, v.failures, e.failures as episodes, v.entries, r.entries as regressions
from (
    select
        source,
        jobset,
        sum(failures) as failures,
        sum(untold_root_failures) as untold_root_failures,
        sum(root_failures) as root_failures,
        sum(root_jobs) as root_jobs,
        sum(entries) as entries,
        sum(notices) as notices
    from metrics.notice_volume
    group by source, jobset
) as v
full join (
    select source, jobset, count(*) as failures
    from core.failure_episodes
    where not is_left_censored
    group by source, jobset
) as e on v.source = e.source and v.jobset = e.jobset
left join (
    select source, jobset, count(*) as entries
    from metrics.regressions
    group by source, jobset
) as r on v.source = r.source and v.jobset = r.jobset
where coalesce(v.failures, 0) <> coalesce(e.failures, 0)
    or v.entries <> coalesce(r.entries, 0)
    or v.root_jobs > v.root_failures
    or v.entries > v.root_jobs
    or v.notices > v.entries
