"""What would not have been rebuilt without some edges: the definition of `replay.what_if_effects`.

All questions are runs of one recursion over pairs of derivations: a pair changed if it says something else itself, or
if an input did whose edge is not left out.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from pipelines.graph.attribution import CHECK, graph_of
from pipelines.graph.graph import WORD, Booleans
from pipelines.graph.pairs import PairGraph

SPLIT_TESTS, DROP_INPUT = "split_tests", "drop_input"
AVOIDED, TEST_RUN = "avoided", "test_run"
MOST_EDGES = 3 * WORD
"""Inputs of packages that are tried, those by which most rebuilds came first."""
DECLARED = (CHECK, "native", "propagated", "build")
"""Kinds of edges that a package's recipe lists by hand and could do without."""
SCHEMA = {
    "scenario": pl.String,
    "package": pl.String,
    "input": pl.String,
    "older": pl.Int64,
    "newer": pl.Int64,
    "effect": pl.String,
}
Drop = tuple[str, frozenset[str]]
"""A package, and the packages of inputs that it would not have."""


def effects(rows: pa.Table) -> pa.Table:
    """Rows of kind `pair`, `node` and `edge` in; SCHEMA out, sorted: what each scenario changes for which pairs.

    `avoided`: the pair would not have changed. `test_run`: the package's tests, split off, would have run again.
    Pairs whose change is not fully known are never avoided. For `split_tests` package and input are null.
    """
    told = graph_of(rows)
    asked = _asked(rows)
    if asked.is_empty():
        return pl.DataFrame(schema=SCHEMA).to_arrow()
    numbers = told.numbers(asked["older"], asked["newer"])
    avoided, tests = split_tests(told, numbers)
    parts = [
        _told(asked, avoided, SPLIT_TESTS, None, None, AVOIDED),
        _told(asked, tests, SPLIT_TESTS, None, None, TEST_RUN),
    ]
    drops = candidates(told, numbers)
    for (package, inputs), without in zip(drops, dropped(told, numbers, drops), strict=True):
        parts.append(_told(asked, without, DROP_INPUT, package, "+".join(sorted(inputs)), AVOIDED))
    return pl.concat(parts).cast(SCHEMA).sort(list(SCHEMA), nulls_last=True).to_arrow()  # type: ignore[arg-type]


def split_tests(told: PairGraph, numbers: npt.NDArray[np.int64]) -> tuple[Booleans, Booleans]:
    """Which pairs would not change if tests were derivations of their own, and whose tests would run again.

    Tests run again where the package or one of its inputs for tests changes in that world.
    """
    is_check = (told.edges["role"] == CHECK).fill_null(value=False).to_numpy()
    changed, without = told.changed(), told.changed(~is_check)
    certain = ~told.graph.reached_by_any(told.unknown)
    tested = np.zeros(told.graph.nodes, dtype=bool)
    tested[told.graph.dependent[is_check & without[told.graph.inputs]]] = True
    has_tests = told.pairs["has_checks"].to_numpy()
    avoided = changed & ~without & certain
    return avoided[numbers], (has_tests & changed & (without | tested))[numbers]


def dropped(told: PairGraph, numbers: npt.NDArray[np.int64], drops: Sequence[Drop]) -> Iterable[Booleans]:
    """For each drop, which pairs would not change without those inputs of the package; one pass for all."""
    if not drops:
        return []
    words = -(-len(drops) // WORD)
    kept = np.full((told.edges.height, words), np.iinfo(np.uint64).max, dtype=np.uint64)
    edges = told.edges.with_columns(
        package=told.pairs["package"].gather(told.graph.dependent),
        input=told.pairs["package"].gather(told.graph.inputs),
    ).with_row_index("edge")
    of_package = edges.partition_by("package", as_dict=True)
    for number, (package, inputs) in enumerate(drops):
        own = of_package.get((package,))
        if own is not None:
            is_dropped = pl.col("input").is_in(list(inputs)) & pl.col("role").is_in(DECLARED)
            rows = own.filter(is_dropped)["edge"].to_numpy()
            kept[rows, number // WORD] &= ~(np.uint64(1) << np.uint64(number % WORD))
    bits = np.zeros((told.graph.nodes, words), dtype=np.uint64)
    bits[told.own] = np.iinfo(np.uint64).max
    bits = told.graph.spread_through(bits, kept)
    changed = (told.changed() & ~told.graph.reached_by_any(told.unknown))[numbers]
    asked = bits[numbers]
    return [
        changed & ((asked[:, number // WORD] >> np.uint64(number % WORD) & np.uint64(1)) == 0)
        for number in range(len(drops))
    ]


def candidates(told: PairGraph, numbers: npt.NDArray[np.int64], most: int = MOST_EDGES) -> list[Drop]:
    """Single inputs of packages through which pairs changed, the most frequent first, then by name."""
    is_asked = np.zeros(told.graph.nodes, dtype=bool)
    is_asked[numbers] = True
    edges = pl.DataFrame(
        {
            "package": told.pairs["package"].gather(told.graph.dependent),
            "input": told.pairs["package"].gather(told.graph.inputs),
            "is_asked": is_asked[told.graph.dependent],
            "role": told.edges["role"],
        }
    ).filter("is_asked", pl.col("role").is_in(DECLARED), pl.col("package") != pl.col("input"))
    counted = (
        edges.group_by("package", "input")
        .len()
        .sort("len", "package", "input", descending=[True, False, False])
    )
    return [(package, frozenset([name])) for package, name, _ in counted.head(most).iter_rows()]


def _asked(rows: pa.Table) -> pl.DataFrame:
    frame: pl.DataFrame = pl.from_arrow(rows)  # type: ignore[assignment]
    return frame.filter(pl.col("kind") == "pair").select("older", "newer").unique().sort("older", "newer")


def _told(
    asked: pl.DataFrame, chosen: Booleans, scenario: str, package: str | None, name: str | None, effect: str
) -> pl.DataFrame:
    return asked.filter(pl.Series(chosen)).select(
        pl.lit(scenario).alias("scenario"),
        pl.lit(package, pl.String).alias("package"),
        pl.lit(name, pl.String).alias("input"),
        "older",
        "newer",
        pl.lit(effect).alias("effect"),
    )
