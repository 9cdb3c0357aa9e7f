-- Failing jobs that each evaluation lists, per system, and whether the evaluation was complete.
with
    listed as (
        select
            system, evaluation_id, ordinal, evaluation_at, unit, is_complete, is_verdict_final, listed_jobs,
            max(case when is_complete then ordinal end) over (partition by system) as newest_complete,
            row_number() over (
                partition by system, is_complete, date_trunc('week', evaluation_at at time zone 'UTC') order by ordinal desc
            ) as place,
            count(*) over (partition by system) as evaluations,
            count(*) over (partition by source, jobset) as all_evaluations
        from metrics.green_ratio
        where source = $source and jobset = $jobset
    )
select
    system, evaluation_id, evaluation_at, unit, is_complete, is_verdict_final, listed_jobs,
    ordinal = newest_complete as is_newest_complete, evaluations
from listed
where all_evaluations <= 2000 or place = 1
order by
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, ordinal
