-- An evaluation in the time of a declared wave that tells which jobs there are on one system.
--
-- Told are complete evaluations, and unfinished ones of a jobset that is told in full: their list of jobs is whole,
-- and what is not built yet is what a wave waits for. The time of a wave runs from the midnight of its first day to the
-- end of its last. A wave that has not started has none.
-- The baseline is the evaluation of each jobset and system that the wave is compared with: the declared one, by id or
-- revision (the newest of that revision); where there is none, the last complete one before the wave.
--
-- grain: wave, source, jobset, evaluation_id, system
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: system | Nix system.
-- column: turn | Number of the evaluation in the wave on this jobset and system, from 1.
-- column: turns | Number of the newest one.
-- column: evaluation_at | Time of the evaluation.
-- column: next_at | Time of the next one in the wave; null for the newest.
-- column: coverage | `full`, `named`, `failures_with_totals` or `failures_only`.
-- column: is_complete | Whether the evaluation is complete on this system.
-- column: baseline_evaluation_id | Evaluation that the wave is compared with; null if none is known.
-- column: baseline_at | Time of that evaluation.
-- column: baseline_basis | `declared`, `before_start` or `none`.
-- column: place | Place of the jobset in the declaration, from 1.
-- column: series | Internal number of jobset and system.
-- column: step | Internal number of the evaluation within them.
-- column: baseline_step | Internal number of the baseline.
with
    named as (
        select
            w.wave,
            w.source,
            w.baseline,
            w.started_at,
            w.ended_at,
            unnest(w.jobsets) as jobset,
            unnest(range(1, len(w.jobsets) + 1)) as place
        from core.waves as w
    ),
    evaluated as (
        select
            n.wave,
            n.baseline,
            n.started_at,
            n.ended_at,
            n.place,
            s.source,
            s.jobset,
            s.evaluation_id,
            s.system,
            s.evaluation_at,
            s.coverage,
            s.is_complete,
            s.series,
            s.step,
            e.revision
        from named as n
        inner join core.evaluation_systems as s on n.source = s.source and n.jobset = s.jobset
        inner join core.evaluations as e
            on s.source = e.source and s.jobset = e.jobset and s.evaluation_id = e.evaluation_id
        where s.is_complete or (s.coverage = 'full' and s.listed_jobs > 0)
    ),
    started as (
        select
            *,
            row_number() over (partition by wave, series order by step) as turn,
            count(*) over (partition by wave, series) as turns,
            lead(evaluation_at) over (partition by wave, series order by step) as next_at
        from evaluated
        where evaluation_at >= started_at and (ended_at is null or evaluation_at < ended_at + interval 1 day)
    ),
    begun as (
        select wave, series, min(step) as first_step from started group by wave, series
    ),
    baselines as (
        select
            e.wave,
            e.series,
            coalesce(
                max(case when e.evaluation_id = e.baseline or e.revision = e.baseline then e.step end),
                max(case when e.is_complete and e.step < b.first_step then e.step end)
            ) as step,
            case
                when bool_or(e.evaluation_id = e.baseline or e.revision = e.baseline) then 'declared'
                when bool_or(e.is_complete and e.step < b.first_step) then 'before_start'
                else 'none'
            end as basis
        from evaluated as e
        inner join begun as b on e.wave = b.wave and e.series = b.series
        group by e.wave, e.series
    )
select
    s.wave,
    s.source,
    s.jobset,
    s.evaluation_id,
    s.system,
    s.turn,
    s.turns,
    s.evaluation_at,
    s.next_at,
    s.coverage,
    s.is_complete,
    c.evaluation_id as baseline_evaluation_id,
    c.evaluation_at as baseline_at,
    b.basis as baseline_basis,
    s.place,
    s.series,
    s.step,
    b.step as baseline_step
from started as s
inner join baselines as b on s.wave = b.wave and s.series = b.series
left join evaluated as c on b.wave = c.wave and b.series = c.series and b.step = c.step
order by s.wave, s.source, s.jobset, s.turn, s.evaluation_id, s.system
