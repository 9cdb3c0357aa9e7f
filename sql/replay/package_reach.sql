-- What an update of a package makes be built again, for every package of the newest package sets, in numbers.
--
-- A package is a derivation of the set without a fixed output. Computed for all of them at once, in
-- `pipelines.graph.packages`.
--
-- keep: no
-- python: pipelines.graph.packages:package_reach
-- grain: set_number, derivation_id
-- column: set_number | Number of the package set, by source and name.
-- column: derivation_id | The package.
-- column: rebuilt_packages | Packages that are it or need it.
-- column: rebuilt_attrs | Attributes of those packages.
-- column: needed_packages | Packages that are it or that it needs.
-- column: levels_reaching | Levels on which one of those lies.
select kind, first, second, flag, amount
from replay.graph_rows
