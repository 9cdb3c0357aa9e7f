-- Where a source tells no time of its own, a later evaluation is never older, and none is newer than its first answer.
select source, jobset, evaluation_id, evaluation_at, first_observed_at
from (
    select
        source,
        jobset,
        evaluation_id,
        occurred_at,
        evaluation_at,
        first_observed_at,
        max(case when occurred_at is null then evaluation_at end) over (
            partition by source, jobset
            order by ordinal, evaluation_id
            rows between unbounded preceding and 1 preceding
        ) as before_at
    from core.evaluations
)
where occurred_at is null and (evaluation_at < before_at or evaluation_at > first_observed_at)
