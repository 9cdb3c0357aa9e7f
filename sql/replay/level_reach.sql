-- How many packages a minor wave of one level builds, in numbers.
--
-- keep: no
-- python: pipelines.graph.packages:level_reach
-- grain: set_number, level
-- column: set_number | Number of the package set, by source and name.
-- column: level | The level.
-- column: roots | Packages on it.
-- column: builds | Packages that are one of those or need one.
select kind, first, second, flag, amount
from replay.graph_rows
