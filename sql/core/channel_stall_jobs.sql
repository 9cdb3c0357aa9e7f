-- A red job of a channel in a stall: since when, because of what, and how many seconds a fix would have saved.
--
-- What metrics.channel_blockers ranks and shows in days; there is said what a fix, a cause and a last good evaluation are.
--
-- grain: source, channel, stall_evaluation_id, attr, system, variant
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: stall_evaluation_id | First blocked evaluation of the stall.
-- column: jobset | Jobset of the job.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: build_id | Build that was red first in the stall.
-- column: red_kind | Kind of red of that build.
-- column: evaluations | Evaluations of the stall in which the job was red.
-- column: evaluations_alone | Of them, those that would have been clear without it.
-- column: first_bad_evaluation_id | Evaluation in which its failure began; null where no episode holds it.
-- column: first_bad_at | Time of that evaluation.
-- column: last_good_evaluation_id | Complete evaluation before it in which the job was green, or not named; null if none.
-- column: last_good_basis | `green` or `not named`: how good it is known to have been; null if there is none.
-- column: cause | Job and system, or derivation, that it was red because of; the job itself where it failed by itself.
-- column: cause_basis | `own`, `propagated`, `failed_derivations`, or `unknown`: not told, so that the job stands for its cause.
-- column: cause_build_id | Build in which that failure happened; null where unknown.
-- column: cause_jobs | Jobs of the selection that were red because of it in this stall.
-- column: saved_seconds | Seconds of stall that would have been saved had this one job been left out.
-- column: would_advance_turn | First evaluation to which the channel would have advanced without this job, among the channel's.
-- column: cause_saved_seconds | Seconds of stall that a fix of the cause would have saved.
-- column: cause_would_advance_turn | First evaluation to which it would have advanced with the cause fixed.
with folded as (
    select
        source,
        channel,
        stall_turn,
        series,
        job,
        count(*) as evaluations,
        count(*) filter (where is_clear_without) as evaluations_alone,
        sum(seconds) filter (where is_clear_without) as saved_seconds,
        min(turn) filter (where is_clear_without) as would_turn,
        min(turn) as first_turn,
        min(step) as first_step
    from replay.channel_blocks
    group by source, channel, stall_turn, series, job
),

causes as (
    select source, channel, stall_turn, job, cause
    from replay.channel_blocks
    group by source, channel, stall_turn, job, cause
    qualify row_number() over (
        partition by source, channel, stall_turn, job order by count(*) desc, min(turn), cause
    ) = 1
),

-- Each evaluation counts once for a cause, however many jobs it turned red.
cause_turns as (
    select source, channel, stall_turn, cause, turn, bool_or(is_clear_without_cause) as is_clear, max(seconds) as seconds
    from replay.channel_blocks
    group by source, channel, stall_turn, cause, turn
),

cause_sums as (
    select
        source,
        channel,
        stall_turn,
        cause,
        sum(seconds) filter (where is_clear) as saved_seconds,
        min(turn) filter (where is_clear) as would_turn
    from cause_turns
    group by source, channel, stall_turn, cause
),

cause_counts as (
    select source, channel, stall_turn, cause, count(distinct job) as jobs
    from replay.channel_blocks
    group by source, channel, stall_turn, cause
),

named as (
    select
        f.*,
        c.cause,
        b.build_id,
        b.red_kind,
        b.evaluation_at,
        s.jobset,
        s.system,
        j.attr,
        j.variant,
        r.root_build_id,
        r.evidence,
        k.saved_seconds as cause_saved_seconds,
        k.would_turn as cause_would_turn,
        n.jobs as cause_jobs
    from folded as f
    inner join causes as c
        on f.source = c.source and f.channel = c.channel and f.stall_turn = c.stall_turn and f.job = c.job
    inner join cause_sums as k
        on c.source = k.source and c.channel = k.channel and c.stall_turn = k.stall_turn and c.cause = k.cause
    inner join cause_counts as n
        on c.source = n.source and c.channel = n.channel and c.stall_turn = n.stall_turn and c.cause = n.cause
    inner join replay.channel_blocks as b
        on f.source = b.source and f.channel = b.channel and f.first_turn = b.turn and f.job = b.job
    inner join replay.jobs as j on f.job = j.job
    inner join replay.series as s on f.series = s.series
    left join replay.root_builds as r
        on f.source = r.source and b.build_id = r.build_id and b.red_kind is distinct from 'own'
),

-- The failure episode that holds the first red evaluation of the stall.
began as materialized (
    select n.source, n.channel, n.stall_turn, n.job, n.series, e.broken_evaluation_id, e.broken_at, p.step as broken_step
    from named as n
    inner join core.failure_episodes as e
        on n.source = e.source
        and n.jobset = e.jobset
        and n.attr = e.attr
        and n.system = e.system
        and n.variant = e.variant
        and e.broken_at <= n.evaluation_at
        and (e.cleared_at is null or e.cleared_at > n.evaluation_at)
    inner join core.evaluation_systems as p
        on n.series = p.series and e.broken_evaluation_id = p.evaluation_id
    qualify row_number() over (
        partition by n.source, n.channel, n.stall_turn, n.job order by p.step desc
    ) = 1
),

-- For each evaluation of a series the newest complete one up to it, and the one before it.
complete as materialized (
    select
        series,
        step,
        coverage in ('full', 'named') as is_told,
        max(case when is_complete then step end) over (
            partition by series order by step rows unbounded preceding
        ) as through_step,
        max(case when is_complete then step end) over (
            partition by series order by step rows between unbounded preceding and 1 preceding
        ) as before_step
    from core.evaluation_systems
),

-- The newest evaluation in which it is named as green; and for lists of failures the one just before, if it names
-- the job in no way.
greens as materialized (
    select
        b.source,
        b.channel,
        b.stall_turn,
        b.job,
        i.series,
        i.first_step,
        least(i.last_step, b.broken_step - 1) as last_step
    from began as b
    inner join replay.intervals as i on b.job = i.job and i.first_step < b.broken_step
    inner join core.status_classes as k on i.status = k.status and k.status_class = 'green'
),

good_steps as (
    select g.source, g.channel, g.stall_turn, g.job, g.series, max(t.through_step) as step, 'green' as basis
    from greens as g
    inner join complete as t on g.series = t.series and g.last_step = t.step
    where t.through_step >= g.first_step
    group by g.source, g.channel, g.stall_turn, g.job, g.series
    union all
    select b.source, b.channel, b.stall_turn, b.job, b.series, t.before_step as step, 'not named' as basis
    from began as b
    inner join complete as t on b.series = t.series and b.broken_step = t.step and not t.is_told
    left join replay.intervals as i on b.job = i.job and t.before_step between i.first_step and i.last_step
    where i.job is null and t.before_step is not null
),

good as (
    select g.source, g.channel, g.stall_turn, g.job, p.evaluation_id, g.basis
    from good_steps as g
    inner join core.evaluation_systems as p on g.series = p.series and g.step = p.step
    qualify row_number() over (
        partition by g.source, g.channel, g.stall_turn, g.job order by g.step desc
    ) = 1
)

select
    n.source,
    n.channel,
    t.stall_evaluation_id,
    n.jobset,
    n.attr,
    n.system,
    n.variant,
    n.build_id,
    n.red_kind,
    n.evaluations,
    n.evaluations_alone,
    b.broken_evaluation_id as first_bad_evaluation_id,
    b.broken_at as first_bad_at,
    g.evaluation_id as last_good_evaluation_id,
    g.basis as last_good_basis,
    trim(n.cause) as cause,
    case
        when n.red_kind = 'own' then 'own'
        when n.root_build_id is not null then n.evidence
        else 'unknown'
    end as cause_basis,
    case when n.red_kind = 'own' then n.build_id else n.root_build_id end as cause_build_id,
    n.cause_jobs,
    coalesce(n.saved_seconds, 0)::bigint as saved_seconds,
    n.would_turn as would_advance_turn,
    coalesce(n.cause_saved_seconds, 0)::bigint as cause_saved_seconds,
    n.cause_would_turn as cause_would_advance_turn
from named as n
inner join core.channel_stalls as t
    on n.source = t.source and n.channel = t.channel and n.stall_turn = t.first_turn
left join began as b
    on n.source = b.source and n.channel = b.channel and n.stall_turn = b.stall_turn and n.job = b.job
left join good as g
    on n.source = g.source and n.channel = g.channel and n.stall_turn = g.stall_turn and n.job = g.job
order by n.source, n.channel, t.stall_evaluation_id, n.attr, n.system, n.variant
