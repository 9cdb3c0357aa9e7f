-- The graph of derivations as the questions about pairs of derivations read it: rows for derivations and for edges.
--
-- Empty where there is no pair to ask about, since the graph of all that is known can be large.
--
-- keep: no
-- grain: kind, older, newer, role
-- column: kind | `node`, or `edge`.
-- column: older | Of an edge, the derivation that is needed; null of a node.
-- column: newer | The derivation, or the one that needs the other.
-- column: package | Of a node, its package.
-- column: recipe | Of a node, the identity of all that it says besides its inputs; null: unknown.
-- column: outputs | Of a node, the identity of its output paths; null: unknown.
-- column: is_fixed | Of a node, whether its content is fixed by a hash.
-- column: role | Of an edge, its kind.
with asked as (
    select 1 as any_pair
    where
        exists (select 1 from replay.rebuild_pairs where baseline_id64 is not null)
        or exists (select 1 from replay.job_changes where span <= 1)
)
select
    'node' as kind,
    null::bigint as older,
    derivation_id64 as newer,
    pname as package,
    recipe_id64 as recipe,
    outputs_id64 as outputs,
    is_fixed_output as is_fixed,
    null::varchar as role
from core.derivations
where is_recorded and exists (select 1 from asked)
union all
select 'edge', i.derivation_id64, d.derivation_id64, null, null, null, null, e.edge_role
from core.derivation_inputs as e
inner join core.derivations as d on e.derivation_id = d.derivation_id
inner join core.derivations as i on e.input_id = i.derivation_id
where exists (select 1 from asked)
