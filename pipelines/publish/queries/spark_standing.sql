-- The last complete evaluation of each week in the year before the newest one, for one system.
with
    complete as (
        select
            evaluation_at, green_ratio, listed_jobs,
            row_number() over (partition by date_trunc('week', evaluation_at at time zone 'UTC') order by ordinal desc) as place,
            max(evaluation_at) over () as newest_at
        from metrics.green_ratio
        where source = $source and jobset = $jobset and system = $system and is_complete
    )
select evaluation_at as at, green_ratio, listed_jobs
from complete
where place = 1 and evaluation_at > newest_at - interval 365 days
order by evaluation_at
