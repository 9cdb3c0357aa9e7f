-- The newest complete evaluation per jobset and system, and what changed since the one 30 days before it.
with
    complete as (
        select
            source, jobset, system, evaluation_id, ordinal, evaluation_at, unit, coverage, is_verdict_final, listed_jobs,
            green_ratio, decided_jobs,
            max(evaluation_at) over (partition by source, jobset, system) as newest_at
        from metrics.green_ratio
        where is_complete
    ),
    ranked as (
        select
            *,
            row_number() over (partition by source, jobset, system order by ordinal desc) as newest_place,
            row_number() over (
                partition by source, jobset, system
                order by case when evaluation_at <= newest_at - interval 30 days then 0 else 1 end, ordinal desc
            ) as before_place
        from complete
    )
select
    newest.source, newest.jobset, newest.system, newest.evaluation_id, newest.evaluation_at, newest.unit, newest.coverage,
    newest.is_verdict_final, newest.green_ratio, newest.decided_jobs, newest.listed_jobs, earlier.evaluation_at as before_at,
    round(100 * (newest.green_ratio - earlier.green_ratio), 6) as change_points,
    newest.listed_jobs - earlier.listed_jobs as change_failures
from ranked as newest
left join ranked as earlier
    on newest.source = earlier.source and newest.jobset = earlier.jobset and newest.system = earlier.system
    and earlier.before_place = 1 and earlier.evaluation_at <= earlier.newest_at - interval 30 days
where newest.newest_place = 1
order by
    newest.source, newest.jobset,
    case newest.system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    newest.system
