-- No failure lasts less than no time, and all jobs of a system are as of the same evaluation.
select source, jobset, system, attr, failing_days, as_of_at
from (
    select
        *,
        count(distinct as_of_evaluation_id) over (partition by source, jobset, system) as evaluations_shown
    from metrics.failing_now
)
where failing_days < 0 or failing_since_at > as_of_at or evaluations_shown > 1
