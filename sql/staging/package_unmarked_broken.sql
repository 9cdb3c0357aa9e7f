-- A marker was taken from a package, once per event.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event.
-- column: source | Where the marker lay.
-- column: observed_at | When the removal was seen; for histories the instant of the commit.
-- column: marker | Which marker: broken, or dont-distribute (not to be built).
-- column: package | Name of the package in its own package set.
-- column: attr | Attribute in nixpkgs; null where unknown.
-- column: unmarked_on | UTC date on which the marker was taken away.
-- column: systems | Systems that the marker had named; empty: all.
-- column: revision | Commit that took the marker away; null where unknown.
select
    id,
    source,
    observed_at,
    marker,
    package,
    attr,
    unmarked_on,
    systems,
    revision
from log.package_unmarked_broken
qualify row_number() over (partition by id order by observed_at, unmarked_on, systems) = 1
