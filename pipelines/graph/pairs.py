"""Pairs of an older and a newer derivation, and the pairs of inputs through which a change came from one to the other.

Inputs are matched by package. A pair of inputs is followed where it changed: the derivations differ, and so do their
output paths where these are known. Nothing is followed below a fixed output, which changes by its own hash only; and
what has a fixed output is no package but a source: where it changed, the package that it is a source of changed itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.graph import graph, order
from pipelines.graph.graph import Booleans, Graph

SAME, OWN, UNKNOWN = 0, 1, 2
"""Whether the newer derivation of a pair says something else than the older one, besides its inputs."""
NODES = pl.Schema(
    {
        "derivation": pl.Int64,
        "package": pl.String,
        "recipe": pl.Int64,
        "outputs": pl.Int64,
        "is_fixed": pl.Boolean,
    }
)
"""`recipe` and `outputs` are identities, null where unknown."""
EDGES = pl.Schema({"derivation": pl.Int64, "input": pl.Int64, "role": pl.String})


@dataclass(frozen=True)
class PairGraph:
    """Pairs that changed, those of inputs before those of what needs them.

    `pairs`: older, newer, package of the newer, `own` (`SAME`, `OWN` or `UNKNOWN`), `has_checks` (whether the newer
    has inputs for tests only), by number.
    `edges`: `role` of the newer derivation's input, one row for each edge of `graph`, in its order.
    """

    pairs: pl.DataFrame
    edges: pl.DataFrame
    graph: Graph

    def numbers(self, older: pl.Series, newer: pl.Series) -> npt.NDArray[np.int64]:
        """Numbers of given pairs; -1 for one that is not there."""
        asked = pl.DataFrame({"older": older, "newer": newer}, schema={"older": pl.Int64, "newer": pl.Int64})
        known = self.pairs.select("older", "newer").with_row_index("number")
        found = asked.join(known, on=["older", "newer"], how="left", maintain_order="left")["number"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()

    @property
    def own(self) -> npt.NDArray[np.int64]:
        """Pairs with a change of their own."""
        return np.flatnonzero((self.pairs["own"] == OWN).to_numpy())

    @property
    def unknown(self) -> npt.NDArray[np.int64]:
        """Pairs of which it is unknown whether they have one."""
        return np.flatnonzero((self.pairs["own"] == UNKNOWN).to_numpy())

    def changed(self, kept: Booleans | None = None) -> Booleans:
        """Whether each pair changes if only the edges `kept` were there (default: all)."""
        followed = self.graph if kept is None else self.graph.keeping(kept)
        return followed.reached_by_any(self.own)


def build(asked: pl.DataFrame, nodes: pl.DataFrame, edges: pl.DataFrame) -> PairGraph:
    """The pairs asked for (`older`, `newer`) and all pairs of inputs that they follow from.

    `nodes` has the columns of NODES, one row a derivation; `edges` those of EDGES, one row a derivation and input.
    Pairs that need each other in a circle are of unknown change.
    """
    sides = _sides(nodes, edges)
    fixed = nodes.filter("is_fixed").select(newer_input="derivation")
    sources = []
    frontier = asked.select("older", "newer").unique().sort("older", "newer")
    seen, links = [frontier], []
    while frontier.height:
        below = _below(frontier, nodes, sides)
        sources.append(below.join(fixed, on="newer_input", how="semi"))
        found = below.join(fixed, on="newer_input", how="anti")
        links.append(found)
        inner = found.select(older="older_input", newer="newer_input").unique()
        frontier = inner.join(pl.concat(seen), on=["older", "newer"], how="anti").sort("older", "newer")
        seen.append(frontier)
    pairs = pl.concat(seen)
    all_links = pl.concat(links) if links else _below(frontier, nodes, sides)
    checking = sides.filter(pl.col("role") == "check")["derivation"].unique()
    judged = _judged(pairs, nodes, _sources(sources or [all_links], nodes)).with_columns(
        has_checks=pl.col("newer").is_in(checking.implode())
    )
    return _ordered(judged, all_links)


def triggers(told: PairGraph, numbers: npt.NDArray[np.int64], most: int = 512) -> Iterator[tuple[int, str]]:
    """(place in `numbers`, package) of every package whose own change each pair follows from, itself included.

    Carried through the graph for at most `most` packages at a time, which bounds the memory.
    """
    own = told.own
    packages = told.pairs["package"].gather(own)
    names = sorted(packages.unique().to_list())
    of_name = {name: number for number, name in enumerate(names)}
    member = np.array([of_name[name] for name in packages.to_list()], dtype=np.int64)
    for first in range(0, len(names), most):
        groups = [own[member == number] for number in range(first, min(first + most, len(names)))]
        bits = told.graph.reached(groups)[numbers]
        for word in range(bits.shape[1]):
            column = bits[:, word]
            for bit in range(graph.WORD):
                group = first + word * graph.WORD + bit
                if group >= len(names):
                    break
                for place in np.flatnonzero(column >> np.uint64(bit) & np.uint64(1)).tolist():
                    yield place, names[group]


def _sides(nodes: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges of what has no fixed output, with the package of the input."""
    fixed = nodes.filter("is_fixed").select("derivation")
    return edges.join(fixed, on="derivation", how="anti").join(
        nodes.select(input="derivation", package="package"), on="input", how="left"
    )


def _below(frontier: pl.DataFrame, nodes: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    """For each pair the pairs of inputs of one package that changed, with the role in the newer derivation."""
    outputs = nodes.select("derivation", "outputs")
    return (
        frontier.join(sides.select(older="derivation", older_input="input", package="package"), on="older")
        .join(
            sides.select("role", newer="derivation", newer_input="input", package="package"),
            on=["newer", "package"],
        )
        .filter(pl.col("older_input") != pl.col("newer_input"))
        .join(outputs.rename({"derivation": "older_input", "outputs": "a"}), on="older_input", how="left")
        .join(outputs.rename({"derivation": "newer_input", "outputs": "b"}), on="newer_input", how="left")
        .filter((pl.col("a") != pl.col("b")).fill_null(value=True))
        .select("older", "newer", "older_input", "newer_input", "role")
    )


def _sources(found: list[pl.DataFrame], nodes: pl.DataFrame) -> pl.DataFrame:
    """Of pairs (older, newer) with another fixed output among their inputs: whether that is `OWN` or `UNKNOWN`.

    Where output paths are unknown the recipe tells: with the same one the fetcher alone changed.
    """
    side = nodes.select("derivation", "recipe", "outputs")
    links = pl.concat(found)
    judged = links.join(side.rename({"derivation": "newer_input"}), on="newer_input", how="left").join(
        side.rename({"derivation": "older_input"}), on="older_input", how="left", suffix="_older"
    )
    has_outputs = pl.col("outputs").is_not_null() & pl.col("outputs_older").is_not_null()
    has_recipes = pl.col("recipe").is_not_null() & pl.col("recipe_older").is_not_null()
    source = (
        pl.when(has_outputs | (has_recipes & (pl.col("recipe") != pl.col("recipe_older"))))
        .then(OWN)
        .when(has_recipes)
        .then(SAME)
        .otherwise(UNKNOWN)
    )
    # Of several sources one that surely changed decides.
    rank = pl.col("source").replace_strict({OWN: 2, UNKNOWN: 1, SAME: 0}, return_dtype=pl.Int8)
    return (
        judged.select("older", "newer", source=source)
        .sort("older", "newer", rank)
        .unique(["older", "newer"], keep="last", maintain_order=True)
    )


def _judged(pairs: pl.DataFrame, nodes: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Pairs with the package of the newer derivation and whether it changed by itself, or by a source of its own."""
    side = nodes.select("derivation", "package", "recipe", "is_fixed")
    joined = (
        pairs.join(side.rename({"derivation": "newer"}), on="newer", how="left")
        .join(side.drop("package").rename({"derivation": "older"}), on="older", how="left", suffix="_older")
        .join(sources, on=["older", "newer"], how="left")
    )
    # That a fixed output changed is its own doing: what it is made with does not matter.
    own = (
        pl.when(pl.col("is_fixed").fill_null(value=False))
        .then(
            pl.when((pl.col("recipe") == pl.col("recipe_older")).fill_null(value=False))
            .then(SAME)
            .otherwise(OWN)
        )
        .when((pl.col("source") == OWN).fill_null(value=False))
        .then(OWN)
        .when(
            pl.col("recipe").is_null()
            | pl.col("recipe_older").is_null()
            | (pl.col("source") == UNKNOWN).fill_null(value=False)
        )
        .then(UNKNOWN)
        .when(pl.col("recipe") != pl.col("recipe_older"))
        .then(OWN)
        .otherwise(SAME)
    )
    return joined.select("older", "newer", pl.col("package").fill_null("?"), own=own.cast(pl.Int8))


def _ordered(pairs: pl.DataFrame, links: pl.DataFrame) -> PairGraph:
    """Pairs numbered by depth, edges by dependent."""
    numbered = pairs.sort("older", "newer").with_row_index("place")
    place = numbered.select("place", "older", "newer")
    placed = links.join(place, on=["older", "newer"]).join(
        place.rename({"place": "input", "older": "older_input", "newer": "newer_input"}),
        on=["older_input", "newer_input"],
    )
    depth = order.depths(numbered.height, placed["place"].to_numpy(), placed["input"].to_numpy())
    is_circular = depth == order.UNORDERED
    by_depth = np.lexsort([np.arange(len(depth)), depth, is_circular])
    number = np.empty(len(depth), dtype=np.int32)
    number[by_depth] = np.arange(len(depth), dtype=np.int32)
    ordered = (
        numbered[by_depth.tolist()]
        .drop("place")
        .with_columns(
            own=pl.when(pl.Series(is_circular[by_depth])).then(pl.lit(UNKNOWN, pl.Int8)).otherwise("own")
        )
    )
    edges = placed.select(
        "role",
        dependent=pl.Series(number[placed["place"].to_numpy()]),
        input=pl.Series(number[placed["input"].to_numpy()]),
        is_kept=pl.Series(~is_circular[placed["place"].to_numpy()]),
    ).filter("is_kept")
    edges = edges.sort("dependent", "input", "role", nulls_last=True)
    depth_of = np.where(is_circular, depth.max(initial=0) + 1, depth)[by_depth]
    made = graph.of(depth_of, edges["dependent"].to_numpy(), edges["input"].to_numpy())
    return PairGraph(ordered, edges.select("role"), made)
