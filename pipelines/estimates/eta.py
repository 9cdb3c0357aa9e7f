"""When a cohort will be off the failing list: prediction intervals from the curves of earlier cohorts. Plain arrays.

A cohort is the failures that began in one evaluation on one system. Each earlier cohort says how long it took, from
the same age on, for the same share of what was left to leave. If cohorts are exchangeable, the true time of a new one
is equally likely to fall into each of the m + 1 gaps between the ordered times of m earlier ones, whatever their
distribution: the ranks of conformal prediction (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
2005, chapter 2). An earlier cohort that has not got there yet is censored by the date, whatever its time: Kaplan-Meier
weights (Kaplan and Meier 1958) then take the place of ranks. All durations are seconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipelines.estimates.bootstrap import Floats, Integers

LEVEL = 0.8
"""Share of predictions that the interval should hold."""

STEP = 0.05
"""How far a cluster that missed moves the level; of 0, 0.02, 0.05 and 0.1 the one that fits haskell-updates best."""

WIDEST = 0.98
"""No level beyond this is asked: it would take 49 earlier cohorts to bound it."""

LEAST_EARLIER = 4
"""With fewer earlier cohorts not even the longest of them bounds a new one with 80 %: 4 of 5 gaps are the fewest."""

LEAST_LEFT = 10
"""A cohort with fewer jobs left at an age says little about how the rest leaves."""

TOLERANCE = 1e-9
"""Shares that differ by less are equal: survival is a product of fractions."""


@dataclass(frozen=True)
class Cohort:
    """Jobs by how long they failed, ascending: how many there are and how many of them ended then."""

    seconds: Integers
    episodes: Integers
    ended: Integers
    observed: int
    """How long it has been watched."""

    @cached_property
    def at_risk(self) -> Integers:
        """Jobs that failed at least so long; 0 behind the last duration."""
        return np.append(np.cumsum(self.episodes[::-1])[::-1], 0)

    @cached_property
    def survival(self) -> Floats:
        """Kaplan-Meier: share that fails longer. Ends come before censorings at the same duration."""
        return np.cumprod(1 - self.ended / self.at_risk[:-1])

    def share_left(self, age: int) -> float:
        """Share that still fails at an age; 1 at age 0, where the cohort has just begun."""
        place = self._after(age)
        return float(self.survival[place - 1]) if place else 1.0

    def jobs_left(self, age: int) -> int:
        """Jobs that are known to fail still at an age."""
        place = self._after(age)
        # Watched for exactly so long and not seen to end.
        exactly = place and self.seconds[place - 1] == age
        last = self.episodes[place - 1] - self.ended[place - 1] if exactly else 0
        return int(self.at_risk[place] + last)

    def falls_to(self, share: float) -> int | None:
        """The duration at which the share first is so small; None if it was not seen to be."""
        place = int(np.searchsorted(-self.survival, -(share + TOLERANCE), side="left"))
        return int(self.seconds[place]) if place < len(self.seconds) else None

    def _after(self, age: int) -> int:
        """Place of the first duration beyond an age."""
        return int(np.searchsorted(self.seconds, age, side="right")) if age > 0 else 0


@dataclass(frozen=True)
class Bounds:
    """What is known of a duration: exactly if both are equal, from below if `most` is infinite."""

    least: float
    most: float


@dataclass(frozen=True)
class Interval:
    """A prediction: seconds from now. `high` is infinite if too many earlier cohorts have not got there."""

    low: float
    middle: float
    high: float
    nominal: float
    """Probability that ranks alone give it: at least LEVEL."""
    earlier: int
    """Earlier cohorts that it rests on, one a cluster."""


def remaining(cohort: Cohort, age: int, fraction: float, known: int) -> Bounds | None:
    """How long it took from `age` until only `fraction` of those failing then still did, as known at age `known`.

    None where the cohort says nothing: not yet so old, or hardly anything left.
    """
    if known <= age or cohort.jobs_left(age) < LEAST_LEFT:
        return None
    reached = cohort.falls_to(cohort.share_left(age) * fraction)
    if reached is None or reached > known:
        return Bounds(float(known - age), math.inf)
    return Bounds(float(reached - age), float(reached - age))


def weights(bounds: Sequence[Bounds]) -> tuple[Floats, Floats]:
    """Distinct durations at which an earlier cohort got there, ascending, and the probability to be there by each.

    Kaplan-Meier over the earlier cohorts and the new one, which counts as the longest of all: if all have got there
    this is rank / (m + 1). One that has not hands its weight on to those that took longer.
    """
    reached = np.array(sorted({bound.most for bound in bounds if math.isfinite(bound.most)}))
    # Of two equal durations one is an end and the other a censoring: the end comes first.
    at_risk = np.array([1 + sum(bound.least >= at for bound in bounds) for at in reached], dtype=np.float64)
    ends = np.array([sum(bound.most == at for bound in bounds) for at in reached], dtype=np.float64)
    return reached, 1 - np.cumprod(1 - ends / at_risk)


def interval(bounds: Sequence[Bounds], level: float = LEVEL) -> Interval | None:
    """The interval of a new cohort from what earlier ones took; None with too few of them for any.

    Equal tails where both ends can be had (from 9 cohorts on for 80 %), else from 0 to the upper end that carries the
    level alone, else without upper end.
    """
    if len(bounds) < LEAST_EARLIER:
        return None
    reached, by = weights(bounds)
    outside = (1 - level) / 2
    lows = np.flatnonzero(by <= outside + TOLERANCE)
    low, below = (float(reached[lows[-1]]), float(by[lows[-1]])) if len(lows) else (0.0, 0.0)
    middle, _ = _first(reached, by, 0.5)
    high, above = _first(reached, by, 1 - outside)
    if not len(lows) or math.isinf(high):
        alone, covered = _first(reached, by, level)
        if math.isfinite(alone) or not len(lows):
            low, below, high, above = 0.0, 0.0, alone, covered
    return Interval(low, middle, high, nominal=above - below, earlier=len(bounds))


def widened(misses: Sequence[float]) -> float:
    """The level to ask for, given the share of each earlier cluster's predictions that did not hold.

    LEVEL, and more as long as fewer of them held: adaptive conformal inference (Gibbs and Candes 2021), which here
    never narrows. Cohorts are not quite exchangeable, later ones may differ from earlier ones; this learns of it.
    """
    return min(WIDEST, max(LEVEL, LEVEL + STEP * sum(miss - (1 - LEVEL) for miss in misses)))


def _first(reached: Floats, by: Floats, share: float) -> tuple[float, float]:
    """The first duration by which a share is there, and the share that is; infinite where it is never reached."""
    places = np.flatnonzero(by >= share - TOLERANCE)
    return (float(reached[places[0]]), float(by[places[0]])) if len(places) else (math.inf, 1.0)


def outcome(predicted: Interval, truth: Bounds) -> str:
    """`inside`, `before` or `after` the interval; `unknown` while the cohort may yet be inside."""
    if truth.least > predicted.high:
        return "after"
    if truth.most < predicted.low:
        return "before"
    # Infinite: no end is known, and then nothing can come after it.
    if truth.least >= predicted.low and truth.most <= predicted.high:
        return "inside"
    return "unknown"
