-- How green was each system at the end of each month?
select jobset, system, evaluation_at, green_ratio, decided_jobs
from metrics.green_ratio
where is_complete and green_ratio is not null
qualify row_number() over (
    partition by jobset, system, date_trunc('month', evaluation_at at time zone 'UTC') order by ordinal desc
) = 1
order by jobset, system, evaluation_at desc
