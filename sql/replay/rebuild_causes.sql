-- Why a derivation is another one than its baseline: what changed by itself, and through which inputs the change came.
--
-- The select gives the pairs and the graph. Computed in `pipelines.graph.attribution`, which says what each column means.
--
-- keep: no
-- python: pipelines.graph.attribution:causes
-- grain: older, newer
-- column: older | Derivation of the last successful build.
-- column: newer | Derivation now.
-- column: has_own_change | Whether it says something else besides its inputs; null: unknown.
-- column: triggers | Packages with a change of their own that it follows from, itself included, by name; null: unknown.
-- column: is_structural | Whether it has no change of its own and all changes came through inputs for tests only; null: unknown.
-- column: role | First kind of edge without which nothing would have changed, or `several`; null for a change of its own, or if unknown.
-- column: changed_inputs | Direct inputs that changed, as they are now.
-- column: is_attributed | Whether everything is known that it follows from.
with wanted as (
    select distinct baseline_id64 as older, derivation_id64 as newer
    from replay.rebuild_pairs
    where baseline_id64 is not null
)
select
    'pair' as kind,
    older,
    newer,
    null::varchar as package,
    null::bigint as recipe,
    null::bigint as outputs,
    null::boolean as is_fixed,
    null::varchar as role
from wanted
union all
select kind, older, newer, package, recipe, outputs, is_fixed, role
from replay.derivation_graph
