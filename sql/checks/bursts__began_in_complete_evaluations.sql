-- A burst lies in a complete evaluation, and no more jobs began to fail in it than it has episodes.
select b.source, b.jobset, b.evaluation_id, b.system, b.broken_jobs, e.is_complete, f.episodes
from metrics.bursts as b
left join core.evaluation_systems as e
    on b.source = e.source and b.jobset = e.jobset and b.system = e.system and b.evaluation_id = e.evaluation_id
left join (
    select source, jobset, system, broken_evaluation_id, count(*) as episodes
    from core.failure_episodes
    group by source, jobset, system, broken_evaluation_id
) as f
    on b.source = f.source and b.jobset = f.jobset and b.system = f.system and b.evaluation_id = f.broken_evaluation_id
where e.is_complete is not true
    or b.broken_jobs > f.episodes
    or b.own_jobs > b.broken_jobs
    or b.still_failing_jobs > b.broken_jobs
