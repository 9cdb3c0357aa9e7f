"""Derivations numbered so that inputs come first, their edges by dependent, and what a change reaches in them.

Reach is computed for many roots at once: a node has one bit for each root, and takes the bits of its inputs, depth
by depth (`numpy.bitwise_or.reduceat`). No frontier is walked per root, so that 64 roots cost what one does.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.graph.order import Integers

Booleans = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
WORD = 64
"""Roots in one machine word."""
BLOCK = 8
"""Words that are carried through the graph at a time: the rows of a level then stay in the cache."""
SUMMED_ROWS = 255
"""Rows whose bits are added in one byte before they are added in more."""


@dataclass(frozen=True)
class _Step:
    """The nodes of one depth that have inputs: their numbers, and where their edges begin within the step's."""

    nodes: Integers
    starts: Integers
    begin: int
    end: int


@dataclass(frozen=True)
class Graph:
    """`depth` never falls from one node to the next; edges stand by dependent."""

    depth: npt.NDArray[np.int32]
    dependent: npt.NDArray[np.int32]
    inputs: npt.NDArray[np.int32]
    _steps: tuple[_Step, ...] = field(repr=False)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.depth)

    def keeping(self, edges: Booleans) -> "Graph":
        """The same nodes with only these edges: what a change would reach if the others were not there."""
        return of(self.depth, self.dependent[edges], self.inputs[edges])

    def cut_at(self, is_fixed_output: Booleans) -> "Graph":
        """The graph through which changes of *outputs* go: what makes a fixed output does not change it."""
        return self.keeping(~is_fixed_output[self.dependent])

    def steps(self) -> Iterator[tuple[Integers, Integers, Integers]]:
        """Depth by depth: nodes with inputs, all their inputs one after the other, where each node's begin."""
        for step in self._steps:
            yield step.nodes, self.inputs[step.begin : step.end], step.starts

    def levels(self) -> npt.NDArray[np.int32]:
        """Longest way down along the edges: 0 without inputs, else one more than the highest input."""
        level = np.zeros(self.nodes, dtype=np.int32)
        for nodes, inputs, starts in self.steps():
            level[nodes] = np.maximum.reduceat(level[inputs], starts) + 1
        return level

    def layers(self, is_root: Booleans) -> npt.NDArray[np.int32]:
        """Most roots on any way down from each node, itself left out: the earliest minor wave, from 0, for a root."""
        carried = np.zeros(self.nodes, dtype=np.int32)
        counted = is_root.astype(np.int32)
        for nodes, inputs, starts in self.steps():
            carried[nodes] = np.maximum.reduceat(carried[inputs] + counted[inputs], starts)
        return carried

    def spread(self, bits: Words) -> Words:
        """The bits of every node and of all that it needs, however far; `bits` itself is filled and returned."""
        for first in range(0, bits.shape[1], BLOCK):
            part = np.ascontiguousarray(bits[:, first : first + BLOCK])
            for nodes, inputs, starts in self.steps():
                part[nodes] |= np.bitwise_or.reduceat(part[inputs], starts, axis=0)
            bits[:, first : first + BLOCK] = part
        return bits

    def spread_through(self, bits: Words, kept: Words) -> Words:
        """As `spread`, where an edge carries only the bits that it has in `kept`: one world for each bit.

        `kept` has a row for each edge, in the order of `inputs`. So many counterfactuals cost what one does.
        """
        for step in self._steps:
            carried = bits[self.inputs[step.begin : step.end]] & kept[step.begin : step.end]
            bits[step.nodes] |= np.bitwise_or.reduceat(carried, step.starts, axis=0)
        return bits

    def reached(self, groups: Sequence[Integers]) -> Words:
        """For every node, one bit for each group of roots: whether the node is one of them or needs one."""
        return self.spread(seeds(self.nodes, groups))

    def reached_by_any(self, roots: Integers) -> Booleans:
        """Nodes that are one of the roots or need one."""
        return self.reached([roots])[:, 0] != 0


def of(depth: Integers, dependent: Integers, inputs: Integers) -> Graph:
    """A graph of edges `dependent[i]` to `inputs[i]`, sorted by dependent, on nodes sorted by depth.

    Raises ValueError where the nodes or edges are not in that order, or an edge does not lead to a lower depth.
    """
    depth = np.asarray(depth, dtype=np.int32)
    dependent, inputs = np.asarray(dependent, dtype=np.int32), np.asarray(inputs, dtype=np.int32)
    if np.any(np.diff(depth) < 0) or np.any(np.diff(dependent) < 0):
        raise ValueError("nodes have to be sorted by depth, and edges by dependent")
    if np.any(depth[inputs] >= depth[dependent]):
        raise ValueError("an edge leads to a node that is not deeper down")
    degree = np.bincount(dependent, minlength=len(depth))
    offsets = np.concatenate([[0], np.cumsum(degree)])
    steps = []
    for low, high in _runs(depth):
        nodes = low + np.flatnonzero(degree[low:high])
        if nodes.size:
            begin, end = int(offsets[low]), int(offsets[high])
            steps.append(_Step(nodes, offsets[nodes] - begin, begin, end))
    return Graph(depth, dependent, inputs, tuple(steps))


def seeds(nodes: int, groups: Sequence[Integers]) -> Words:
    """One bit for each group, set at its members."""
    bits = np.zeros((nodes, -(-len(groups) // WORD) or 1), dtype=np.uint64)
    for number, members in enumerate(groups):
        bits[members, number // WORD] |= np.uint64(1) << np.uint64(number % WORD)
    return bits


def per_group(bits: Words, rows: Integers | Booleans, groups: int) -> npt.NDArray[np.int64]:
    """For each group, how many of the rows have its bit."""
    counts = np.zeros(bits.shape[1] * WORD, dtype=np.int64)
    for word in range(bits.shape[1]):
        of_word = _unpacked(bits[:, word][rows])
        whole = len(of_word) // SUMMED_ROWS * SUMMED_ROWS
        blocks = of_word[:whole].reshape(-1, SUMMED_ROWS, WORD).sum(axis=1, dtype=np.uint8)
        rest = of_word[whole:].sum(axis=0, dtype=np.int64)
        counts[word * WORD : (word + 1) * WORD] = blocks.sum(axis=0, dtype=np.int64) + rest
    return counts[:groups]


def weight_per_group(
    bits: Words, rows: Integers | Booleans, weights: npt.NDArray[np.int64], groups: int
) -> npt.NDArray[np.int64]:
    """For each group, the sum of whole weights over the rows that have its bit."""
    totals = np.zeros(bits.shape[1] * WORD, dtype=np.int64)
    for word in range(bits.shape[1]):
        of_word = _unpacked(bits[:, word][rows])
        # Below 2^53 sums of whole numbers in floating point are exact, and this product is fast.
        totals[word * WORD : (word + 1) * WORD] = weights.astype(np.float64) @ of_word
    return totals[:groups]


def per_row(bits: Words) -> npt.NDArray[np.int64]:
    """For each row, how many groups' bits it has."""
    return np.bitwise_count(bits).sum(axis=1, dtype=np.int64)


def _unpacked(words: Words) -> npt.NDArray[np.uint8]:
    """One byte, 0 or 1, for each bit, the lowest first."""
    raw = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
    return np.unpackbits(raw, axis=1, bitorder="little")


def _runs(values: Integers) -> Iterator[tuple[int, int]]:
    """Half-open spans of equal neighbours."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return ((low, high) for low, high in itertools.pairwise(bounds) if high > low)
