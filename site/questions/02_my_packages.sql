-- Do my packages fail, and since when?
select jobset, attr, system, status, failing_since_at, failing_days, build_id
from metrics.failing_now
where attr like '%python3%'
order by failing_days desc, jobset, attr, system
