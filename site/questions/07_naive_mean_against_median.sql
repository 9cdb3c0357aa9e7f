-- How far is the mean of ended failures from the median?
select jobset, system, closed_mean_days, median_days, round(closed_mean_days / nullif(median_days, 0), 2) as times_as_long
from metrics.time_to_fix
where kind = 'all' and n > 0
order by times_as_long desc, jobset, system
