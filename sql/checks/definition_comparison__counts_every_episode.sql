-- Left-censored, open and closed episodes are all episodes, and the headline ones are those of core.failure_episodes.
select source, jobset, system, preset
from metrics.definition_comparison
where episodes <> left_censored + open + closed
union all
select d.source, d.jobset, d.system, d.preset
from metrics.definition_comparison as d
where d.preset = 'headline'
    and d.episodes <> (
        select count(*)
        from core.failure_episodes as e
        where e.source = d.source and e.jobset = d.jobset and e.system = d.system
    )
