-- How often did one job fail, and for how long each time?
select
    jobset, system, broken_at, cleared_at, outcome,
    date_diff('second', broken_at, coalesce(cleared_at, observed_until_at)) / 86400 as days
from core.failure_episodes
where attr = (select min(attr) from core.failure_episodes where outcome <> 'open')
order by jobset, system, broken_at
