-- A minor wave of one level of the newest package set: how many packages it would build if a whole major wave went level by level.
--
-- In the wave of a level all packages on it are updated at once, and all that need one of them, however far, are built
-- again; what makes a fixed output does not change it, so that nothing is walked through there. Levels count over the
-- whole graph, also over what is no package; only levels that hold a package have a wave. Packages of unknown level are
-- in no row. Each package counts once in each wave that reaches it.
--
-- grain: source, package_set, revision, level
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit of the set.
-- column: level | Level in the graph of derivations, from 0.
-- column: minor_wave | Number of the wave, from 1, lowest level first.
-- column: minor_waves | Number of waves.
-- column: roots | Packages on the level: what the wave updates.
-- column: builds | Packages that it builds: those, and all that need one of them.
-- column: packages | Packages of the set.
-- column: built_ratio | Builds by packages.
-- column: heaviest_attr | Package of the level that most others need, the first by name of equals.
-- column: heaviest_builds | Packages that an update of this one alone builds.
-- column: definition_version | Version of this definition.
with
    counted as (
        select source, package_set, revision, count(*) as packages
        from core.package_reach
        group by source, package_set, revision
    ),
    heaviest as (
        select source, package_set, revision, level, attr, rebuilt_packages
        from core.package_reach
        qualify row_number() over (
            partition by source, package_set, revision, level order by rebuilt_packages desc, attr, system
        ) = 1
    )
select
    l.source,
    l.package_set,
    l.revision,
    l.level,
    row_number() over (partition by l.source, l.package_set, l.revision order by l.level) as minor_wave,
    count(*) over (partition by l.source, l.package_set, l.revision) as minor_waves,
    l.packages as roots,
    l.rebuilt_packages as builds,
    c.packages,
    l.rebuilt_packages / nullif(c.packages, 0) as built_ratio,
    h.attr as heaviest_attr,
    h.rebuilt_packages as heaviest_builds,
    1 as definition_version
from core.level_reach as l
inner join counted as c
    on l.source = c.source and l.package_set = c.package_set and l.revision = c.revision
inner join heaviest as h
    on l.source = h.source and l.package_set = h.package_set and l.revision = h.revision and l.level = h.level
order by l.source, l.package_set, l.level
