-- A nearest official evaluation is not later and at most 7 days older, and what has no match has no official status.
select source, jobset, evaluation_id, attr, system, variant, match, evaluation_at, official_evaluation_at
from core.job_agreement
where (match = 'none') <> (official_evaluation_id is null)
    or (match = 'none' and (official_status is not null or agreement <> 'unknown'))
    or (
        match = 'nearest'
        and (
            official_evaluation_at > evaluation_at
            or official_evaluation_at < evaluation_at - interval 7 days
        )
    )
