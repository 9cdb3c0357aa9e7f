-- Episodes in the estimates and left-censored ones are all failure episodes.
with
    episodes as (
        select source, jobset, system, count(*) as episodes
        from core.failure_episodes
        group by source, jobset, system
    ),
    estimated as (
        select source, jobset, system, n + left_censored as episodes
        from metrics.time_to_fix
        where kind = 'all'
    )
select episodes.source, episodes.jobset, episodes.system, episodes.episodes, estimated.episodes as estimated_episodes
from episodes
full outer join estimated
    on estimated.source = episodes.source
    and estimated.jobset = episodes.jobset
    and estimated.system = episodes.system
where episodes.episodes is distinct from estimated.episodes
