-- Decided, neutral and refused jobs are all jobs, and decided ones are green or red.
select source, jobset, evaluation_id, system, all_jobs, decided_jobs
from metrics.green_ratio
where all_jobs is distinct from decided_jobs + neutral_jobs + refused_jobs
    or decided_jobs <> green_jobs + own_jobs + dependency_jobs + timed_out_jobs + eval_error_jobs + unknown_cause_jobs
