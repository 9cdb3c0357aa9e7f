-- An incomplete evaluation has a reason and a complete one has none; failures-only lists have no totals.
select source, jobset, evaluation_id, system, is_complete, incomplete_reason, coverage, total_jobs
from core.evaluation_systems
where is_complete <> (incomplete_reason is null)
    or is_verdict_final is null
    or (coverage = 'failures_only' and green_jobs is not null)
