-- A wave that nobody declared, found in the data: a burst, the start of a series, or an iteration of staging-next.
--
-- `burst`: an evaluation in which 250 or more jobs of one system began to fail (metrics.bursts); its cohort are the failures
-- that began in it, on every system. `series_start`: the same, where the evaluation is as old as the first one that was seen:
-- what began in it may have begun long before. `staging_next`: a run of comparisons in which staging-next builds hardly
-- anything (at most 5 %) of what trunk builds (core.staging_comparisons). It begins at the first evaluation of staging-next in
-- the run and ends when the two are alike again, which is the merge where an evaluation of trunk ended it. An iteration that
-- is merged while the next one has already been evaluated shows as one with it, and a change that rebuilds most but not nearly
-- everything is none. Iterations are found only where every job is told with its derivation, on both sides.
--
-- grain: source, jobset, wave
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: wave | `burst-`, `start-` or `staging-next-` and the first evaluation.
-- column: kind | `burst`, `series_start` or `staging_next`.
-- column: first_evaluation_id | Evaluation in which it began.
-- column: ordinal | The source's own order of that evaluation.
-- column: began_at | Time of that evaluation.
-- column: last_evaluation_id | Last evaluation of the iteration; of a burst its only one.
-- column: last_evaluation_at | Time of it.
-- column: ended_evaluation_id | Evaluation of trunk, or else of staging-next, in which the two were alike again; null for bursts and while apart.
-- column: ended_at | Time of it; for a burst, when the last of its jobs left the list; null until then.
-- column: is_merged | Whether an evaluation of trunk ended the iteration; null for bursts and while apart.
-- column: evaluations | Evaluations of the jobset in it.
-- column: systems | Systems on which 250 or more jobs began to fail; of an iteration, systems with a failure that began in it.
-- column: jobs | Jobs whose failure began in it, on any system: its cohort.
-- column: still_failing_jobs | Of them, jobs whose failure has not ended.
-- column: apart_jobs | Jobs that the first evaluation of an iteration builds otherwise than trunk; null for bursts.
with
    begun as (
        select
            d.source,
            d.jobset,
            d.broken_evaluation_id as evaluation_id,
            sum(d.episodes) as jobs,
            sum(d.episodes - d.ended) as still_failing_jobs,
            max(d.duration_seconds) as longest_seconds
        from core.time_to_fix_durations as d
        where d.kind = 'all'
        group by d.source, d.jobset, d.broken_evaluation_id
    ),
    bursts as (
        select
            source,
            jobset,
            evaluation_id,
            ordinal,
            min(began_at) as began_at,
            count(*) as systems,
            bool_and(is_series_start) as is_series_start
        from core.cohorts
        where is_burst
        group by source, jobset, evaluation_id, ordinal
    ),
    parted as (
        select
            source,
            jobset,
            turn,
            compared_at,
            is_trunk_turn,
            evaluation_id,
            trunk_evaluation_id,
            common_jobs - same_jobs as apart_jobs,
            is_apart,
            lead(turn) over w as next_turn,
            sum(case when is_apart then 0 else 1 end) over w as run
        from core.staging_comparisons
        window w as (partition by source, jobset order by turn)
    ),
    runs as (
        select
            source,
            jobset,
            run,
            min(turn) filter (where not is_trunk_turn) as first_turn,
            max(turn) filter (where not is_trunk_turn) as last_turn,
            count(*) filter (where not is_trunk_turn) as evaluations,
            -- arg_max would pass over the null of the last comparison
            arg_max(coalesce(next_turn, -1), turn) as end_turn
        from parted
        where is_apart
        group by source, jobset, run
        having count(*) filter (where not is_trunk_turn) > 0
    ),
    iterations as (
        select
            r.source,
            r.jobset,
            f.evaluation_id as first_evaluation_id,
            v.ordinal,
            f.compared_at as began_at,
            l.evaluation_id as last_evaluation_id,
            l.compared_at as last_evaluation_at,
            case when e.is_trunk_turn then e.trunk_evaluation_id else e.evaluation_id end as ended_evaluation_id,
            e.compared_at as ended_at,
            e.is_trunk_turn as is_merged,
            r.evaluations,
            f.apart_jobs
        from runs as r
        inner join parted as f on r.source = f.source and r.jobset = f.jobset and r.first_turn = f.turn
        inner join parted as l on r.source = l.source and r.jobset = l.jobset and r.last_turn = l.turn
        inner join core.evaluations as v
            on r.source = v.source and r.jobset = v.jobset and f.evaluation_id = v.evaluation_id
        left join parted as e on r.source = e.source and r.jobset = e.jobset and r.end_turn = e.turn
    ),
    broken as (
        select
            i.source,
            i.jobset,
            i.first_evaluation_id,
            count(distinct e.system) as systems,
            count(*) as jobs,
            count(*) filter (where e.outcome = 'open') as still_failing_jobs
        from iterations as i
        inner join core.failure_episodes as e
            on i.source = e.source
            and i.jobset = e.jobset
            and e.broken_at between i.began_at and i.last_evaluation_at
        where not e.is_left_censored
        group by i.source, i.jobset, i.first_evaluation_id
    ),
    found as (
        select
            b.source,
            b.jobset,
            case when b.is_series_start then 'start-' else 'burst-' end || b.evaluation_id as wave,
            case when b.is_series_start then 'series_start' else 'burst' end as kind,
            b.evaluation_id as first_evaluation_id,
            b.ordinal,
            b.began_at,
            b.evaluation_id as last_evaluation_id,
            b.began_at as last_evaluation_at,
            cast(null as varchar) as ended_evaluation_id,
            case
                when g.still_failing_jobs = 0 then b.began_at + g.longest_seconds * interval 1 second
            end as ended_at,
            cast(null as boolean) as is_merged,
            1 as evaluations,
            b.systems,
            g.jobs,
            g.still_failing_jobs,
            cast(null as bigint) as apart_jobs
        from bursts as b
        inner join begun as g
            on b.source = g.source and b.jobset = g.jobset and b.evaluation_id = g.evaluation_id
        union all
        select
            i.source,
            i.jobset,
            'staging-next-' || i.first_evaluation_id as wave,
            'staging_next' as kind,
            i.first_evaluation_id,
            i.ordinal,
            i.began_at,
            i.last_evaluation_id,
            i.last_evaluation_at,
            i.ended_evaluation_id,
            i.ended_at,
            i.is_merged,
            i.evaluations,
            coalesce(n.systems, 0) as systems,
            coalesce(n.jobs, 0) as jobs,
            coalesce(n.still_failing_jobs, 0) as still_failing_jobs,
            i.apart_jobs
        from iterations as i
        left join broken as n
            on i.source = n.source and i.jobset = n.jobset and i.first_evaluation_id = n.first_evaluation_id
    )
select
    source,
    jobset,
    wave,
    kind,
    first_evaluation_id,
    ordinal,
    began_at,
    last_evaluation_id,
    last_evaluation_at,
    ended_evaluation_id,
    ended_at,
    is_merged,
    cast(evaluations as integer) as evaluations,
    cast(systems as integer) as systems,
    cast(jobs as bigint) as jobs,
    cast(still_failing_jobs as bigint) as still_failing_jobs,
    cast(apart_jobs as bigint) as apart_jobs
from found
order by source, jobset, ordinal, wave
