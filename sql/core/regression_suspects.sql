-- What changed in a job that began to fail by itself, nearest to it: where to look first.
--
-- `graph`: the derivation graphs of the failed build and of the last good one are known (core.derivations), and this is where
-- they begin to differ: a derivation that changed although nothing that it needs did but downloads, or of another version, at
-- most 8 steps away. `earlier_failures`: no graph is known, but the source once named this job as the root of a failure of the
-- same attribute on the same system, so that it is needed; its derivation, or else its build, is another one than at the last
-- good evaluation. How far away it is is not known then. Where neither is known there is no row: suspects are unknown, not
-- none.
--
-- grain: source, jobset, entry, evidence, suspect
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: entry | Entry of metrics.regressions.
-- column: evidence | `graph` or `earlier_failures`.
-- column: suspect | Name of the derivation with its version, or attribute of the job.
-- column: before | Name of what stood in its place in the last good one; null where nothing did, and for earlier_failures.
-- column: distance | Steps in the graph from the failed job; 0: the job itself; null for earlier_failures.
-- column: place | Its rank within the entry, from 1: the nearest first.
with members as (
    select
        o.job,
        o.broken_evaluation_id,
        s.source,
        s.jobset,
        j.attr,
        s.system,
        r.entry,
        r.began_evaluation_id,
        o.own_turn,
        o.good_turn,
        o.series
    from replay.own_failures as o
    inner join replay.series as s on o.series = s.series
    inner join replay.jobs as j on o.job = j.job
    inner join core.regression_jobs as r
        on s.source = r.source
        and s.jobset = r.jobset
        and j.attr = r.attr
        and s.system = r.system
        and j.variant = r.variant
        and o.own_build_id = r.build_id
    where r.role = 'own' and r.kind = 'job'
),

counted as (
    select
        series,
        step,
        is_complete,
        count(*) filter (where is_complete) over (partition by series order by step rows unbounded preceding) as turn
    from core.evaluation_systems
),

-- What is known to be needed: roots of which the same attribute fell before.
needed as (
    select r.series, r.job, j.job as root_job, min(r.first_turn) as known_turn
    from replay.rooted_failures as r
    inner join replay.series as s on r.series = s.series
    inner join replay.jobs as j on r.series = j.series and r.root_attr = j.attr and r.root_system = s.system
    where r.root_is_job
    group by r.series, r.job, j.job
),

derivations as (
    select source, build_id, arg_max(drv_path, observed_at) as derivation
    from staging.build_observed
    where drv_path is not null
    group by source, build_id
),

built as (
    select i.job, i.series, s.source, i.build_id, f.turn + case when f.is_complete then 0 else 1 end as first_turn,
        l.turn as last_turn
    from replay.intervals as i
    inner join (select distinct root_job from needed) as n on i.job = n.root_job
    inner join replay.series as s on i.series = s.series
    inner join counted as f on i.series = f.series and i.first_step = f.step
    inner join counted as l on i.series = l.series and i.last_step = l.step
),

changed as (
    select m.source, m.jobset, m.entry, x.attr as suspect
    from members as m
    inner join needed as n on m.job = n.job and n.known_turn < m.own_turn
    inner join replay.jobs as x on n.root_job = x.job
    inner join built as b on n.root_job = b.job and m.own_turn between b.first_turn and b.last_turn
    left join built as g on n.root_job = g.job and m.good_turn between g.first_turn and g.last_turn
    left join derivations as bd on b.source = bd.source and b.build_id = bd.build_id
    left join derivations as gd on g.source = gd.source and g.build_id = gd.build_id
    where m.good_turn is not null
        and b.build_id is distinct from g.build_id
        and (bd.derivation is null or gd.derivation is null or bd.derivation <> gd.derivation)
),

found as (
    select
        m.source,
        m.jobset,
        m.entry,
        'graph' as evidence,
        d.name as suspect,
        min(w.name) as before,
        min(c.distance) as distance
    from replay.changed_inputs as c
    inner join members as m on c.job = m.job and c.broken_evaluation_id = m.broken_evaluation_id
    inner join core.derivations as d on c.derivation_id = d.derivation_id
    left join core.derivations as w on c.before_id = w.derivation_id
    where d.name is not null
    group by m.source, m.jobset, m.entry, d.name
    union all
    select distinct
        source,
        jobset,
        entry,
        'earlier_failures' as evidence,
        suspect,
        null::varchar as before,
        null::integer as distance
    from changed
)

select
    source,
    jobset,
    entry,
    evidence,
    suspect,
    before,
    distance,
    row_number() over (
        partition by source, jobset, entry order by evidence = 'earlier_failures', distance, suspect
    ) as place
from found
order by source, jobset, entry, place
