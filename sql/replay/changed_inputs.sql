-- A derivation that a failed one needs and its last good one does not, and how far away it is.
--
-- The select gives pairs of a failed derivation and the last good one of the same job, known by the derivations of their builds
-- or else by the package sets of the two revisions, and the edges and names of the graph where there is any pair.
-- `pipelines.replay.changed_inputs` walks from the failed one along what changed. Told are origins of the change: derivations
-- that changed although nothing that they need did but downloads, and those of another version than before.
--
-- keep: no
-- python: pipelines.replay.changed_inputs:nearest
-- grain: job, broken_evaluation_id, derivation_id
-- column: job | Number of the job.
-- column: broken_evaluation_id | First evaluation of the episode, as in replay.own_failures.
-- column: derivation_id | What changed.
-- column: before_id | What stood in its place before: the nearest derivation of the same package name; null: none did.
-- column: distance | Steps from the failed derivation to it; 0: it is the failed one itself.
with failed as (
    select
        o.job,
        o.broken_evaluation_id,
        s.source,
        s.jobset,
        s.system,
        s.series,
        j.attr,
        o.own_build_id,
        o.good_build_id,
        o.own_turn,
        o.good_turn
    from replay.own_failures as o
    inner join replay.series as s on o.series = s.series
    inner join replay.jobs as j on o.job = j.job
    where o.good_turn is not null and exists (select 1 from core.derivations)
),

turns as (
    select
        series,
        source,
        jobset,
        evaluation_id,
        count(*) over (partition by series order by step rows unbounded preceding) as turn
    from core.evaluation_systems
    where is_complete
),

built as (
    select b.source, b.build_id, max(d.derivation_id) as derivation_id
    from staging.build_observed as b
    inner join staging.derivation_observed as r on substr(parse_filename(b.drv_path), 1, 32) = r.drv_hash
    inner join core.derivations as d on r.derivation_id64 = d.derivation_id64
    where b.drv_path is not null
    group by b.source, b.build_id
),

evaluated as (
    select e.source, e.jobset, e.evaluation_id, p.system, p.attr, max(p.derivation_id) as derivation_id
    from core.evaluations as e
    inner join core.package_sets as p on e.revision = p.revision
    group by e.source, e.jobset, e.evaluation_id, p.system, p.attr
),

pairs as (
    select
        f.job,
        f.broken_evaluation_id,
        coalesce(bb.derivation_id, be.derivation_id) as bad_id,
        coalesce(gb.derivation_id, ge.derivation_id) as good_id
    from failed as f
    inner join turns as bt on f.series = bt.series and f.own_turn = bt.turn
    inner join turns as gt on f.series = gt.series and f.good_turn = gt.turn
    left join built as bb on f.source = bb.source and f.own_build_id = bb.build_id
    left join built as gb on f.source = gb.source and f.good_build_id = gb.build_id
    left join evaluated as be
        on f.source = be.source
        and f.jobset = be.jobset
        and bt.evaluation_id = be.evaluation_id
        and f.system = be.system
        and f.attr = be.attr
    left join evaluated as ge
        on f.source = ge.source
        and f.jobset = ge.jobset
        and gt.evaluation_id = ge.evaluation_id
        and f.system = ge.system
        and f.attr = ge.attr
)

select
    'pair' as kind,
    job,
    broken_evaluation_id,
    bad_id as node,
    good_id as other,
    null::varchar as pname,
    null::varchar as version,
    null::boolean as is_fixed_output
from pairs
where bad_id is not null and good_id is not null and bad_id <> good_id
union all
select 'edge', null, null, derivation_id, input_id, null, null, null
from core.derivation_inputs
where exists (select 1 from pairs where bad_id is not null and good_id is not null)
union all
select 'node', null, null, derivation_id, null, pname, version, coalesce(is_fixed_output, false)
from core.derivations
where exists (select 1 from pairs where bad_id is not null and good_id is not null)
