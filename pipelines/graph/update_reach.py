"""What updates of a few packages reach by four kinds of edges: the definition of `replay.update_reach`."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from pipelines.graph import graph
from pipelines.graph.graph import Booleans

WAYS = ("derivation_changes", "output_changes", "without_check_only", "without_test_tools")
SCHEMA = {
    "set_number": pl.Int64,
    "package": pl.String,
    "roots": pl.Int64,
    **dict.fromkeys(WAYS, pl.Int64),
}


def reached(rows: pa.Table) -> pa.Table:
    """Rows of kind `node`, `edge`, `attr` and `root` in, sorted; SCHEMA out, a row a package set and package.

    Attributes are counted, those of the package itself among them; several of one derivation count each.
    """
    frame = pl.DataFrame(pl.from_arrow(rows))
    edges = frame.filter(pl.col("kind") == "edge")
    graphs = list(_graphs(frame.filter(pl.col("kind") == "node"), edges))
    attrs = _of_sets(frame, "attr")
    told = []
    for (number, package), roots in _of_sets(frame, "root").items():
        counted = attrs[number, None]
        told.append(
            (number, package, len(roots), *(int(one.reached_by_any(roots)[counted].sum()) for one in graphs))
        )
    return pl.DataFrame(told, schema=SCHEMA, orient="row").sort("set_number", "package").to_arrow()


def _graphs(nodes: pl.DataFrame, edges: pl.DataFrame) -> Iterator[graph.Graph]:
    """The graph of each way, in their order."""
    whole = graph.of(nodes["second"].to_numpy(), edges["first"].to_numpy(), edges["second"].to_numpy())
    yield whole
    is_followed: Booleans = ~nodes["flag"].to_numpy()[whole.dependent]
    yield whole.keeping(is_followed)
    is_followed = is_followed & ~edges["flag"].to_numpy()
    yield whole.keeping(is_followed)
    yield whole.keeping(is_followed & ~edges["is_guess"].to_numpy())


def _of_sets(frame: pl.DataFrame, kind: str) -> dict[tuple[int, str | None], npt.NDArray[np.int64]]:
    """Derivations of each package set, and package where the rows of this kind name one."""
    parts = frame.filter(pl.col("kind") == kind).partition_by("first", "package", as_dict=True)
    return {key: part["second"].to_numpy() for key, part in parts.items()}  # type: ignore[misc]
