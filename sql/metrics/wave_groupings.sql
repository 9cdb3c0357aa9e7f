-- What it costs to carry an update of every package of the newest package set through all that needs it, by grouping.
--
-- `at_once` is the floor: one wave, one build per package. `by_level`: one minor wave for each level that holds a package.
-- `one_by_one` is the ceiling: every package has a minor wave of its own. In level order a package is never updated again
-- after it was built with the others, so that the cost of the whole is the sum over its minor waves: a package is built
-- once in each that reaches it. Build times are those of the package's job (`core.build_seconds`); a build whose time is
-- not known is counted, never taken for zero.
--
-- grain: source, package_set, revision, grouping
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit of the set.
-- column: grouping | `at_once`, `by_level` or `one_by_one`.
-- column: packages | Packages of the set that it builds; by level, those of unknown level only where a wave reaches them.
-- column: minor_waves | Number of minor waves.
-- column: builds | Builds of all minor waves.
-- column: mean_builds | Mean of builds per package.
-- column: median_builds | Median of builds per package.
-- column: max_builds | Builds of the package that is built most often.
-- column: known_seconds | Build time of the builds whose time is known; null if none is.
-- column: builds_without_seconds | Builds whose time is not known.
-- column: definition_version | Version of this definition.
with
    timed as (
        select p.source, p.package_set, p.revision, p.derivation_id, max(b.seconds) as seconds
        from core.package_sets as p
        inner join core.build_seconds as b on p.attr = b.attr and p.system = b.system
        where p.is_newest
        group by p.source, p.package_set, p.revision, p.derivation_id
    ),
    packages as (
        select
            r.source, r.package_set, r.revision, r.level, r.needed_packages, r.levels_reaching, t.seconds
        from core.package_reach as r
        left join timed as t
            on r.source = t.source and r.package_set = t.package_set and r.revision = t.revision
            and r.derivation_id = t.derivation_id
    ),
    grouped as (
        select source, package_set, revision, 'at_once' as grouping, 1 as times, seconds, null as wave
        from packages
        union all
        select source, package_set, revision, 'by_level' as grouping, levels_reaching as times, seconds, level as wave
        from packages
        -- what is of unknown level is no root of a wave, but some reach it
        where levels_reaching > 0
        union all
        select source, package_set, revision, 'one_by_one' as grouping, needed_packages as times, seconds, null as wave
        from packages
    )
select
    source,
    package_set,
    revision,
    grouping,
    count(*) as packages,
    case grouping when 'at_once' then 1 when 'by_level' then count(distinct wave) else count(*) end as minor_waves,
    cast(sum(times) as bigint) as builds,
    sum(times) / nullif(count(*), 0) as mean_builds,
    median(times) as median_builds,
    max(times) as max_builds,
    sum(times * seconds) as known_seconds,
    cast(coalesce(sum(times) filter (where seconds is null), 0) as bigint) as builds_without_seconds,
    1 as definition_version
from grouped
group by source, package_set, revision, grouping
order by source, package_set, revision, builds, grouping
