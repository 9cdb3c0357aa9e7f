"""Why a job was rebuilt: the definition of `replay.rebuild_causes`."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from pipelines.graph import pairs
from pipelines.graph.pairs import PairGraph

CHECK = "check"
ROLES = (CHECK, "native", "propagated", "build", "stdenv", "source", "other", "unnamed", "unknown")
"""Kinds of edges, in the order in which one is named as the reason: the ones that matter least come first."""
SEVERAL = "several"
"""No single kind of edge alone brought the change."""
SCHEMA = {
    "older": pl.Int64,
    "newer": pl.Int64,
    "has_own_change": pl.Boolean,
    "triggers": pl.List(pl.String),
    "is_structural": pl.Boolean,
    "role": pl.String,
    "changed_inputs": pl.List(pl.Int64),
    "is_attributed": pl.Boolean,
}


def causes(rows: pa.Table) -> pa.Table:
    """Rows of kind `pair`, `node` and `edge` in; SCHEMA out, one row a pair, sorted.

    `triggers`: packages with a change of their own that the pair follows from. `is_structural`: no change of its own,
    and every change came through inputs for tests only. `role`: the first kind of edge without which nothing would
    have changed. `changed_inputs`: newer derivations of direct inputs that changed. `is_attributed`: no pair of unknown
    change is among those that it follows from; triggers and role are null where it is not.
    """
    told = graph_of(rows)
    asked = told.pairs.filter(pl.lit(value=False)) if told is None else _asked(rows)
    if told is None or asked.is_empty():
        return pl.DataFrame(schema=SCHEMA).to_arrow()
    numbers = told.numbers(asked["older"], asked["newer"])
    own = told.pairs["own"].to_numpy()[numbers]
    is_attributed = ~told.graph.reached_by_any(told.unknown)[numbers]
    found: list[list[str]] = [[] for _ in range(asked.height)]
    for place, package in pairs.triggers(told, numbers):
        found[place].append(package)
    is_known = own != pairs.UNKNOWN
    without_checks = _without(told, CHECK)[numbers]
    result = asked.select(
        "older",
        "newer",
        has_own_change=pl.Series(own == pairs.OWN).set(pl.Series(~is_known), None),
        triggers=_where(pl.Series(found, dtype=pl.List(pl.String)), is_attributed),
        is_structural=pl.Series((own == pairs.SAME) & ~without_checks & is_attributed).set(
            pl.Series(~is_known), None
        ),
        role=_where(pl.Series(_roles(told, numbers), dtype=pl.String), is_attributed & (own == pairs.SAME)),
        changed_inputs=_changed_inputs(told, numbers),
        is_attributed=pl.Series(is_attributed),
    )
    return result.cast(SCHEMA).sort("older", "newer").to_arrow()  # type: ignore[arg-type]


def graph_of(rows: pa.Table) -> PairGraph:
    """The graph of all pairs that rows of kind `pair` follow from."""
    frame = _frame(rows)
    nodes = frame.filter(pl.col("kind") == "node").select(
        pl.col("package").fill_null("?"),
        "recipe",
        "outputs",
        pl.col("is_fixed").fill_null(value=False),
        derivation="newer",
    )
    edges = frame.filter(pl.col("kind") == "edge").select("role", derivation="newer", input="older")
    return pairs.build(_asked(rows), nodes, edges)


def _frame(rows: pa.Table) -> pl.DataFrame:
    return pl.from_arrow(rows)  # type: ignore[return-value]


def _asked(rows: pa.Table) -> pl.DataFrame:
    return (
        _frame(rows).filter(pl.col("kind") == "pair").select("older", "newer").unique().sort("older", "newer")
    )


def _where(values: pl.Series, is_kept: npt.NDArray[np.bool_]) -> pl.Series:
    """Null where not kept."""
    return pl.DataFrame({"v": values, "k": is_kept}).select(pl.when("k").then("v")).to_series()


def _without(told: PairGraph, role: str) -> npt.NDArray[np.bool_]:
    """Whether each pair would change without the edges of one kind."""
    return told.changed((told.edges["role"] != role).fill_null(value=True).to_numpy())


def _roles(told: PairGraph, numbers: npt.NDArray[np.int64]) -> Sequence[str]:
    """For each pair the first kind of edge without which it would not change."""
    found = np.full(len(numbers), SEVERAL, dtype=object)
    is_open = np.ones(len(numbers), dtype=bool)
    for role in ROLES:
        drops = is_open & ~_without(told, role)[numbers]
        found[drops] = role
        is_open &= ~drops
    return found.tolist()


def _changed_inputs(told: PairGraph, numbers: npt.NDArray[np.int64]) -> pl.Series:
    """For each pair the newer derivations of its direct inputs that changed, sorted."""
    newer = told.pairs["newer"]
    edges = pl.DataFrame(
        {"dependent": told.graph.dependent, "input": newer.gather(told.graph.inputs)},
        schema={"dependent": pl.Int64, "input": pl.Int64},
    )
    grouped = edges.group_by("dependent").agg(pl.col("input").unique().sort())
    asked = pl.DataFrame({"dependent": numbers}, schema={"dependent": pl.Int64})
    return asked.join(grouped, on="dependent", how="left", maintain_order="left")["input"].fill_null([])
