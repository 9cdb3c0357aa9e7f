-- Failures that began in one evaluation on one system, where 100 or more did.
--
-- A cohort is watched from its evaluation to the last complete evaluation of its jobset and system. Cohorts of one jobset that
-- begin within a day of the one before are one cluster, whatever their systems: mostly one change broke them all, and they say
-- one thing, not several. Failures of the first complete evaluation of a system began at an unknown time and are in no cohort;
-- is_series_start marks cohorts of an evaluation that is as old as the first one (see metrics.bursts).
--
-- grain: source, jobset, evaluation_id, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | Evaluation in which they began.
-- column: system | Nix system.
-- column: ordinal | The source's own order of evaluations.
-- column: began_at | Time of that evaluation.
-- column: observed_until_at | Last complete evaluation of the jobset and system.
-- column: cluster | Number of its cluster in the jobset, in order of time, from 1.
-- column: jobs | Jobs that began to fail.
-- column: still_failing_jobs | Of them, jobs that have not left the list.
-- column: is_burst | Whether 250 or more began.
-- column: is_series_start | Whether the evaluation is as old as the first complete one of the system.
with
    begun as (
        select
            source,
            jobset,
            system,
            broken_evaluation_id as evaluation_id,
            cast(sum(episodes) as bigint) as jobs,
            cast(sum(episodes - ended) as bigint) as still_failing_jobs
        from core.time_to_fix_durations
        where kind = 'all'
        group by source, jobset, system, broken_evaluation_id
        having sum(episodes) >= 100
    ),
    complete as (
        select
            source,
            jobset,
            system,
            min(evaluation_at) as first_complete_at,
            max(evaluation_at) as observed_until_at
        from core.evaluation_systems
        where is_complete
        group by source, jobset, system
    ),
    dated as (
        select
            b.source,
            b.jobset,
            b.evaluation_id,
            b.system,
            e.ordinal,
            e.evaluation_at as began_at,
            c.observed_until_at,
            b.jobs,
            b.still_failing_jobs,
            e.evaluation_at = c.first_complete_at as is_series_start
        from begun as b
        inner join core.evaluation_systems as e
            on b.source = e.source
            and b.jobset = e.jobset
            and b.system = e.system
            and b.evaluation_id = e.evaluation_id
        inner join complete as c on b.source = c.source and b.jobset = c.jobset and b.system = c.system
    ),
    parted as (
        select
            source,
            jobset,
            evaluation_id,
            system,
            ordinal,
            began_at,
            observed_until_at,
            jobs,
            still_failing_jobs,
            is_series_start,
            case
                when date_diff('second', lag(began_at) over (
                    partition by source, jobset order by began_at, ordinal, evaluation_id, system
                ), began_at) <= 86400 then 0
                else 1
            end as is_apart
        from dated
    )
select
    source,
    jobset,
    evaluation_id,
    system,
    ordinal,
    began_at,
    observed_until_at,
    cast(sum(is_apart) over (
        partition by source, jobset
        order by began_at, ordinal, evaluation_id, system
        rows unbounded preceding
    ) as integer) as cluster,
    jobs,
    still_failing_jobs,
    jobs >= 250 as is_burst,
    is_series_start
from parted
order by source, jobset, ordinal, evaluation_id, system
