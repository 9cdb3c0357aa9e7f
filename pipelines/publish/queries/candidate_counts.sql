-- How many candidates for a broken marker each jobset has, per system.
select
    source, jobset, system, count(*) as jobs, count(*) filter (where failing_days >= 365) as year_jobs,
    count(marked_at) as marked_jobs, max(failing_days) as longest_days
from metrics.broken_marker_candidates
group by source, jobset, system
order by
    source, jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system
