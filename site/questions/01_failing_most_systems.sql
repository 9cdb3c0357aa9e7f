-- Which jobs fail on the most systems now?
select jobset, attr, count(*) as systems, max(failing_days) as longest_days
from metrics.failing_now
where has_own_failure
group by jobset, attr
order by systems desc, longest_days desc, jobset, attr
