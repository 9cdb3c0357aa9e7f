-- Failures that only another CI sees, per evaluation and system, by how the official evaluation was found.
select
    system, evaluation_id, evaluation_at, match, official_evaluation_id, official_coverage, jobs, compared_jobs,
    official_does_not_build_jobs, unseen_failing_jobs, red_unnamed_jobs, advanced_over_jobs, not_advanced_over_jobs,
    channel_unknown_jobs,
    row_number() over (partition by system order by evaluation_at desc, evaluation_id desc) = 1 as is_newest
from metrics.unseen_by_official
where source = $source and jobset = $jobset and match <> 'none'
order by
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, evaluation_at, evaluation_id
