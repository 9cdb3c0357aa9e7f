-- Jobs with an own failure that had lasted 90 days or more, now and 30 days before, per jobset and system.
with
    newest as (
        select source, jobset, system, max(observed_until_at) as until_at
        from core.failure_episodes
        group by source, jobset, system
    )
select
    episodes.source, episodes.jobset, episodes.system, newest.until_at,
    count(*) filter (where episodes.outcome = 'open' and episodes.broken_at <= newest.until_at - interval 90 days) as now_jobs,
    count(*) filter (
        where episodes.broken_at <= newest.until_at - interval 120 days
        and (episodes.cleared_at is null or episodes.cleared_at > newest.until_at - interval 30 days)
    ) as before_jobs,
    count(*) filter (where episodes.outcome = 'open' and episodes.broken_at <= newest.until_at - interval 90 days)
    - count(*) filter (
        where episodes.broken_at <= newest.until_at - interval 120 days
        and (episodes.cleared_at is null or episodes.cleared_at > newest.until_at - interval 30 days)
    ) as change_jobs
from core.failure_episodes as episodes
inner join newest
    on episodes.source = newest.source and episodes.jobset = newest.jobset and episodes.system = newest.system
where episodes.has_own_failure
group by episodes.source, episodes.jobset, episodes.system, newest.until_at
order by
    episodes.source, episodes.jobset,
    case episodes.system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    episodes.system
