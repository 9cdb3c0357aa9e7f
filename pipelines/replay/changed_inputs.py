"""From a failed derivation to what changed in it since the last good one, the nearest first.

The walk follows only what changed: whatever is needed by both is equal with all that it needs itself. It is bounded,
for a change of the compiler is thousands of derivations away from being a suspect of one package.
"""

from collections import defaultdict
from collections.abc import Mapping

import polars as pl
import pyarrow as pa

FURTHEST = 8
"""Steps that are walked from the failed derivation."""
MOST = 40
"""Suspects of one failure, the nearest."""
SCHEMA = {
    "job": pl.Int32,
    "broken_evaluation_id": pl.String,
    "derivation_id": pl.Int64,
    "before_id": pl.Int64,
    "distance": pl.Int32,
}
Edges = Mapping[int, list[int]]
Named = Mapping[int, tuple[str, str, bool]]
"""Package, version, and whether the output is fixed, by derivation."""


def nearest(given: pa.Table) -> pa.Table:
    """Rows of kind `pair`, `edge` and `node` in; SCHEMA out, sorted."""
    frame: pl.DataFrame = pl.from_arrow(given)  # type: ignore[assignment]
    edges: dict[int, list[int]] = defaultdict(list)
    for node, needed in (
        frame.filter(pl.col("kind") == "edge").select("node", "other").sort("node", "other").iter_rows()
    ):
        edges[node].append(needed)
    named = {
        node: (pname or "", version or "", is_fixed)
        for node, pname, version, is_fixed in frame.filter(pl.col("kind") == "node")
        .select("node", "pname", "version", "is_fixed_output")
        .iter_rows()
    }
    closures: dict[int, dict[int, int]] = {}
    rows = []
    pairs = frame.filter(pl.col("kind") == "pair").sort("job", "broken_evaluation_id")
    for job, evaluation, bad, good in pairs.select(
        "job", "broken_evaluation_id", "node", "other"
    ).iter_rows():
        if good not in closures:
            closures[good] = distances(good, edges)
        rows += [(job, evaluation, *suspect) for suspect in suspects(bad, closures[good], edges, named)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").to_arrow()


def suspects(
    bad: int, good: Mapping[int, int], edges: Edges, named: Named
) -> list[tuple[int, int | None, int]]:
    """(derivation, what it was before, distance) of the origins of what changed; `good` is the good closure."""
    before: dict[str, int] = {}
    for node in sorted(good, key=lambda one: (good[one], one)):
        before.setdefault(named.get(node, ("", "", False))[0], node)
    found = []
    for node, distance in distances(bad, edges, good, FURTHEST).items():
        pname, version, is_fixed = named.get(node, ("", "", False))
        was = before.get(pname) if pname else None
        is_origin = all(
            needed in good or named.get(needed, ("", "", False))[2] for needed in edges.get(node, ())
        )
        is_other_version = was is None or named[was][1] != version
        if not is_fixed and (is_origin or is_other_version):
            found.append((node, was, distance))
    return sorted(found, key=lambda one: (one[2], one[0]))[:MOST]


def distances(
    start: int, edges: Edges, without: Mapping[int, int] | None = None, furthest: int | None = None
) -> dict[int, int]:
    """Steps to everything that `start` needs, itself included; nothing that is in `without` is walked through."""
    found = {start: 0}
    layer, distance = [start], 0
    while layer and (furthest is None or distance < furthest):
        distance += 1
        layer = sorted(
            {
                needed
                for node in layer
                for needed in edges.get(node, ())
                if needed not in found and (without is None or needed not in without)
            }
        )
        found |= dict.fromkeys(layer, distance)
    return found
