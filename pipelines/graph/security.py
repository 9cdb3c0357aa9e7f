"""A security fix of one root while a wave goes on: four ways, what each builds, what it leaves untested, how long."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.graph.graph import Booleans, Graph
from pipelines.graph.plan import Cost, Packages

SHARES = (0.5, 0.9, 1.0)
"""Shares of the packages for which a time is given."""


@dataclass(frozen=True)
class Rate:
    """Builds that machines finish a day: over the whole window, and on its busiest day. `basis`: where it is from."""

    builds_per_day: float
    busiest_day_builds: float
    basis: str


@dataclass(frozen=True)
class Way:
    """One way of bringing a fix to users.

    `wave_too`: builds of the fix and of the wave together, fewest and most; None without a known wave.
    `days`: for each of `SHARES`, days at the busiest rate and at the mean one; None where nothing is known.
    """

    name: str
    cost: Cost
    untested: int
    wave_too: tuple[int, int] | None
    days: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True)
class Comparison:
    """The ways beside each other.

    `packages`: the root and all that need it; `in_wave`: those of them that the minor wave builds; `later`: those that
    minor waves after it build anyway. None where the wave is not known.
    """

    packages: int
    in_wave: int | None
    later: int | None
    ways: tuple[Way, ...]


def compare(
    cut: Graph,
    packages: Packages,
    root: int,
    wave: npt.NDArray[np.int32] | None,
    later: npt.NDArray[np.int32] | None,
    rate: Rate | None,
) -> Comparison:
    """Compare the ways for a root. `wave`: roots of the minor wave that goes on; `later`: of those after it.

    - graft: the fixed root is built and put in the place of the old one in all that need it, without building them.
    - rebuild in place: the wave takes the fix; packages that it built already are built again.
    - duplicate the wave: it goes on as it is, and a copy of it with the fix beside it; what the fix does not reach is
      the same in both and built once.
    - user override: nothing is built by a CI; who wants the fix builds what he has of these packages.
    """
    fixed = cut.reached_by_any(np.array([root]))[packages.nodes]
    whole, nothing = packages.cost(fixed), Cost(0, 0.0, 0)
    reached = int(fixed.sum())
    of_wave = None if wave is None else cut.reached_by_any(wave)[packages.nodes]
    own = 0 if of_wave is None else int(of_wave.sum())
    both = None if of_wave is None else int((fixed & of_wave).sum())
    in_place = None if both is None else (own + reached - both, own + reached)
    ways = (
        Way("graft", nothing, max(reached - 1, 0), None if both is None else (own, own), None),
        Way("rebuild in place", whole, 0, in_place, _days(reached, rate)),
        Way(
            "duplicate the wave",
            whole,
            0,
            None if both is None else (own + reached, own + reached),
            _days(reached, rate),
        ),
        Way("user override", nothing, reached, None if both is None else (own, own), None),
    )
    again = None if later is None else int((fixed & _reached(cut, packages, later)).sum())
    return Comparison(reached, both, again, ways)


def _reached(cut: Graph, packages: Packages, roots: npt.NDArray[np.int32]) -> Booleans:
    return cut.reached_by_any(roots)[packages.nodes]


def _days(builds: int, rate: Rate | None) -> tuple[tuple[float, float], ...] | None:
    """Days until each share is built, if the machines are never idle."""
    if rate is None:
        return None
    return tuple((builds * s / rate.busiest_day_builds, builds * s / rate.builds_per_day) for s in SHARES)
