-- A red job of a channel in one evaluation of a stall, and what would have been had it, or its cause, not been red.
--
-- Clear means what it means in core.channel_verdicts: the red jobs that are left, with undecided and missing ones, are
-- within the tolerance, and for an official channel nothing of the evaluation is unfinished. For a gate this is a
-- guess from the jobs that are named: the source alone knows what its gate asks.
--
-- keep: no
-- grain: source, channel, turn, job
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: stall_turn | First evaluation of the stall, among the channel's.
-- column: turn | Place of the evaluation among the channel's.
-- column: evaluation_at | Time of the evaluation.
-- column: seconds | Seconds to the channel's next judged evaluation; 0 for the newest.
-- column: series | Jobset and system of the job.
-- column: job | Number of the job.
-- column: step | The evaluation, counted in the job's series.
-- column: build_id | Build that is red.
-- column: red_kind | Kind of red.
-- column: cause | What it is red because of: a job and its system, or a derivation; itself where no other is known.
-- column: red_jobs | Red jobs of the channel in the evaluation.
-- column: is_clear_without | Whether the evaluation would be clear without this one red job.
-- column: is_clear_without_cause | Whether it would be clear without all that is red because of the same.
with timed as (
    select
        v.source,
        v.channel,
        v.turn,
        v.jobset,
        v.evaluation_id,
        v.evaluation_at,
        v.coverage,
        v.tolerance,
        v.blocking_red_jobs,
        coalesce(v.blocking_neutral_jobs, 0) as blocking_neutral_jobs,
        coalesce(v.unfinished_jobs, 0) as unfinished_jobs,
        v.selected_jobs - coalesce(v.refused_jobs, 0) as built_jobs,
        coalesce(
            date_diff('second', v.evaluation_at, lead(v.evaluation_at) over (
                partition by v.source, v.channel order by v.turn
            )),
            0
        ) as seconds
    from core.channel_verdicts as v
),

stalled as (
    select t.*, s.first_turn as stall_turn, d.decided_by
    from core.channel_stalls as s
    inner join timed as t
        on s.source = t.source and s.channel = t.channel and t.turn between s.first_turn and s.last_turn
    inner join core.channel_declarations as d on s.source = d.source and s.channel = d.channel
),

placed as (
    select t.*, e.series, e.step
    from stalled as t
    inner join core.evaluation_systems as e
        on t.source = e.source and t.jobset = e.jobset and t.evaluation_id = e.evaluation_id
),

red as (
    select p.*, r.job, r.build_id, r.red_kind
    from placed as p
    inner join replay.channel_runs as r
        on p.source = r.source
        and p.channel = r.channel
        and p.series = r.series
        and p.step between r.first_step and r.last_step
        and r.part = 'blocking'
        and r.status_class = 'red'
),

-- An official channel's job stands for its constituents where none of them is red.
alone as (
    select p.*, r.job, r.build_id, r.red_kind
    from placed as p
    inner join replay.channel_runs as r
        on p.source = r.source
        and p.channel = r.channel
        and p.series = r.series
        and p.step between r.first_step and r.last_step
        and r.part = 'decisive'
        and r.status_class = 'red'
    where p.decided_by = 'job'
        and not exists (
            select 1 from red as o where o.source = p.source and o.channel = p.channel and o.turn = p.turn
        )
),

named as (
    select n.*, coalesce(
        case when c.root_is_job is distinct from false then c.root_attr || ' ' || c.root_system end,
        c.root_derivation,
        j.attr || ' ' || s.system || ' ' || j.variant
    ) as cause
    from (select * from red union all select * from alone) as n
    inner join replay.jobs as j on n.job = j.job
    inner join replay.series as s on n.series = s.series
    left join replay.root_builds as c on n.source = c.source and n.build_id = c.build_id
        and n.red_kind is distinct from 'own'
),

shared as (
    select *, count(*) over (partition by source, channel, turn, cause) as cause_jobs
    from named
),

judged as (
    select
        *,
        case when coverage = 'full' then blocking_neutral_jobs else 0 end as others,
        coverage <> 'full' or decided_by <> 'job' or unfinished_jobs = 0 as is_finished,
        -- A selection of which nothing is left is not green.
        case when coverage = 'full' and decided_by = 'selection' then built_jobs else 1000000000 end as spare_jobs
    from shared
)

select
    source,
    channel,
    stall_turn,
    turn,
    evaluation_at,
    seconds,
    series,
    job,
    step,
    build_id,
    red_kind,
    cause,
    blocking_red_jobs as red_jobs,
    is_finished and spare_jobs > 1 and blocking_red_jobs - 1 + others <= tolerance as is_clear_without,
    is_finished and blocking_red_jobs - cause_jobs + others <= tolerance as is_clear_without_cause
from judged
