-- Whether a channel could advance to a complete evaluation: green, blocked or unknown, and why.
--
-- A selection is green if its red, undecided and missing jobs together are within the tolerance, blocked if the red ones
-- alone are not, else unknown. An official channel is green if its job succeeded and no build of the evaluation is
-- unfinished, as its own script asks. A gate is green, blocked or unknown as the source says. Refused jobs (marked
-- broken, unfree) are not built and count for nothing; they are shown. A job that the selection writes out, that was
-- there once and is not in this evaluation is missing. Where the selection names a maintainer or team that no list tells
-- of, what is theirs is unknown: never green.
-- Where a source names failures only, nothing is ever green: an evaluation without a named failure is unknown, and its
-- reason says `not blocked by a named failure`: an upper bound of green. Evaluations that are incomplete on a system of
-- the channel are not here, but for gates, which the source decides itself.
--
-- grain: source, channel, evaluation_id
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: jobset | Jobset as project/name; one of the channel's names for it.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: turn | Place of the evaluation among the channel's, from 1.
-- column: ordinal | The source's own order of evaluations.
-- column: evaluation_at | Time of the evaluation used for every duration.
-- column: revision | Evaluated commit; null if not told.
-- column: coverage | How much the source tells of the evaluation.
-- column: verdict | `green`, `blocked` or `unknown`.
-- column: reason | Why it is not green, in words; null where it is.
-- column: is_clear | Green; or, where the source names failures only, not blocked by a named failure.
-- column: is_provisional | Whether a later evaluation may still change what is known of this one.
-- column: selected_jobs | Jobs of the selection that are named; failures only where the source names no others.
-- column: green_jobs | Of them, green; null where the source names failures only.
-- column: red_jobs | Of them, red.
-- column: neutral_jobs | Of them, undecided: queued, running, aborted, cancelled or unknown.
-- column: refused_jobs | Of them, refused by a meta check.
-- column: missing_jobs | Jobs that the selection writes out and that are not there any more; null where absence says nothing.
-- column: blocking_red_jobs | Red jobs that explain the verdict: for an official channel the red constituents of its job, or the job itself.
-- column: blocking_neutral_jobs | Undecided and missing jobs that would stand in the way without the red ones.
-- column: unfinished_jobs | Builds of the whole evaluation that are queued or running; null where not told.
-- column: tolerance | Jobs that may be red all the same.
with fed as (
    select
        d.source,
        d.channel,
        d.decided_by,
        d.gate,
        d.tolerance,
        u.channel is not null as is_untold,
        len(d.systems) as wanted_systems,
        f.jobset,
        f.place,
        s.series,
        len(d.systems) = 0 or list_contains(d.systems, s.system) as is_selected
    from core.channel_declarations as d
    inner join core.channel_feeds as f on d.source = f.source and d.channel = f.channel
    inner join replay.series as s on f.source = s.source and f.jobset = s.jobset
    left join (select distinct source, channel from replay.channel_owners where attr is null) as u
        on d.source = u.source and d.channel = u.channel
),

with_members as (
    select distinct source, channel, series from replay.channel_runs where part = 'decisive'
),

told as (
    select
        f.*,
        e.evaluation_id,
        e.ordinal,
        e.step,
        e.evaluation_at,
        e.coverage,
        e.is_complete,
        e.is_verdict_final,
        e.unfinished_jobs,
        case
            when f.decided_by = 'gate' then true
            when f.wanted_systems > 0 then f.is_selected
            else m.series is not null
        end as is_relevant
    from fed as f
    inner join core.evaluation_systems as e on f.series = e.series
    left join with_members as m on f.source = m.source and f.channel = m.channel and f.series = m.series
),

-- Runs of jobs as +1 where they begin and -1 after they end, summed along the steps.
changes as (
    select source, channel, series, part, status_class, is_exact, first_step as step, 1 as n from replay.channel_runs
    union all
    select source, channel, series, part, status_class, is_exact, last_step + 1 as step, -1 as n from replay.channel_runs
),

-- A job that is written out counts as begun from the first time that it was there.
begun as (
    select source, channel, series, step, count(*) as n
    from (
        select source, channel, series, job, min(first_step) as step
        from replay.channel_runs
        where part = 'decisive' and is_exact
        group by source, channel, series, job
    )
    group by source, channel, series, step
),

changed as (
    select
        source,
        channel,
        series,
        step,
        sum(n) filter (where part = 'decisive') as selected,
        sum(n) filter (where part = 'decisive' and status_class = 'green') as green,
        sum(n) filter (where part = 'decisive' and status_class = 'red') as red,
        sum(n) filter (where part = 'decisive' and status_class = 'neutral') as neutral,
        sum(n) filter (where part = 'decisive' and status_class = 'refused') as refused,
        sum(n) filter (where part = 'decisive' and is_exact) as exact,
        sum(n) filter (where part = 'blocking' and status_class = 'red') as blocking_red,
        sum(n) filter (where part = 'blocking' and status_class = 'neutral') as blocking_neutral
    from changes
    group by source, channel, series, step
),

counted as (
    select
        t.*,
        sum(coalesce(c.selected, 0)) over w as selected,
        sum(coalesce(c.green, 0)) over w as green,
        sum(coalesce(c.red, 0)) over w as red,
        sum(coalesce(c.neutral, 0)) over w as neutral,
        sum(coalesce(c.refused, 0)) over w as refused,
        sum(coalesce(b.n, 0)) over w - sum(coalesce(c.exact, 0)) over w as missing,
        sum(coalesce(c.blocking_red, 0)) over w as blocking_red,
        sum(coalesce(c.blocking_neutral, 0)) over w as blocking_neutral
    from told as t
    left join changed as c
        on t.source = c.source and t.channel = c.channel and t.series = c.series and t.step = c.step
    left join begun as b
        on t.source = b.source and t.channel = b.channel and t.series = b.series and t.step = b.step
    window w as (partition by t.source, t.channel, t.series order by t.step rows unbounded preceding)
),

folded as (
    select
        source,
        channel,
        jobset,
        evaluation_id,
        decided_by,
        gate,
        tolerance,
        is_untold,
        place,
        min(ordinal) as ordinal,
        min(evaluation_at) as evaluation_at,
        max(coverage) as coverage,
        coalesce(bool_and(is_complete) filter (where is_relevant), decided_by <> 'selection') as is_complete,
        coalesce(bool_and(is_verdict_final) filter (where is_relevant), true) as is_final,
        count(*) filter (where is_relevant) >= wanted_systems as has_every_system,
        sum(unfinished_jobs) as unfinished,
        coalesce(sum(selected) filter (where is_relevant), 0) as selected,
        coalesce(sum(green) filter (where is_relevant), 0) as green,
        coalesce(sum(red) filter (where is_relevant), 0) as red,
        coalesce(sum(neutral) filter (where is_relevant), 0) as neutral,
        coalesce(sum(refused) filter (where is_relevant), 0) as refused,
        case
            when decided_by = 'selection' and max(coverage) = 'full'
                then coalesce(sum(missing) filter (where is_relevant), 0)
        end as missing,
        sum(blocking_red) as blocking_red,
        sum(blocking_neutral) as blocking_neutral
    from counted
    group by source, channel, jobset, evaluation_id, decided_by, gate, tolerance, is_untold, place, wanted_systems
),

placed as (
    select *
    from folded
    where is_complete or decided_by = 'gate'
    qualify row_number() over (partition by source, channel, evaluation_id order by place desc) = 1
),

judged as (
    select
        p.*,
        g.verdict as gate_verdict,
        case
            when p.decided_by = 'gate' then
                case g.verdict when 'passed' then null when 'failed' then 'the gate failed' else 'the gate is undecided' end
            when p.red > p.tolerance then 'red jobs'
            when p.is_untold then 'no list tells of an owner'
            when p.coverage <> 'full' then 'not blocked by a named failure'
            when not p.has_every_system then 'a system is not told'
            when p.decided_by = 'job' and p.selected = 0 then 'the job is absent'
            when p.selected - p.refused = 0 then 'nothing is selected'
            when p.decided_by = 'job' and p.neutral > 0 then 'the job is undecided'
            when p.decided_by = 'job' and p.unfinished > 0 then 'builds are unfinished'
            when p.red + p.neutral + coalesce(p.missing, 0) > p.tolerance then
                case when p.neutral > 0 then 'undecided jobs' else 'missing jobs' end
        end as reason
    from placed as p
    left join core.gate_verdicts as g
        on p.source = g.source and p.jobset = g.jobset and p.evaluation_id = g.evaluation_id and p.gate = g.gate
    where p.decided_by <> 'gate' or g.verdict is not null
)

select
    j.source,
    j.channel,
    j.jobset,
    j.evaluation_id,
    row_number() over (
        partition by j.source, j.channel order by j.ordinal, j.evaluation_id
    ) as turn,
    j.ordinal,
    j.evaluation_at,
    e.revision,
    j.coverage,
    case
        when j.reason is null then 'green'
        when j.reason in ('red jobs', 'the gate failed', 'the job is absent') then 'blocked'
        else 'unknown'
    end as verdict,
    j.reason,
    j.reason is null or j.reason = 'not blocked by a named failure' as is_clear,
    not j.is_final as is_provisional,
    j.selected::bigint as selected_jobs,
    case when j.coverage = 'full' then j.green end::bigint as green_jobs,
    j.red::bigint as red_jobs,
    case when j.coverage = 'full' then j.neutral end::bigint as neutral_jobs,
    case when j.coverage = 'full' then j.refused end::bigint as refused_jobs,
    j.missing::bigint as missing_jobs,
    case when j.decided_by = 'job' and j.blocking_red = 0 then j.red else j.blocking_red end::bigint as blocking_red_jobs,
    case when j.coverage = 'full' then j.blocking_neutral + coalesce(j.missing, 0) end::bigint as blocking_neutral_jobs,
    j.unfinished::bigint as unfinished_jobs,
    j.tolerance
from judged as j
inner join core.evaluations as e
    on j.source = e.source and j.jobset = e.jobset and j.evaluation_id = e.evaluation_id
order by j.source, j.channel, j.ordinal, j.evaluation_id
