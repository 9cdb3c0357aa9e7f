-- Small numbers for derivations, so that every input has a smaller one than what needs it.
--
-- Levels are those of `core.derivations`. Told once for each derivation that is recorded or named as an input. Computed
-- in `pipelines.graph.numbering`.
--
-- keep: no
-- python: pipelines.graph.numbering:derivation_order
-- grain: derivation_id
-- column: derivation_id | The number, from 0, by depth and then by hash.
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: depth | Longest way down along all inputs; null where derivations need each other in a circle.
-- column: level | Longest way down on which nothing is walked through that has a fixed output; null where what is below is not recorded.
select derivation_id64, null::bigint as input_id64, bool_or(is_fixed_output) as is_fixed_output
from staging.derivation_observed
group by derivation_id64
union all
select derivation_id64, input_id64, null::boolean as is_fixed_output
from replay.derivation_edges
