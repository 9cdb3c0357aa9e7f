"""The cluster bootstrap of Kaplan-Meier and Aalen-Johansen estimates, on plain arrays. Knows no tables.

A draw gives every cluster a whole number of copies. Weighted ends and people at risk are exact sums of those
numbers; only the walk over distinct durations is in floating point.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]

DRAWS = 1_000
OUTSIDE = 25
"""The interval runs from the 25th smallest to the 25th largest draw: 2.5 % of 1,000 on either side."""

HALF_A_ROUNDING = 5e-13
"""Survival counts as at most q within half of the 12th decimal, as the rounded column in SQL does."""

CELLS = 250_000
"""Numbers that one block of draws may hold in one array: 2 MB, about what a processor keeps close."""


@dataclass(frozen=True)
class Sample:
    """Episodes of one group as rows sorted by duration: cluster (0, 1, ...), people and ends by outcome."""

    seconds: Integers
    cluster: Integers
    episodes: Integers
    ended: Integers
    outcomes: dict[str, Integers]

    @cached_property
    def starts(self) -> Integers:
        """Index of the first row of each distinct duration."""
        return np.flatnonzero(np.diff(self.seconds, prepend=self.seconds[0] - 1))

    @cached_property
    def times(self) -> Integers:
        """The distinct durations, ascending."""
        return self.seconds[self.starts]

    @cached_property
    def clusters(self) -> int:
        """How many clusters there are."""
        return int(self.cluster.max()) + 1


@dataclass(frozen=True)
class Walk:
    """One block of draws: per draw (row) and distinct duration (column)."""

    survival: Floats
    incidence_step: Floats
    """Survival before the duration divided by the people at risk."""
    weight: Floats
    """Copies of each input row, per draw (row) and input row (column)."""


@dataclass(frozen=True)
class Question:
    """What to estimate in each draw; durations in seconds."""

    quantiles: tuple[float, ...]
    """Survival levels whose first durations are asked."""
    until: int
    """Horizon of the restricted mean."""
    grid: Integers
    """Durations by which the ended share is asked."""
    outcome_grid: tuple[int, ...]
    """Durations by which the share of each outcome is asked."""


@dataclass(frozen=True)
class Draws:
    """The answers: one row a draw. Infinite where a quantile is not reached."""

    quantiles: Floats
    restricted_mean: Floats
    ended: Floats
    outcomes: dict[str, Floats]


def seed(*name: str) -> int:
    """A seed that depends on the given name and on nothing else."""
    return int.from_bytes(hashlib.sha256("\x1f".join(name).encode()).digest()[:16], "big")


def draw_weights(clusters: int, draws: int, seed: int) -> Integers:
    """Copies of each cluster (column) in each draw (row), which picks as many as there are."""
    generator = np.random.Generator(np.random.PCG64(seed))
    picks = generator.integers(0, clusters, size=(draws, clusters))
    picks += np.arange(draws, dtype=np.int64)[:, None] * clusters
    return np.bincount(picks.ravel(), minlength=draws * clusters).reshape(draws, clusters)


def walk(sample: Sample, weights: Integers) -> Walk:
    """Kaplan-Meier of every draw; ends come before censorings at the same duration."""
    weight = weights.astype(np.float64)[:, sample.cluster]
    people = np.add.reduceat(weight * sample.episodes, sample.starts, axis=1)
    ends = np.add.reduceat(weight * sample.ended, sample.starts, axis=1)
    at_risk = np.cumsum(people[:, ::-1], axis=1)[:, ::-1]
    # A draw without anybody left has no ends either: 0 / 1 leaves its curve flat.
    inverse = 1 / np.maximum(at_risk, 1)
    survival = np.cumprod(1 - ends * inverse, axis=1)
    inverse[:, 1:] *= survival[:, :-1]
    return Walk(survival=survival, incidence_step=inverse, weight=weight)


def answer(sample: Sample, weights: Integers, question: Question) -> Draws:
    """Answer the question in every draw, a block of draws at a time."""
    size = max(1, CELLS // len(sample.seconds))
    blocks = [
        _answer_block(sample, weights[first : first + size], question)
        for first in range(0, len(weights), size)
    ]
    return Draws(
        quantiles=np.concatenate([block.quantiles for block in blocks]),
        restricted_mean=np.concatenate([block.restricted_mean for block in blocks]),
        ended=np.concatenate([block.ended for block in blocks]),
        outcomes={
            name: np.concatenate([block.outcomes[name] for block in blocks]) for name in sample.outcomes
        },
    )


def interval(draws: Floats) -> tuple[Floats, Floats]:
    """The two ends of the interval of every column, by order statistics."""
    ordered = np.sort(draws, axis=0)
    outside = round(OUTSIDE * len(draws) / DRAWS)
    return ordered[outside - 1], ordered[-outside]


def _answer_block(sample: Sample, weights: Integers, question: Question) -> Draws:
    result = walk(sample, weights)
    times = sample.times
    later = np.append(times, np.inf)
    reached = [(result.survival > level + HALF_A_ROUNDING).sum(axis=1) for level in question.quantiles]
    lasting = np.diff(np.minimum(later, question.until))
    first = min(int(times[0]), question.until)
    with_start = np.hstack([np.ones((len(weights), 1)), result.survival])
    return Draws(
        quantiles=np.stack([later[index] for index in reached], axis=1),
        restricted_mean=(result.survival * lasting).sum(axis=1) + first,
        ended=1 - with_start[:, np.searchsorted(times, question.grid, side="right")],
        outcomes={
            name: np.stack([_incidence(sample, result, ends, by) for by in question.outcome_grid], axis=1)
            for name, ends in sample.outcomes.items()
        },
    )


def _incidence(sample: Sample, result: Walk, ends: Integers, by: int) -> Floats:
    rows = np.flatnonzero((ends > 0) & (sample.seconds <= by))
    columns = np.searchsorted(sample.times, sample.seconds[rows])
    return (result.incidence_step[:, columns] * result.weight[:, rows] * ends[rows]).sum(axis=1)
