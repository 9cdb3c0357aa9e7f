-- Green ratio of the last complete evaluation of each week, per system; a row without ratio ends each stretch that was seen.
with
    complete as (
        select
            system, evaluation_id, ordinal, evaluation_at, unit, green_jobs, decided_jobs, green_ratio,
            lead(evaluation_at) over (partition by system order by ordinal) as next_at,
            row_number() over (
                partition by system, date_trunc('week', evaluation_at at time zone 'UTC') order by ordinal desc
            ) as place,
            count(*) over (partition by system) as evaluations
        from metrics.green_ratio
        where source = $source and jobset = $jobset and is_complete and green_ratio is not null
    ),
    points as (
        select
            system, evaluation_id, evaluation_at, unit, green_jobs, decided_jobs, green_ratio, evaluations,
            null::timestamptz as unknown_until_at
        from complete
        where place = 1
        union all
        select
            system, null as evaluation_id, evaluation_at, unit, null as green_jobs, null as decided_jobs,
            null as green_ratio, evaluations, next_at as unknown_until_at
        from complete
        where next_at > evaluation_at + interval 30 days
    )
select system, evaluation_id, evaluation_at, unit, green_jobs, decided_jobs, green_ratio, evaluations, unknown_until_at
from points
order by
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, evaluation_at, unknown_until_at nulls first
