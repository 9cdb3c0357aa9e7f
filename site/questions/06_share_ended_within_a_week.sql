-- What share of failures ends within a week, a month, three months?
select jobset, system, n, ended_by_7d_ratio, ended_by_30d_ratio, ended_by_90d_ratio
from metrics.time_to_fix
where kind = 'all' and n > 0
order by jobset, ended_by_7d_ratio desc, system
