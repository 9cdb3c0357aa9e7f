-- Evaluations in which the most failures of one system ended, within 30 days before the newest evaluation of their jobset.
with
    newest as (
        select source, jobset, max(evaluation_at) as newest_at from core.evaluations group by source, jobset
    ),
    ends as (
        select
            episodes.source, episodes.jobset, episodes.system, episodes.cleared_evaluation_id as evaluation_id,
            episodes.cleared_at as evaluation_at, count(*) as jobs,
            count(*) filter (where episodes.outcome = 'fixed') as fixed_jobs, min(episodes.attr) as example
        from core.failure_episodes as episodes
        inner join newest on episodes.source = newest.source and episodes.jobset = newest.jobset
        where episodes.cleared_at > newest.newest_at - interval 30 days
        group by episodes.source, episodes.jobset, episodes.system, episodes.cleared_evaluation_id, episodes.cleared_at
    )
select source, jobset, system, evaluation_id, evaluation_at, jobs, fixed_jobs, example
from ends
order by jobs desc, source, jobset, system, evaluation_id
limit 8
