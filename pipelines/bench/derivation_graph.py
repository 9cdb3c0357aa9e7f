"""What updates of 200 packages rebuild, counted for each: in arrays, by a recursive query of pairs, by a graph library.

The graph is synthetic, of the size of nixpkgs today: 120,000 derivations and about 1.06 million edges, more than 200
deep. All ways have to give equal counts. The library, rustworkx, is measured where it is installed:
nothing else needs it.
"""

import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.errors import CheckFailed, HealthError
from pipelines.graph import graph, order

DERIVATIONS, ROOTS, DEPTH = 120_000, 200, 220
LIBRARY = "rustworkx"
Counts = npt.NDArray[np.int64]
Row = tuple[str, float, str]


@dataclass(frozen=True)
class Edges:
    """A graph and the derivations that are updated in it."""

    depth: npt.NDArray[np.int32]
    """Of each derivation; in a graph that is not numbered yet, zeros."""
    dependent: npt.NDArray[np.int32]
    inputs: npt.NDArray[np.int32]
    roots: npt.NDArray[np.int32]

    @property
    def nodes(self) -> int:
        """Number of derivations."""
        return len(self.depth)


def generate(nodes: int = DERIVATIONS, roots: int = ROOTS, seed: int = 7) -> Edges:
    """A layered graph: every node needs one of the layer before, and some of the many that others need too.

    Layers shrink upwards and a few nodes low down are needed by most, as compilers and libraries are.
    """
    random = np.random.default_rng(seed)
    shares = np.exp(-np.arange(DEPTH) / (DEPTH / 3))
    sizes = np.maximum((shares / shares.sum() * nodes).astype(np.int64), 1)
    sizes[0] += nodes - sizes.sum()
    begins = np.concatenate([[0], np.cumsum(sizes)])
    layer = np.repeat(np.arange(DEPTH), sizes)
    above = np.flatnonzero(layer > 0)
    below = layer[above] - 1
    steady = begins[below] + (random.random(len(above)) * sizes[below]).astype(np.int64)
    degree = random.poisson(8.2, len(above))
    dependent = np.repeat(above, degree)
    # The square puts more edges on the first nodes: few packages are needed by nearly all.
    wide = (random.random(len(dependent)) ** 2 * begins[layer[dependent]]).astype(np.int64)
    pairs = np.unique((np.concatenate([above, dependent]) << 32) | np.concatenate([steady, wide]))
    # Updates that matter are those of packages that others need: roots lie in the lower half.
    chosen = np.sort(random.choice(nodes // 2, roots, replace=False))
    return Edges(
        np.zeros(nodes, dtype=np.int32),
        (pairs >> 32).astype(np.int32),
        (pairs & 0xFFFFFFFF).astype(np.int32),
        chosen.astype(np.int32),
    )


def numbered(edges: Edges) -> Edges:
    """The same graph with derivations numbered by depth and edges by dependent, as the warehouse holds them."""
    depth = order.depths(edges.nodes, edges.dependent, edges.inputs)
    by_depth = np.argsort(depth, kind="stable")
    number = np.empty(edges.nodes, dtype=np.int32)
    number[by_depth] = np.arange(edges.nodes, dtype=np.int32)
    dependent, inputs = number[edges.dependent], number[edges.inputs]
    by = np.argsort(dependent, kind="stable")
    return Edges(depth[by_depth], dependent[by], inputs[by], number[edges.roots])


def in_arrays(edges: Edges) -> Counts:
    """One bit a root."""
    built = graph.of(edges.depth, edges.dependent, edges.inputs)
    bits = built.reached([edges.roots[n : n + 1] for n in range(len(edges.roots))])
    return graph.per_group(bits, np.arange(edges.nodes), len(edges.roots))


def by_query(edges: Edges) -> Counts:
    """A recursive query whose rows are pairs of root and rebuilt derivation."""
    with duckdb.connect(":memory:") as con:
        con.register("told", pa.table({"dependent": edges.dependent, "input": edges.inputs}))
        con.register("chosen", pa.table({"root": edges.roots}))
        found = con.execute(
            """
            with recursive reached (root, node) as (
                select root, root as node from chosen
                union
                select r.root, e.dependent from reached as r inner join told as e on r.node = e.input
            )
            select root, count(*) as rebuilt from reached group by root
            """
        ).fetchall()
    rebuilt = dict(found)
    return np.array([rebuilt[root] for root in edges.roots.tolist()], dtype=np.int64)


def by_library(edges: Edges) -> Counts:
    """A search from each root. Raises HealthError where the library is not installed."""
    if not importlib.util.find_spec(LIBRARY):
        raise HealthError(f"No graph library to compare with: install {LIBRARY}.")
    pairs = list(zip(edges.inputs.tolist(), edges.dependent.tolist(), strict=True))
    rustworkx = importlib.import_module(LIBRARY)
    told = rustworkx.PyDiGraph()
    told.add_nodes_from(range(edges.nodes))
    told.add_edges_from_no_data(pairs)
    return np.array([len(rustworkx.descendants(told, root)) + 1 for root in edges.roots.tolist()])


def derivation_graph(_: Path) -> list[Row]:
    """The rows of the table; without a library, those of the query alone."""
    edges = numbered(generate())
    counts, arrays = min((_timed(in_arrays, edges) for _ in range(3)), key=lambda told: told[1])
    rows: list[Row] = [
        ("Derivation graph: edges", float(len(edges.dependent)), "edges"),
        ("Derivation graph: counts of 200 roots, CPU", arrays, "s"),
    ]
    for what, way in (("recursive query", by_query), ("graph library", by_library)):
        try:
            other, seconds = _timed(way, edges)
        except HealthError as error:
            print(f"bench: the {what} was left out: {error}", file=sys.stderr, flush=True)
            continue
        if not np.array_equal(other, counts):
            raise CheckFailed(f"The {what} and the arrays count different rebuilds: one of them is wrong.")
        rows.append((f"Derivation graph: {what} / arrays, CPU", seconds / arrays, "x"))
    return rows


def _timed(way: Callable[[Edges], Counts], edges: Edges) -> tuple[Counts, float]:
    begin = time.process_time()
    counts = way(edges)
    return counts, time.process_time() - begin
