-- A maximal run of red of one job in one jobset on one system, over complete evaluations.
--
-- The one builder of episodes; `models.presets` names its parameters and this relation holds the preset `headline`.
-- An episode begins at the first complete evaluation in which the job is red and ends at the first complete one in
-- which it is green (`fixed`), has left a list of failures (`cleared`: green, timed out, unfinished or gone is
-- unknown) or has left a jobset that is told in full for 15 complete evaluations or 30 days (`removed`, at the
-- first of them). Evaluations of which only some jobs are named (coverage `named`) say nothing of the others: absence
-- there is bridged and never counted. Neutral statuses in between are bridged. What has not ended by the last complete evaluation of
-- the series is `open`. A marker dated inside a closed episode makes it `marked_broken`; the end stays. Outside the
-- windows of marker sources (`has_marker_window` false) that outcome is unknown, not absent.
--
-- grain: source, jobset, attr, system, variant, broken_evaluation_id
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: broken_evaluation_id | First evaluation of the episode.
-- column: broken_at | Time of that evaluation.
-- column: last_red_at | Time of the last complete evaluation of the episode, red or bridged.
-- column: cleared_evaluation_id | Evaluation that ended it; null while open.
-- column: cleared_at | Time of that evaluation; null while open.
-- column: observed_until_at | Last complete evaluation of the series: where open episodes are censored.
-- column: outcome | `marked_broken`, `fixed`, `removed`, `cleared` or `open`.
-- column: marked_at | First marker dated from the beginning to the end (or to the last complete evaluation); null if none.
-- column: has_marker_window | Whether a marker source covers the whole episode, so that no marker means not marked.
-- column: evaluations | Complete evaluations in which the job was red.
-- column: has_own_failure | Whether it failed by itself in one of them, as far as the source can tell.
-- column: is_masked | Whether an own failure was later shown as a failed dependency.
-- column: is_left_censored | Already red in the first complete evaluation: the beginning is unknown.
-- column: is_provisional | Whether a verdict that is not final touches it.
-- column: first_build_id | Build of the first red evaluation.
-- column: last_build_id | Build of the last red evaluation.
with turns as (
    select
        series,
        step,
        evaluation_id,
        case $time_basis when 'first_observed_at' then first_observed_at else evaluation_at end as turn_at,
        case when coverage in ('full', 'named') then 0 else 1 end as is_list,
        case when coverage = 'named' then 0 else 1 end as is_telling,
        case when is_verdict_final then 0 else 1 end as is_open_verdict,
        case $completeness
            when 'lookahead' then is_complete_by_lookahead
            when 'every' then true
            else is_complete
        end as is_complete
    from core.evaluation_systems
),

counted as (
    select
        *,
        count(*) filter (where is_complete) over w as turns_through,
        sum(is_list) filter (where is_complete) over w as lists_through,
        -- Evaluations in which absence says something.
        sum(is_telling) filter (where is_complete) over w as tellings_through,
        sum(is_open_verdict) over w as open_verdicts_through
    from turns
    window w as (partition by series order by step rows unbounded preceding)
),

complete as (
    select
        series,
        turns_through as turn,
        step,
        evaluation_id,
        turn_at,
        is_list,
        is_telling,
        lists_through,
        tellings_through,
        open_verdicts_through,
        is_open_verdict
    from counted
    where is_complete
),

ends as (
    select
        c.series,
        max(c.turns_through) as turns,
        max(c.tellings_through) as tellings,
        max(c.open_verdicts_through) as open_verdicts,
        max(case when c.is_complete then c.turn_at end) as observed_until_at
    from counted as c
    group by c.series
),

placed as (
    select
        i.job,
        i.series,
        i.build_id,
        i.status,
        i.cause,
        f.turns_through + case when f.is_complete then 0 else 1 end as first_turn,
        l.turns_through as last_turn,
        case
            when list_contains($bad_statuses, i.status) then 'bad'
            when k.status_class = 'green' then 'green'
            when k.status_class = 'refused' then 'refused'
            when $bridge_neutral then 'bridge'
            else 'neutral'
        end as role
    from replay.intervals as i
    inner join counted as f on i.series = f.series and i.first_step = f.step
    inner join counted as l on i.series = l.series and i.last_step = l.step
    left join core.status_classes as k on i.status = k.status
),

-- A refused job is not built: like one that is absent.
ordered as (
    select
        *,
        lag(role) over w as before_role,
        lag(last_turn) over w as before_turn,
        lead(role) over w as next_role,
        lead(first_turn) over w as next_turn,
        min(first_turn) over (partition by job) as job_turn
    from placed
    where first_turn <= last_turn and role <> 'refused'
    window w as (partition by job order by first_turn)
),

-- Whether the gap before a row is bridged: the job was absent, not merely off a list, and not for long.
gaps as (
    select
        o.job,
        o.first_turn,
        last_absent.tellings_through = before.tellings_through
            or (
                $bridge_absent
                and last_absent.tellings_through - before.tellings_through < $absent_evaluations
                and date_diff('second', gone.turn_at, back.turn_at) < $absent_days::bigint * 86400
                and last_absent.lists_through = before.lists_through
            ) as is_bridged
    from ordered as o
    inner join complete as before on o.series = before.series and o.before_turn = before.turn
    inner join complete as gone on o.series = gone.series and o.before_turn + 1 = gone.turn
    inner join complete as last_absent on o.series = last_absent.series and o.first_turn - 1 = last_absent.turn
    inner join complete as back on o.series = back.series and o.first_turn = back.turn
    where o.before_turn < o.first_turn - 1
),

marked as (
    select
        o.*,
        coalesce(g.is_bridged, o.before_turn = o.first_turn - 1) as is_joined,
        case
            when o.before_role in ('bad', 'bridge') and coalesce(g.is_bridged, o.before_turn = o.first_turn - 1) then 0
            else 1
        end as is_start
    from ordered as o
    left join gaps as g on o.job = g.job and o.first_turn = g.first_turn
),

chained as (
    select
        *,
        sum(is_start) over w as chain,
        lead(is_joined) over w as next_is_joined,
        -- The last red or bridged row of its chain: what follows it decides how the episode ends.
        coalesce(next_role not in ('bad', 'bridge') or lead(is_start) over w = 1, true) as is_last
    from marked
    window w as (partition by job order by first_turn)
),

runs as (
    select
        job,
        series,
        min(first_turn) filter (where role = 'bad') as broken_turn,
        max(last_turn) as last_turn,
        sum(last_turn - first_turn + 1) filter (where role = 'bad') as evaluations,
        bool_or(role = 'bad' and list_contains($own_statuses, status) and cause = 'own') as has_own_failure,
        min(first_turn) filter (where list_contains($own_statuses, status) and cause = 'own')
            < max(first_turn) filter (where status = 'dependency-failed') as is_masked,
        arg_min(build_id, first_turn) filter (where role = 'bad') as first_build_id,
        arg_max(build_id, first_turn) filter (where role = 'bad') as last_build_id,
        max(next_role) filter (where is_last) as next_role,
        max(next_turn) filter (where is_last) as next_turn,
        bool_or(next_is_joined) filter (where is_last) as next_is_joined,
        min(job_turn) as job_turn
    from chained
    where role in ('bad', 'bridge')
    group by job, series, chain
    having bool_or(role = 'bad')
),

-- Where it ended: at the next row if nothing unbridged lies before it, else at the first absence.
ended as (
    select
        r.*,
        -- Named no more and never seen to be absent: known until it was last named.
        case
            when gone.turn is null and r.last_turn < e.turns then last.turn_at
            else e.observed_until_at
        end as observed_until_at,
        e.open_verdicts,
        gone.is_list as gone_from_list,
        case
            when r.next_turn is not null and r.next_is_joined then r.next_turn
            when gone.turn is null then null
            when r.next_turn is not null or gone.is_list = 1 or not $bridge_absent then gone.turn
            when e.tellings - last.tellings_through >= $absent_evaluations
                or date_diff('second', gone.turn_at, e.observed_until_at) >= $absent_days::bigint * 86400 then gone.turn
        end as cleared_turn
    from runs as r
    inner join ends as e on r.series = e.series
    inner join complete as last on r.series = last.series and r.last_turn = last.turn
    -- The first evaluation after it in which absence says something.
    left join complete as gone
        on r.series = gone.series and last.tellings_through + 1 = gone.tellings_through and gone.is_telling = 1
),

dated as (
    select
        n.*,
        b.evaluation_id as broken_evaluation_id,
        b.turn_at as broken_at,
        b.open_verdicts_through - b.is_open_verdict as open_verdicts_before,
        l.turn_at as last_red_at,
        c.evaluation_id as cleared_evaluation_id,
        c.turn_at as cleared_at,
        coalesce(c.open_verdicts_through, n.open_verdicts) as open_verdicts_through,
        case
            when n.cleared_turn is null then 'open'
            when n.next_is_joined and n.next_role = 'green' then 'fixed'
            when n.next_is_joined or n.gone_from_list = 1 then 'cleared'
            else 'removed'
        end as ending
    from ended as n
    inner join complete as b on n.series = b.series and n.broken_turn = b.turn
    inner join complete as l on n.series = l.series and n.last_turn = l.turn
    left join complete as c on n.series = c.series and n.cleared_turn = c.turn
),

-- One row per episode with a marker: several markers of a package must not multiply it.
markers as (
    select
        d.job,
        d.broken_turn,
        min(m.marked_at) as marked_at
    from dated as d
    inner join replay.jobs as j on d.job = j.job
    inner join core.package_markers as m
        on j.attr = m.attr
        and m.marker = 'broken'
        and m.marked_on between (d.broken_at at time zone 'UTC')::date
            and (coalesce(d.cleared_at, d.observed_until_at) at time zone 'UTC')::date
    group by d.job, d.broken_turn
),

-- Episodes that lie within the window of a marker source whose scope holds their attribute.
windowed as (
    select distinct d.job, d.broken_turn
    from dated as d
    inner join replay.jobs as j on d.job = j.job
    inner join staging.source_declared as w
        on w.covers = 'package_marked_broken'
        and (w.scope is null or starts_with(j.attr, w.scope))
        and w.first_at <= d.broken_at
        and coalesce(d.cleared_at, d.observed_until_at) < w.last_at + interval 1 day
)

select
    s.source,
    s.jobset,
    j.attr,
    s.system,
    j.variant,
    d.broken_evaluation_id,
    d.broken_at,
    d.last_red_at,
    d.cleared_evaluation_id,
    d.cleared_at,
    d.observed_until_at,
    case when m.marked_at is not null and d.ending <> 'open' then 'marked_broken' else d.ending end as outcome,
    m.marked_at,
    w.job is not null as has_marker_window,
    d.evaluations::integer as evaluations,
    d.has_own_failure,
    coalesce(d.is_masked, false) as is_masked,
    d.broken_turn = case $left_censoring when 'job' then d.job_turn else 1 end as is_left_censored,
    d.open_verdicts_through > d.open_verdicts_before
        or (d.ending = 'open' and d.gone_from_list is not null) as is_provisional,
    d.first_build_id,
    d.last_build_id
from dated as d
inner join replay.jobs as j on d.job = j.job
inner join replay.series as s on j.series = s.series
left join markers as m on d.job = m.job and d.broken_turn = m.broken_turn
left join windowed as w on d.job = w.job and d.broken_turn = w.broken_turn
order by s.source, s.jobset, j.attr, s.system, j.variant, d.broken_turn
