-- Evaluations in which the most failures of one system began, within 30 days before the newest evaluation of their jobset.
with
    newest as (
        select source, jobset, max(evaluation_at) as newest_at from core.evaluations group by source, jobset
    ),
    starts as (
        select
            episodes.source, episodes.jobset, episodes.system, episodes.broken_evaluation_id as evaluation_id,
            episodes.broken_at as evaluation_at, count(*) as jobs,
            count(*) filter (where episodes.outcome = 'open') as still_failing, min(episodes.attr) as example
        from core.failure_episodes as episodes
        inner join newest on episodes.source = newest.source and episodes.jobset = newest.jobset
        where episodes.broken_at > newest.newest_at - interval 30 days and not episodes.is_left_censored
        group by episodes.source, episodes.jobset, episodes.system, episodes.broken_evaluation_id, episodes.broken_at
    )
select source, jobset, system, evaluation_id, evaluation_at, jobs, still_failing, example
from starts
order by jobs desc, source, jobset, system, evaluation_id
limit 8
