"""A wave before it begins: in which order its roots go, what each minor wave builds, and what other groupings cost.

A minor wave updates one or several groups of roots and builds all that needs them. A group that another reaches
comes after it; groups that do not reach each other may share a minor wave, and what both reach is then built once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.graph import graph
from pipelines.graph.graph import Booleans, Graph
from pipelines.graph.order import Integers

LARGEST_MATRIX = 2048
"""Groups of several roots that are planned at a time: who reaches whom is held for every pair."""


@dataclass(frozen=True)
class Cost:
    """Builds, and how long they take together as far as that is known."""

    builds: int
    known_seconds: float
    builds_without_seconds: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.builds + other.builds,
            self.known_seconds + other.known_seconds,
            self.builds_without_seconds + other.builds_without_seconds,
        )


@dataclass(frozen=True)
class Packages:
    """What is counted: packages by derivation, each with its level and how long it builds (NaN: unknown)."""

    nodes: npt.NDArray[np.int32]
    level: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]

    def cost(self, is_built: Booleans) -> Cost:
        """Of the packages that are marked, `is_built` being of the packages and not of all nodes."""
        told = self.seconds[is_built]
        known = ~np.isnan(told)
        return Cost(len(told), float(told[known].sum()), int((~known).sum()))


@dataclass(frozen=True)
class MinorWave:
    """Groups (numbers of them) that are updated together, and what that builds."""

    groups: tuple[int, ...]
    cost: Cost


@dataclass(frozen=True)
class Grouping:
    """The same roots in fewer or more minor waves: what that costs, and how often each package is built."""

    minor_waves: int
    cost: Cost
    times: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """Minor waves in order, and what other groupings of the same roots cost."""

    waves: tuple[MinorWave, ...]
    alone: tuple[Cost, ...]
    """Of each group, a minor wave of its own."""
    merged: tuple[tuple[int, ...], ...]
    """Groups that reach each other both ways, so that they can only move together."""
    levels: tuple[tuple[int, Cost], ...]
    """One minor wave for each level that holds a group (the lowest of its roots), by level."""
    groupings: Mapping[str, Grouping]
    """`at_once`: the floor, one build per package; `planned`; `by_level`; `one_by_one`: the ceiling."""
    is_rebuilt: Booleans
    """Of the packages: whether the wave reaches it."""


def make(cut: Graph, packages: Packages, groups: Sequence[Integers], level: Integers) -> Plan:
    """The plan of these groups of roots. `level` is of all nodes, -1 where it is unknown."""
    reached = cut.reached(groups)[packages.nodes]
    is_rebuilt: Booleans = np.asarray(reached.any(axis=1))
    layer, merged = _layers(cut, groups)
    of_group = np.array([_lowest(level[members]) for members in groups], dtype=np.int64)
    waves, planned = _grouped(cut, packages, groups, layer)
    levels, by_level = _grouped(cut, packages, groups, of_group)
    alone = _alone(reached, packages, len(groups))
    return Plan(
        tuple(MinorWave(members, cost) for _, members, cost in waves),
        alone,
        merged,
        tuple((key, cost) for key, _, cost in levels),
        {
            "at_once": Grouping(1, packages.cost(is_rebuilt), is_rebuilt.astype(np.int64)),
            "planned": Grouping(len(waves), _sum([cost for _, _, cost in waves]), planned),
            "by_level": Grouping(len(levels), _sum([cost for _, _, cost in levels]), by_level),
            "one_by_one": Grouping(len(groups), _sum(alone), graph.per_row(reached)),
        },
        is_rebuilt,
    )


def _alone(reached: graph.Words, packages: Packages, groups: int) -> tuple[Cost, ...]:
    """Cost of each group in a minor wave of its own."""
    known = ~np.isnan(packages.seconds)
    builds = graph.per_group(reached, np.arange(len(known)), groups)
    unknown = graph.per_group(reached, np.flatnonzero(~known), groups)
    whole = np.round(packages.seconds[known]).astype(np.int64)
    seconds = graph.weight_per_group(reached, np.flatnonzero(known), whole, groups)
    return tuple(Cost(int(b), float(s), int(u)) for b, s, u in zip(builds, seconds, unknown, strict=True))


def reaches(cut: Graph, groups: Sequence[Integers]) -> Booleans:
    """For each pair of groups, whether an update of the first rebuilds a root of the second, other groups moving too.

    Groups are as one: what reaches a member reaches all that any member reaches.
    """
    bits = cut.reached(groups)
    matrix = np.zeros((len(groups), len(groups)), dtype=bool)
    for number, members in enumerate(groups):
        of_members = np.bitwise_or.reduce(bits[members], axis=0)
        raw = of_members.astype("<u8", copy=False).view(np.uint8)
        matrix[:, number] = np.unpackbits(raw, bitorder="little")[: len(groups)]
    for middle in range(len(groups)):
        matrix |= np.outer(matrix[:, middle], matrix[middle])
    return matrix


def _layers(
    cut: Graph, groups: Sequence[Integers]
) -> tuple[npt.NDArray[np.int64], tuple[tuple[int, ...], ...]]:
    """Earliest minor wave of each group, from 0, and the groups that have to be merged.

    Where every group is one root, the graph has no circles and one walk up gives the answer for any number of them.
    """
    if all(len(members) == 1 for members in groups):
        roots = np.concatenate(list(groups))
        is_root = np.zeros(cut.nodes, dtype=bool)
        is_root[roots] = True
        return cut.layers(is_root)[roots].astype(np.int64), ()
    if len(groups) > LARGEST_MATRIX:
        raise ValueError(
            f"{len(groups)} groups of several roots; at most {LARGEST_MATRIX} are planned together"
        )
    matrix = reaches(cut, groups)
    both_ways = matrix & matrix.T
    head = both_ways.argmax(axis=1)
    layer = np.zeros(len(groups), dtype=np.int64)
    before = matrix & ~both_ways
    # Who is reached by more groups comes later, so that all before a group are done when it is looked at.
    for number in np.argsort(before.sum(axis=0), kind="stable").tolist():
        earlier = layer[before[:, number]]
        layer[number] = earlier.max() + 1 if earlier.size else 0
    merged = [tuple(np.flatnonzero(head == first).tolist()) for first in np.unique(head)]
    return layer, tuple(members for members in merged if len(members) > 1)


def _grouped(
    cut: Graph, packages: Packages, groups: Sequence[Integers], key: npt.NDArray[np.int64]
) -> tuple[list[tuple[int, tuple[int, ...], Cost]], npt.NDArray[np.int64]]:
    """Groups of one key as one minor wave, by key: the groups and the cost; and how often each package is built."""
    keys = np.unique(key)
    members = [np.flatnonzero(key == one) for one in keys]
    together = [np.concatenate([groups[number] for number in of_key.tolist()]) for of_key in members]
    bits = cut.reached(together)[packages.nodes]
    waves = []
    for number, (one, of_key) in enumerate(zip(keys, members, strict=True)):
        is_built = (bits[:, number // graph.WORD] >> np.uint64(number % graph.WORD)) & np.uint64(1) == 1
        waves.append((int(one), tuple(of_key.tolist()), packages.cost(is_built)))
    return waves, graph.per_row(bits)


def _lowest(levels: Integers) -> int:
    """Lowest known level; -1 where none is."""
    known = levels[levels >= 0]
    return int(known.min()) if known.size else -1


def _sum(costs: Sequence[Cost]) -> Cost:
    return sum(costs, Cost(0, 0.0, 0))
