-- Of the jobs that two evaluations have in common, no more are the same than there are, and there are some.
select source, jobset, turn, common_jobs, same_jobs, is_apart
from core.staging_comparisons
where same_jobs not between 0 and common_jobs
    or common_jobs < 1
    or is_apart <> (same_jobs <= 0.05 * common_jobs)
