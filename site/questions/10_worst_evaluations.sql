-- Which complete evaluations were the least green?
select jobset, system, evaluation_id, evaluation_at, green_ratio, decided_jobs
from metrics.green_ratio
where is_complete and green_ratio is not null
order by green_ratio, jobset, system, evaluation_id
limit 20
