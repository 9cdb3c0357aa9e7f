-- Which jobs break again and again?
select jobset, system, attr, count(*) as episodes, count(cleared_at) as ended
from core.failure_episodes
where has_own_failure
group by jobset, system, attr
having count(*) >= 2
order by episodes desc, jobset, system, attr
limit 50
