-- How many failure episodes that began in one evaluation lasted exactly so long, by how they ended.
--
-- The input of every time-to-fix estimate, with equal rows added up. An episode that ended lasts from its first red
-- evaluation to the evaluation in which it was seen ended; an open one is censored at the newest complete evaluation of its
-- jobset and system. Left-censored episodes, whose beginning nobody saw, are not here: metrics.time_to_fix counts them.
-- Every episode is here twice: once as `own` or `dependency`, once as `all`. A duration of 0 seconds is possible (a clearing
-- seen at the same instant) and counts.
--
-- grain: source, jobset, system, kind, broken_evaluation_id, duration_seconds
-- kind: table
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: kind | own (the episode showed a failure of its own build), dependency (it never did), or all (both).
-- column: broken_evaluation_id | Evaluation in which the episodes began: the cluster of the bootstrap.
-- column: duration_seconds | Seconds from the beginning to the end, or to the last observation of open episodes.
-- column: episodes | Episodes with this beginning and duration.
-- column: ended | Those of them that ended; the others are censored.
-- column: fixed | Ended by a success that was seen.
-- column: cleared | Ended by leaving the list of failures; the source does not tell why.
-- column: removed | Ended by leaving the jobset.
-- column: marked_broken | Ended, with a broken marker dated inside.
with
    lasting as (
        select
            source,
            jobset,
            system,
            case when has_own_failure then 'own' else 'dependency' end as kind,
            broken_evaluation_id,
            date_diff('second', broken_at, coalesce(cleared_at, observed_until_at)) as duration_seconds,
            case when cleared_at is null then 'open' else outcome end as outcome
        from core.failure_episodes
        where not is_left_censored
    ),
    kinds as (
        select source, jobset, system, kind, broken_evaluation_id, duration_seconds, outcome
        from lasting
        union all
        select source, jobset, system, 'all' as kind, broken_evaluation_id, duration_seconds, outcome
        from lasting
    )
select
    source,
    jobset,
    system,
    kind,
    broken_evaluation_id,
    duration_seconds,
    count(*) as episodes,
    count(*) filter (where outcome <> 'open') as ended,
    count(*) filter (where outcome = 'fixed') as fixed,
    count(*) filter (where outcome = 'cleared') as cleared,
    count(*) filter (where outcome = 'removed') as removed,
    count(*) filter (where outcome = 'marked_broken') as marked_broken
from kinds
group by source, jobset, system, kind, broken_evaluation_id, duration_seconds
order by source, jobset, system, kind, broken_evaluation_id, duration_seconds
