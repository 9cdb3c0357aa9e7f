-- The newest incomplete evaluations and why.
select source, jobset, system, evaluation_id, evaluation_at, incomplete_reason, is_verdict_final, listed_jobs
from core.evaluation_systems
where not is_complete
order by evaluation_at desc, source, jobset, system, ordinal desc
limit 100
