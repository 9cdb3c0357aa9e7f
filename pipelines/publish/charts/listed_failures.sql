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
    listed.system, listed.evaluation_id, listed.evaluation_at, listed.unit, listed.is_complete, listed.is_verdict_final,
    listed.listed_jobs, listed.ordinal = listed.newest_complete as is_newest_complete, listed.evaluations,
    bursts.broken_jobs as burst_jobs
from listed
left join metrics.bursts as bursts
    on bursts.source = $source and bursts.jobset = $jobset and bursts.system = listed.system
    and bursts.evaluation_id = listed.evaluation_id and not bursts.is_series_start
-- a long history is shown by the last evaluation of each week, and by every burst
where listed.all_evaluations <= 2000 or listed.place = 1 or bursts.broken_jobs is not null
order by
    case listed.system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    listed.system, listed.ordinal
