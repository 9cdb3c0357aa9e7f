-- Which answers were incomplete, and why?
select jobset, system, evaluation_id, evaluation_at, listed_jobs, incomplete_reason
from core.evaluation_systems
where not is_complete
order by evaluation_at desc, jobset, system
