-- A complete evaluation in which at least 250 jobs of one system began to fail at once.
--
-- Mostly one change broke them all, so that they are not independent of each other. Failures of the first complete
-- evaluation of a system began at an unknown time and are no burst. A later one may be as old as the first, where the
-- source tells no times and the later one was seen earlier: it is labelled is_series_start, since what began in it may
-- have begun long before.
--
-- grain: source, jobset, evaluation_id, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: system | Nix system.
-- column: ordinal | The source's own order of evaluations.
-- column: evaluation_at | Time of the evaluation.
-- column: broken_jobs | Jobs whose failure episode began in it.
-- column: own_jobs | Of those, jobs that failed by themselves at some time in the episode.
-- column: still_failing_jobs | Of those that began, jobs whose episode has not ended.
-- column: is_series_start | Whether it is as old as the first complete evaluation of the system.
-- column: is_provisional | Whether a verdict on completeness that is not final touches one of the episodes.
-- column: definition_version | Version of this definition.
with
    begun as (
        select
            source,
            jobset,
            system,
            broken_evaluation_id,
            count(*) as broken_jobs,
            count(*) filter (where has_own_failure) as own_jobs,
            count(*) filter (where outcome = 'open') as still_failing_jobs,
            bool_or(is_provisional) as is_provisional
        from core.failure_episodes
        where not is_left_censored
        group by source, jobset, system, broken_evaluation_id
    ),
    first_ones as (
        select source, jobset, system, min(evaluation_at) as first_complete_at
        from core.evaluation_systems
        where is_complete
        group by source, jobset, system
    )
select
    b.source,
    b.jobset,
    e.evaluation_id,
    b.system,
    e.ordinal,
    e.evaluation_at,
    b.broken_jobs,
    b.own_jobs,
    b.still_failing_jobs,
    e.evaluation_at = f.first_complete_at as is_series_start,
    b.is_provisional,
    1 as definition_version
from begun as b
inner join core.evaluation_systems as e
    on b.source = e.source
    and b.jobset = e.jobset
    and b.system = e.system
    and b.broken_evaluation_id = e.evaluation_id
inner join first_ones as f on b.source = f.source and b.jobset = f.jobset and b.system = f.system
where b.broken_jobs >= 250
order by b.source, b.jobset, e.ordinal, e.evaluation_id, b.system
