-- When a job began to fail by itself within a failure episode, and which evaluation confirms it.
--
-- Turns count the complete evaluations of a jobset and system. Episodes that began before anybody looked have no
-- beginning and are left out. Confirmed: red in a second complete evaluation. An evaluation does not count for that
-- from the moment on at which the derivation that it shows is known to be flaky.
--
-- keep: no
-- grain: job, broken_evaluation_id
-- column: job | Number of the job.
-- column: series | Jobset and system.
-- column: broken_evaluation_id | First evaluation of the episode.
-- column: own_turn | First complete evaluation in which it failed by itself.
-- column: own_build_id | Its build there.
-- column: good_build_id | Build that was green last before; null where none was seen green.
-- column: good_turn | Last complete evaluation before, in which it was green or off a list of failures; null: none.
-- column: is_good_seen | Whether it was green by name there; null where good_turn is.
-- column: confirmed_turn | Complete evaluation that confirms it; null: none yet.
-- column: is_flaky | Whether a derivation that it failed with is known to be flaky.
-- column: cleared_at | When the episode ended; null while open.
-- column: outcome | As in core.failure_episodes.
-- column: is_provisional | As in core.failure_episodes.
with counted as (
    select
        series,
        step,
        evaluation_id,
        evaluation_at,
        coverage,
        is_complete,
        count(*) filter (where is_complete) over (partition by series order by step rows unbounded preceding) as turn
    from core.evaluation_systems
),

turns as (
    select series, turn, evaluation_id, evaluation_at, coverage
    from counted
    where is_complete
),

episodes as (
    select
        j.job,
        s.series,
        e.broken_evaluation_id,
        b.turn as broken_turn,
        before.turn as off_turn,
        before.coverage as off_coverage,
        l.turn as last_turn,
        e.cleared_at,
        e.outcome,
        e.is_provisional
    from core.failure_episodes as e
    inner join replay.series as s on e.source = s.source and e.jobset = s.jobset and e.system = s.system
    inner join replay.jobs as j on s.series = j.series and e.attr = j.attr and e.variant = j.variant
    inner join turns as b on s.series = b.series and e.broken_evaluation_id = b.evaluation_id
    -- Several evaluations may have the time of the last red one: the last of them.
    inner join (
        select series, evaluation_at, max(turn) as turn
        from turns
        group by series, evaluation_at
    ) as l on s.series = l.series and e.last_red_at = l.evaluation_at
    left join turns as before on s.series = before.series and b.turn - 1 = before.turn
    where e.has_own_failure and not e.is_left_censored
),

flaky as (
    select source, substr(derivation, 7) as build_id, known_since_at
    from core.flaky_derivations
    where starts_with(derivation, 'build:')
    union
    select b.source, b.build_id, f.known_since_at
    from staging.build_observed as b
    inner join core.flaky_derivations as f on b.source = f.source and b.drv_path = f.derivation
),

placed as (
    select
        i.job,
        i.series,
        i.build_id,
        k.status_class = 'green' as is_green,
        k.red_kind = 'own' and i.cause = 'own' as is_own,
        f.turn + case when f.is_complete then 0 else 1 end as first_turn,
        l.turn as last_turn
    from replay.intervals as i
    inner join core.status_classes as k on i.status = k.status
    inner join (select distinct job from episodes) as e on i.job = e.job
    inner join counted as f on i.series = f.series and i.first_step = f.step
    inner join counted as l on i.series = l.series and i.last_step = l.step
    where k.status_class in ('green', 'red') and f.turn + case when f.is_complete then 0 else 1 end <= l.turn
),

started as (
    select
        e.job,
        e.broken_evaluation_id,
        min(p.first_turn) as own_turn,
        arg_min(p.build_id, p.first_turn) as own_build_id
    from episodes as e
    inner join placed as p on e.job = p.job and p.is_own and p.first_turn between e.broken_turn and e.last_turn
    group by e.job, e.broken_evaluation_id
),

-- How many complete evaluations each red run brings towards a confirmation.
red as (
    select
        e.job,
        e.broken_evaluation_id,
        p.first_turn,
        y.known_since_at is not null as is_flaky,
        case
            when y.known_since_at <= f.evaluation_at then 0
            when p.last_turn = p.first_turn or y.known_since_at <= n.evaluation_at then 1
            else 2
        end as counts
    from episodes as e
    inner join started as o on e.job = o.job and e.broken_evaluation_id = o.broken_evaluation_id
    inner join placed as p on e.job = p.job and not p.is_green and p.first_turn between o.own_turn and e.last_turn
    inner join replay.series as s on e.series = s.series
    inner join turns as f on e.series = f.series and p.first_turn = f.turn
    left join turns as n on e.series = n.series and p.first_turn + 1 = n.turn
    left join flaky as y on s.source = y.source and p.build_id = y.build_id
),

summed as (
    select
        *,
        coalesce(
            sum(counts) over (
                partition by job, broken_evaluation_id
                order by first_turn
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as before
    from red
),

confirmed as (
    select
        job,
        broken_evaluation_id,
        bool_or(is_flaky) as is_flaky,
        min(case when before = 0 and counts = 2 then first_turn + 1 when before = 1 and counts > 0 then first_turn end)
            as confirmed_turn
    from summed
    group by job, broken_evaluation_id
),

green as (
    select
        o.job,
        o.broken_evaluation_id,
        max(p.last_turn) as good_turn,
        arg_max(p.build_id, p.last_turn) as good_build_id
    from started as o
    inner join placed as p on o.job = p.job and p.is_green and p.last_turn < o.own_turn
    group by o.job, o.broken_evaluation_id
)

select
    e.job,
    e.series,
    e.broken_evaluation_id,
    o.own_turn,
    o.own_build_id,
    g.good_build_id,
    -- Off a list of failures is the best that such a list can say; where every job is told, only green is good.
    case
        when e.off_coverage in ('full', 'named') or e.off_turn is null then g.good_turn
        else greatest(e.off_turn, coalesce(g.good_turn, 0))
    end as good_turn,
    case
        when e.off_coverage in ('full', 'named') or e.off_turn is null then g.good_turn is not null
        else coalesce(g.good_turn >= e.off_turn, false)
    end as is_good_seen,
    c.confirmed_turn,
    c.is_flaky,
    e.cleared_at,
    e.outcome,
    e.is_provisional
from episodes as e
inner join started as o on e.job = o.job and e.broken_evaluation_id = o.broken_evaluation_id
inner join confirmed as c on e.job = c.job and e.broken_evaluation_id = c.broken_evaluation_id
left join green as g on e.job = g.job and e.broken_evaluation_id = g.broken_evaluation_id
order by e.job, o.own_turn
