-- How many packages of the newest package set lie on a level of the graph, and how many an update of all of them rebuilds.
--
-- Only levels that hold a package. What is rebuilt are those packages and all that need one of them, however far; nothing
-- is walked through that has a fixed output.
--
-- grain: source, package_set, revision, level
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit of the set.
-- column: level | Level in the graph of derivations, from 0.
-- column: packages | Packages on it.
-- column: rebuilt_packages | Packages that are one of those or need one.
with
    sets as (
        select source, package_set, revision, row_number() over (order by source, package_set) as set_number
        from core.package_sets
        where is_newest
        group by source, package_set, revision
    )
select
    s.source,
    s.package_set,
    s.revision,
    r.level,
    r.roots as packages,
    r.builds as rebuilt_packages
from replay.level_reach as r
inner join sets as s on r.set_number = s.set_number
order by s.source, s.package_set, r.level
