-- A job that a regression made red: one that began to fail by itself, or one that fell because of it.
--
-- Regressions are failures that began while somebody looked, told once for one cause. A job that began to fail by itself is an
-- entry; jobs that build the same derivation, its other systems and variants, and a failure that comes back, go on with the entry
-- where they begin within 7 days of the one before. Jobs that fail because of another one are fallout of the entry of their root
-- (core.root_causes); where the root did not fail in this jobset by itself (it is a job of another jobset, an input that is no
-- job, or was built again since), the root is an entry of its own. What began in a burst is one entry, its cohort: an evaluation
-- in which 250 or more failures of one system began whose root is not known. Fallout of what has failed since before anybody
-- looked, and failures of which the root is not known, belong to no entry.
-- An entry is named by its first evaluation and its root, so that its name stays when more evaluations come.
--
-- grain: source, jobset, entry, role, attr, system, variant, began_evaluation_id
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: entry | `job/`, `burst/`, `derivation/` (an input that is no job) or `elsewhere/` (a job that did not fail in this jobset), its first evaluation and, but for a burst, `/` and the root.
-- column: kind | `job`, `burst`, `derivation` or `elsewhere`, as in its name.
-- column: root | Job or derivation that failed; of jobs that build one derivation the first that did. Of a burst, each is one.
-- column: first_bad_evaluation_id | Evaluation of the entry's name.
-- column: role | `own` or `fallout`.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: began_evaluation_id | First complete evaluation in which it failed by itself, or because of the root.
-- column: began_ordinal | The source's own order of that evaluation.
-- column: began_at | Time of it.
-- column: build_id | Build that it had there.
-- column: is_maintained | Whether the source says, by now, that the package has a maintainer; null if not told, and for fallout.
-- column: good_evaluation_id | Last complete evaluation before, in which an own failure was green or off a list of failures; null for fallout and where none is known.
-- column: is_good_seen | Whether it was green by name there; null where good_evaluation_id is.
-- column: confirmed_evaluation_id | Second complete evaluation in which it was red; null: none yet, or its derivation is known to be flaky.
-- column: confirmed_at | Time of it.
-- column: is_flaky | Whether a derivation that it failed with is known to be flaky (core.flaky_derivations).
-- column: cleared_at | When its failure episode ended; null while open.
-- column: outcome | As in core.failure_episodes.
-- column: is_provisional | Whether a verdict on completeness that is not final touches the episode.
with turns as (
    select
        source,
        jobset,
        system,
        series,
        evaluation_id,
        ordinal,
        evaluation_at,
        count(*) over (partition by series order by step rows unbounded preceding) as turn
    from core.evaluation_systems
    where is_complete
),

derivations as (
    select source, build_id, arg_max(drv_path, observed_at) as derivation
    from staging.build_observed
    where drv_path is not null and cause = 'own'
    group by source, build_id
),

failed as (
    select
        s.source,
        s.jobset,
        j.attr,
        s.system,
        j.variant,
        o.broken_evaluation_id,
        b.evaluation_id as began_evaluation_id,
        b.ordinal as began_ordinal,
        b.evaluation_at as began_at,
        o.own_build_id as build_id,
        d.derivation,
        m.is_maintained,
        g.evaluation_id as good_evaluation_id,
        case when g.evaluation_id is not null then o.is_good_seen end as is_good_seen,
        c.evaluation_id as confirmed_evaluation_id,
        c.evaluation_at as confirmed_at,
        o.is_flaky,
        o.cleared_at,
        o.outcome,
        o.is_provisional
    from replay.own_failures as o
    inner join replay.jobs as j on o.job = j.job
    inner join replay.series as s on o.series = s.series
    inner join turns as b on o.series = b.series and o.own_turn = b.turn
    left join derivations as d on s.source = d.source and o.own_build_id = d.build_id
    left join core.maintained_jobs as m on s.source = m.source and s.jobset = m.jobset and j.attr = m.attr
    left join turns as g on o.series = g.series and o.good_turn = g.turn
    left join turns as c on o.series = c.series and o.confirmed_turn = c.turn
),

-- Jobs that build one derivation are one cause, named by the one that began to fail first.
own as (
    select
        *,
        case
            when derivation is null then attr
            else first_value(attr) over (
                partition by source, jobset, system, derivation
                order by began_ordinal, began_evaluation_id, attr, variant
                rows between unbounded preceding and unbounded following
            )
        end as root
    from failed
),

-- Evaluations in which so many failures of one system began, whose root nobody knows, that one change is behind them.
bursts as (
    select e.source, e.jobset, e.system, e.broken_evaluation_id
    from core.failure_episodes as e
    left join replay.root_builds as r on e.source = r.source and e.first_build_id = r.build_id
    where not e.is_left_censored and r.root_build_id is null
    group by e.source, e.jobset, e.system, e.broken_evaluation_id
    having count(*) >= 250
),

fallen as (
    select
        s.source,
        s.jobset,
        j.attr,
        s.system,
        j.variant,
        b.evaluation_id as began_evaluation_id,
        b.ordinal as began_ordinal,
        b.evaluation_at as began_at,
        r.build_id,
        r.root,
        r.root_attr,
        r.root_system,
        case when r.root_is_job is not false and r.root_attr is not null then 'elsewhere' else 'derivation' end as kind,
        c.evaluation_id as confirmed_evaluation_id,
        c.evaluation_at as confirmed_at,
        l.evaluation_at as last_at,
        e.cleared_at,
        e.outcome,
        e.is_provisional,
        r.first_turn = 1 as is_left_censored
    from replay.rooted_failures as r
    inner join replay.jobs as j on r.job = j.job
    inner join replay.series as s on r.series = s.series
    inner join turns as b on r.series = b.series and r.first_turn = b.turn
    inner join turns as l on r.series = l.series and r.last_turn = l.turn
    left join turns as c on r.series = c.series and r.first_turn + 1 = c.turn and r.first_turn < r.last_turn
    left join core.failure_episodes as e
        on s.source = e.source
        and s.jobset = e.jobset
        and j.attr = e.attr
        and s.system = e.system
        and j.variant = e.variant
        and b.evaluation_at between e.broken_at and e.last_red_at
),

-- The failure of its root in the same jobset that had begun when it fell, the last of several. Roots that have failed since
-- before anybody looked are among them, without an entry.
standing as (
    select source, jobset, attr, system, root, began_evaluation_id, began_at, cleared_at
    from own
    union all
    select
        source,
        jobset,
        attr,
        system,
        attr as root,
        null as began_evaluation_id,
        broken_at as began_at,
        cleared_at
    from core.failure_episodes
    where has_own_failure and is_left_censored
),

placed as (
    select
        f.*,
        coalesce(o.root, f.root) as entry_root,
        o.began_evaluation_id as root_began_evaluation_id,
        o.source is not null as is_here
    from fallen as f
    left join standing as o
        on f.source = o.source
        and f.jobset = o.jobset
        and f.root_attr = o.attr
        and f.root_system = o.system
        and f.kind = 'elsewhere'
        and o.began_at <= f.last_at
        and (o.cleared_at is null or o.cleared_at > f.began_at)
    qualify row_number() over (
        partition by f.source, f.jobset, f.attr, f.system, f.variant, f.began_evaluation_id, f.build_id
        order by o.began_at desc, o.began_evaluation_id desc
    ) = 1
),

-- Beginnings, of which those that follow each other within 7 days are one entry.
begun as (
    select distinct
        o.source,
        o.jobset,
        'job' as kind,
        o.root,
        o.began_evaluation_id,
        o.began_ordinal,
        o.began_at,
        b.broken_evaluation_id as burst_evaluation_id
    from own as o
    left join bursts as b
        on o.source = b.source
        and o.jobset = b.jobset
        and o.system = b.system
        and o.broken_evaluation_id = b.broken_evaluation_id
    union
    select source, jobset, kind, root, began_evaluation_id, began_ordinal, began_at, null as burst_evaluation_id
    from placed
    where not is_here and not is_left_censored
),

ordered as (
    select
        source,
        jobset,
        kind,
        root,
        began_evaluation_id,
        began_ordinal,
        began_at,
        min(burst_evaluation_id) as burst_evaluation_id,
        lag(began_at) over (partition by source, jobset, kind, root order by began_ordinal, began_evaluation_id) as before_at
    from begun
    group by source, jobset, kind, root, began_evaluation_id, began_ordinal, began_at
),

started as (
    select
        *,
        case when date_diff('second', before_at, began_at) <= 7 * 86400 then 0 else 1 end as is_start
    from ordered
),

headed as (
    select
        *,
        sum(is_start) over (
            partition by source, jobset, kind, root
            order by began_ordinal, began_evaluation_id
            rows unbounded preceding
        ) as session
    from started
),

entries as (
    select
        b.source,
        b.jobset,
        b.kind as root_kind,
        b.root,
        b.began_evaluation_id,
        case
            when h.burst_evaluation_id is not null then 'burst/' || h.burst_evaluation_id
            else h.kind || '/' || h.began_evaluation_id || '/' || h.root
        end as entry,
        case when h.burst_evaluation_id is not null then 'burst' else h.kind end as kind,
        coalesce(h.burst_evaluation_id, h.began_evaluation_id) as first_bad_evaluation_id
    from headed as b
    inner join headed as h
        on b.source = h.source
        and b.jobset = h.jobset
        and b.kind = h.kind
        and b.root = h.root
        and b.session = h.session
        and h.is_start = 1
),

fallout as (
    select
        p.source,
        p.jobset,
        e.entry,
        e.kind,
        p.entry_root as root,
        e.first_bad_evaluation_id,
        p.attr,
        p.system,
        p.variant,
        p.began_evaluation_id,
        p.began_ordinal,
        p.began_at,
        p.build_id,
        p.confirmed_evaluation_id,
        p.confirmed_at,
        p.cleared_at,
        p.outcome,
        p.is_provisional
    from placed as p
    inner join entries as e
        on p.source = e.source
        and p.jobset = e.jobset
        and p.entry_root = e.root
        and case when p.is_here then 'job' else p.kind end = e.root_kind
        and case when p.is_here then p.root_began_evaluation_id else p.began_evaluation_id end = e.began_evaluation_id
)

select
    o.source,
    o.jobset,
    e.entry,
    e.kind,
    o.root,
    e.first_bad_evaluation_id,
    'own' as role,
    o.attr,
    o.system,
    o.variant,
    o.began_evaluation_id,
    o.began_ordinal,
    o.began_at,
    o.build_id,
    o.is_maintained,
    o.good_evaluation_id,
    o.is_good_seen,
    o.confirmed_evaluation_id,
    o.confirmed_at,
    o.is_flaky,
    o.cleared_at,
    o.outcome,
    o.is_provisional
from own as o
inner join entries as e
    on o.source = e.source
    and o.jobset = e.jobset
    and e.root_kind = 'job'
    and o.root = e.root
    and o.began_evaluation_id = e.began_evaluation_id
union all
select
    source,
    jobset,
    entry,
    kind,
    root,
    first_bad_evaluation_id,
    'fallout' as role,
    attr,
    system,
    variant,
    began_evaluation_id,
    began_ordinal,
    began_at,
    build_id,
    null as is_maintained,
    null as good_evaluation_id,
    null as is_good_seen,
    confirmed_evaluation_id,
    confirmed_at,
    false as is_flaky,
    cleared_at,
    outcome,
    coalesce(is_provisional, false) as is_provisional
from fallout
order by source, jobset, entry, role desc, attr, system, variant, began_ordinal, began_evaluation_id
