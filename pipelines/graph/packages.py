"""What updates of packages rebuild: the definitions of `replay.package_reach` and `replay.level_reach`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.graph import graph
from pipelines.graph.graph import Booleans, Graph
from pipelines.graph.order import Integers

NODE, EDGE, PACKAGE = 1, 2, 3
"""Kinds of rows of `replay.graph_rows`."""


@dataclass(frozen=True)
class PackageSet:
    """A package set on the graph of changed outputs."""

    number: int
    cut: Graph
    packages: npt.NDArray[np.int32]
    """Nodes of the set without a fixed output, in their order."""
    attrs: npt.NDArray[np.int64]
    """Attributes of each."""
    levels: npt.NDArray[np.int32]
    """Level of each; -1 where it is unknown."""


def package_reach(rows: pa.Table) -> pa.Table:
    """For each package, how many it rebuilds and how many and how many levels it needs, itself among them."""
    parts = [_reach_of(told) for told in sets(rows)]
    names = (
        "set_number",
        "derivation_id",
        "rebuilt_packages",
        "rebuilt_attrs",
        "needed_packages",
        "levels_reaching",
    )
    return _table(names, parts)


def level_reach(rows: pa.Table) -> pa.Table:
    """For each level that holds a package, how many lie on it, and how many are or need one of those."""
    parts = []
    for told in sets(rows):
        levels, groups = by_level(told)
        bits = told.cut.reached(groups)
        builds = graph.per_group(bits, told.packages, len(groups))
        roots = np.array([len(group) for group in groups], dtype=np.int64)
        parts.append((np.full(len(levels), told.number), levels, roots, builds))
    return _table(("set_number", "level", "roots", "builds"), parts)


def sets(rows: pa.Table) -> Iterator[PackageSet]:
    """Every package set of the rows of `replay.graph_rows`, by number."""
    columns = {name: rows[name].to_numpy() for name in ("kind", "first", "second", "amount")}
    flag = rows["flag"].to_numpy()
    nodes = np.flatnonzero(columns["kind"] == NODE)
    edges = np.flatnonzero(columns["kind"] == EDGE)
    is_fixed: Booleans = flag[nodes].astype(bool)
    whole = graph.of(columns["second"][nodes], columns["first"][edges], columns["second"][edges])
    cut = whole.cut_at(is_fixed)
    level = columns["amount"][nodes].astype(np.int32)
    of_sets = columns["kind"] == PACKAGE
    for number in np.unique(columns["first"][of_sets]):
        chosen = np.flatnonzero(of_sets & (columns["first"] == number))
        chosen = chosen[~is_fixed[columns["second"][chosen]]]
        packages = columns["second"][chosen].astype(np.int32)
        yield PackageSet(
            int(number), cut, packages, columns["amount"][chosen].astype(np.int64), level[packages]
        )


def by_level(told: PackageSet) -> tuple[Integers, list[Integers]]:
    """Levels that hold a package, and the packages on each; those of unknown level are on none."""
    levels = np.unique(told.levels[told.levels >= 0])
    return levels, [told.packages[told.levels == level] for level in levels]


def _reach_of(told: PackageSet) -> tuple[npt.NDArray[np.integer], ...]:
    packages = told.packages
    bits = told.cut.reached([packages[i : i + 1] for i in range(len(packages))])[packages]
    rows = np.arange(len(packages))
    _, groups = by_level(told)
    levels = told.cut.reached(groups)[packages]
    return (
        np.full(len(packages), told.number),
        packages,
        graph.per_group(bits, rows, len(packages)),
        graph.weight_per_group(bits, rows, told.attrs, len(packages)),
        graph.per_row(bits),
        graph.per_row(levels),
    )


def _table(names: tuple[str, ...], parts: list[tuple[npt.NDArray[np.integer], ...]]) -> pa.Table:
    """Columns of whole numbers, the parts one below the other."""
    return pa.table(
        {
            name: pa.array(
                np.concatenate([np.zeros(0, dtype=np.int64), *(part[place] for part in parts)]), pa.int64()
            )
            for place, name in enumerate(names)
        }
    )
