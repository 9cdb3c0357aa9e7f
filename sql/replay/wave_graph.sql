-- A derivation of a package set that stands for a job of a declared wave, where a graph of dependencies is known.
--
-- The graph of a jobset and system is the package set of the revision of its newest evaluation in the wave of which one
-- is recorded, else of the baseline's. It is of use only if a root of the wave is an attribute of it.
--
-- keep: no
-- grain: wave, series, attr
-- column: wave | Declared wave.
-- column: series | Jobset and system.
-- column: attr | Attribute path.
-- column: derivation_id | Its derivation in the graph.
-- column: level | Its level; null where it is unknown.
-- column: revision | Commit of the package set.
-- column: is_needing | Whether it is a root, or needs one otherwise than through an input with a fixed output.
with recursive
    sets as (
        select distinct source, package_set, revision, system from core.package_sets
    ),
    told as (
        select w.wave, w.series, w.system, v.revision, w.turn
        from core.wave_evaluations as w
        inner join core.evaluations as v
            on w.source = v.source and w.jobset = v.jobset and w.evaluation_id = v.evaluation_id
        union all
        select distinct w.wave, w.series, w.system, v.revision, 0 as turn
        from core.wave_evaluations as w
        inner join core.evaluations as v
            on w.source = v.source and w.jobset = v.jobset and w.baseline_evaluation_id = v.evaluation_id
    ),
    chosen as (
        select t.wave, t.series, t.system, s.source, s.package_set, s.revision
        from told as t
        inner join sets as s on t.revision = s.revision and t.system = s.system
        qualify row_number() over (
            partition by t.wave, t.series order by t.turn desc, s.source, s.package_set
        ) = 1
    ),
    placed as (
        select c.wave, c.series, c.revision, p.attr, p.derivation_id
        from chosen as c
        inner join core.package_sets as p
            on c.source = p.source
            and c.package_set = p.package_set
            and c.revision = p.revision
            and c.system = p.system
    ),
    roots as (
        select distinct p.wave, p.series, p.derivation_id
        from placed as p
        inner join (select wave, unnest(roots) as attr from core.waves) as r
            on p.wave = r.wave and p.attr = r.attr
    ),
    reached as (
        select wave, series, derivation_id from roots
        union
        select r.wave, r.series, i.derivation_id
        from reached as r
        inner join core.derivation_inputs as i on r.derivation_id = i.input_id
        inner join core.derivations as d on i.derivation_id = d.derivation_id
        where not coalesce(d.is_fixed_output, false)
    )
select
    p.wave,
    p.series,
    p.attr,
    p.derivation_id,
    d.level,
    p.revision,
    n.derivation_id is not null as is_needing
from placed as p
inner join core.derivations as d on p.derivation_id = d.derivation_id
left join reached as n
    on p.wave = n.wave and p.series = n.series and p.derivation_id = n.derivation_id
where (p.wave, p.series) in (select wave, series from roots)
order by p.wave, p.series, p.attr
