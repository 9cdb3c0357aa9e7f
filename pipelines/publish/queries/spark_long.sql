-- At the last complete evaluation of each month: jobs of one system with an own failure that had lasted 90 days or more.
with
    months as (
        select date_trunc('month', evaluation_at at time zone 'UTC') as month, max(evaluation_at) as at
        from core.evaluation_systems
        where source = $source and jobset = $jobset and system = $system and is_complete
        group by month
    )
select months.at, count(episodes.attr) as value
from months
cross join (
    select min(evaluation_at) as first_at
    from core.evaluation_systems
    where source = $source and jobset = $jobset and system = $system and is_complete
) as history
left join core.failure_episodes as episodes
    on episodes.source = $source and episodes.jobset = $jobset and episodes.system = $system and episodes.has_own_failure
    and episodes.broken_at <= months.at - interval 90 days
    and (episodes.cleared_at is null or episodes.cleared_at > months.at)
-- before the history is 90 days old nothing in it can have lasted so long
where months.at >= history.first_at + interval 90 days
group by months.at
order by months.at
