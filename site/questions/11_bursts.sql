-- Which evaluations began the most failures at once?
select jobset, system, broken_evaluation_id, broken_at, count(*) as jobs
from core.failure_episodes
where not is_left_censored
group by jobset, system, broken_evaluation_id, broken_at
order by jobs desc, jobset, system, broken_evaluation_id
limit 20
