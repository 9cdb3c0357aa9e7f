"""Numbers and levels of derivations: the definition of `replay.derivation_order`."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.graph import graph, order


def derivation_order(rows: pa.Table) -> pa.Table:
    """Every derivation that is recorded or needed, numbered by depth and hash, with depth and level.

    `rows`: one for each recorded derivation (`input_id64` null) and one for each of its edges. Those that need each
    other in a circle come last and have neither depth nor level.
    """
    is_edge = pc.is_valid(rows["input_id64"])  # type: ignore[attr-defined]
    edges, nodes = rows.filter(is_edge), rows.filter(pc.invert(is_edge))  # type: ignore[attr-defined]
    recorded = nodes["derivation_id64"].to_numpy()
    users, needed = edges["derivation_id64"].to_numpy(), edges["input_id64"].to_numpy()
    identities = np.unique(np.concatenate([recorded, needed]))
    is_recorded = np.isin(identities, recorded)
    is_fixed = np.zeros(len(identities), dtype=bool)
    is_fixed[np.searchsorted(identities, recorded)] = pc.fill_null(nodes["is_fixed_output"], False).to_numpy()  # type: ignore[attr-defined]
    dependent, inputs = np.searchsorted(identities, users), np.searchsorted(identities, needed)
    depth = order.depths(len(identities), dependent, inputs)
    is_ordered = depth != order.UNORDERED
    by_depth = np.lexsort([identities, depth, ~is_ordered])
    number = np.empty(len(identities), dtype=np.int32)
    number[by_depth] = np.arange(len(identities), dtype=np.int32)
    ordered = int(is_ordered.sum())
    level = np.zeros(len(identities), dtype=np.int32)
    is_unknown = np.ones(len(identities), dtype=bool)
    users_kept, needed_kept = _placed(number[dependent], number[inputs], is_ordered[dependent])
    cut = graph.of(depth[by_depth][:ordered], users_kept, needed_kept).cut_at(is_fixed[by_depth][:ordered])
    level[:ordered] = cut.levels()
    is_unknown[:ordered] = cut.reached_by_any(np.flatnonzero(~is_recorded[by_depth][:ordered]))
    return pa.table(
        {
            "derivation_id": pa.array(np.arange(len(identities), dtype=np.int32)),
            "derivation_id64": pa.array(identities[by_depth]),
            "depth": pa.array(depth[by_depth], mask=~is_ordered[by_depth]),
            "level": pa.array(level, mask=is_unknown),
        }
    )


def _placed(
    dependent: order.Integers, inputs: order.Integers, is_kept: graph.Booleans
) -> tuple[order.Integers, order.Integers]:
    """Edges that are kept, by dependent."""
    dependent, inputs = dependent[is_kept], inputs[is_kept]
    by = np.lexsort([inputs, dependent])
    return dependent[by], inputs[by]
