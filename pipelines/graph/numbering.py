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
    level = np.ma.masked_all(len(identities), dtype=np.int32)
    level[: is_ordered.sum()] = _levels(
        depth[by_depth][: is_ordered.sum()],
        *_placed(number[dependent], number[inputs], is_ordered[dependent]),
        is_fixed[by_depth][: is_ordered.sum()],
        is_recorded[by_depth][: is_ordered.sum()],
    )
    return pa.table(
        {
            "derivation_id": pa.array(np.arange(len(identities), dtype=np.int32)),
            "derivation_id64": pa.array(identities[by_depth]),
            "depth": pa.array(depth[by_depth], mask=~is_ordered[by_depth]),
            "level": pa.array(level.filled(0), mask=np.ma.getmaskarray(level)),
        }
    )


def _placed(
    dependent: order.Integers, inputs: order.Integers, is_kept: graph.Booleans
) -> tuple[order.Integers, order.Integers]:
    """Edges that are kept, by dependent."""
    dependent, inputs = dependent[is_kept], inputs[is_kept]
    by = np.lexsort([inputs, dependent])
    return dependent[by], inputs[by]


def _levels(
    depth: order.Integers,
    dependent: order.Integers,
    inputs: order.Integers,
    is_fixed: graph.Booleans,
    is_recorded: graph.Booleans,
) -> np.ma.MaskedArray:
    """Levels of ordered derivations, masked where something below was not recorded."""
    cut = graph.of(depth, dependent, inputs).cut_at(is_fixed)
    return np.ma.array(cut.levels(), mask=cut.reached_by_any(np.flatnonzero(~is_recorded)))
