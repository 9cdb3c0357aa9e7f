-- How many jobs of each jobset fail now, per system, and for how long.
select
    source, jobset, system, max(as_of_at) as as_of_at, count(*) as failing_jobs,
    count(*) filter (where has_own_failure) as own_jobs,
    count(*) filter (where failing_days >= 90) as long_jobs,
    count(*) filter (where is_provisional) as provisional_jobs
from metrics.failing_now
group by source, jobset, system
order by
    source, jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system
