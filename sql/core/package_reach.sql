-- A package of the newest package set of a source: where it lies in the graph, and what an update of it rebuilds.
--
-- A package is a derivation of the set that has no fixed output; several attributes may name the same one. What an
-- update rebuilds follows changes of *outputs*: what makes a fixed output does not change it. It needs a graph of the
-- same revision as the change it is asked about; for another revision it is an estimate.
--
-- grain: source, package_set, revision, derivation_id
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit of the set.
-- column: derivation_id | The package (`core.derivations`).
-- column: attr | Its attribute; of several, the one with fewest dots, then the first by name.
-- column: system | Nix system.
-- column: attrs | Number of its attributes.
-- column: name | Name with version.
-- column: level | Level in the graph; null where something below is not recorded.
-- column: rebuilt_packages | Packages that an update rebuilds: itself and all that need it, however far.
-- column: rebuilt_attrs | Attributes of those packages.
-- column: needed_packages | Packages among itself and all that it needs: how often it is built when each package has a wave of its own.
-- column: levels_reaching | Levels on which those lie: how often it is built when each level has one.
with
    sets as (
        select source, package_set, revision, row_number() over (order by source, package_set) as set_number
        from core.package_sets
        where is_newest
        group by source, package_set, revision
    ),
    named as (
        select
            s.set_number,
            p.derivation_id,
            p.attr,
            p.system,
            count(*) over (partition by s.set_number, p.derivation_id) as attrs
        from core.package_sets as p
        inner join sets as s on p.source = s.source and p.package_set = s.package_set and p.revision = s.revision
        qualify row_number() over (
            partition by s.set_number, p.derivation_id
            order by length(p.attr) - length(replace(p.attr, '.', '')), p.attr, p.system
        ) = 1
    )
select
    s.source,
    s.package_set,
    s.revision,
    r.derivation_id,
    n.attr,
    n.system,
    n.attrs,
    d.name,
    d.level,
    r.rebuilt_packages,
    r.rebuilt_attrs,
    r.needed_packages,
    r.levels_reaching
from replay.package_reach as r
inner join sets as s on r.set_number = s.set_number
inner join named as n on r.set_number = n.set_number and r.derivation_id = n.derivation_id
inner join core.derivations as d on r.derivation_id = d.derivation_id
order by s.source, s.package_set, n.attr, r.derivation_id
