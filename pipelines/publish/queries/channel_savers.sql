-- What a fix would have saved in all stalls of a channel, by cause: the most days first.
select
    source, channel, cause, cause_basis,
    count(distinct stall_evaluation_id) as stalls,
    count(distinct (attr, system, variant)) as jobs,
    sum(saved_days) as cause_saved_days,
    max(cause_reach_jobs) as cause_reach_jobs,
    min(first_bad_at) as first_bad_at
from (
    -- One row a cause and stall: each of its jobs carries the same days.
    select
        source, channel, stall_evaluation_id, cause, min(cause_basis) over w as cause_basis, attr, system, variant,
        cause_reach_jobs, first_bad_at,
        case when row_number() over (w order by attr, system, variant) = 1 then cause_saved_days else 0 end as saved_days
    from metrics.channel_blockers
    where source = $source and channel = $channel
    window w as (partition by stall_evaluation_id, cause)
)
group by source, channel, cause, cause_basis
having sum(saved_days) > 0
order by cause_saved_days desc, jobs desc, cause
limit 25
