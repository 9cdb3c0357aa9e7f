-- The newest evaluation of each jobset of another CI, beside the official one, by system.
select
    source, jobset, system, match, evaluation_id, evaluation_at, official_jobset, official_evaluation_id,
    official_evaluation_at, official_coverage, jobs, compared_jobs, unseen_failing_jobs, advanced_over_jobs,
    channel_unknown_jobs, official_does_not_build_jobs, red_unnamed_jobs, unknown_jobs
from (
    select
        *,
        row_number() over (
            partition by source, jobset, system order by evaluation_at desc, evaluation_id desc
        ) as place
    from metrics.unseen_by_official
)
where place = 1
order by source, jobset, system
