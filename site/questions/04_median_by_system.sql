-- How long do failures last on each system, and how sure is that?
select jobset, system, n, open, median_days, median_days_low, median_days_high
from metrics.time_to_fix
where kind = 'all' and n > 0
order by jobset, median_days, system
