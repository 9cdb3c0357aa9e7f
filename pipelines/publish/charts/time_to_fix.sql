-- Median time to fix per jobset and system with its intervals, every kind of episode.
select
    source, jobset, system, n, open, left_censored, median_days, median_days_low, median_days_high,
    median_days_greenwood_low, median_days_greenwood_high, resolution_days
from metrics.time_to_fix
where kind = 'all' and n >= 30 and median_days is not null
order by source, jobset, case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end, system
