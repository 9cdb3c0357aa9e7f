"""`wave plan`: the plan of given roots on a package set of the warehouse, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from pipelines.errors import BadInput
from pipelines.graph import plan, stored
from pipelines.graph.plan import Cost, Packages, Plan
from pipelines.graph.stored import Derivations, PackageSet

MOVES_TOO_OFTEN = 12
"""Updates in a year from which a package counts as moving too often to wait for a wave: once a month."""


@dataclass(frozen=True)
class World:
    """The graph, a package set on it, and what is counted in it: packages, each with one of its attributes."""

    graph: Derivations
    package_set: PackageSet
    packages: Packages
    attrs: tuple[str, ...]
    updates: npt.NDArray[np.float64]


def world(con: duckdb.DuckDBPyConnection, name: str | None = None) -> World:
    """Load a package set and its graph. Raises BadInput where the log holds none."""
    package_set = stored.package_set(con, name)
    graph = stored.derivations(con)
    is_package = ~graph.is_fixed_output[package_set.derivations]
    of_attr = package_set.derivations[is_package]
    nodes = np.unique(of_attr)
    return World(
        graph,
        package_set,
        Packages(nodes, graph.level[nodes], _known(package_set.seconds[is_package], of_attr, nodes)),
        _named(package_set, nodes),
        _known(package_set.updates[is_package], of_attr, nodes),
    )


def groups_of(
    told: World, roots: Sequence[str], together: Sequence[Sequence[str]], *, every: bool
) -> tuple[list[tuple[str, ...]], list[npt.NDArray[np.int32]]]:
    """Groups of roots by name and by derivation: each of `roots` alone, each of `together` as one.

    `every`: each package of the set, as a group of its own. Raises BadInput for an attribute that is not there, one
    that is named twice, or none at all.
    """
    if every:
        return [(attr,) for attr in told.attrs], [
            told.packages.nodes[n : n + 1] for n in range(len(told.attrs))
        ]
    names = [(attr,) for attr in roots] + [tuple(group) for group in together]
    flat = [attr for group in names for attr in group]
    twice = sorted({attr for attr in flat if flat.count(attr) > 1})
    if twice:
        raise BadInput(f"{twice[0]!r} is named twice: a root is in one group only.")
    if not flat:
        raise BadInput("No root is named: write --roots gcc,openssl, or --all for every package.")
    places = [
        np.array([told.package_set.derivation(attr) for attr in group], dtype=np.int32) for group in names
    ]
    return names, places


def answer(
    told: World, names: Sequence[tuple[str, ...]], groups: Sequence[npt.NDArray[np.int32]], moves: int
) -> dict[str, Any]:
    """The plan as values for JSON: what is not known is null, and counted."""
    made = plan.make(told.graph.cut, told.packages, groups, told.graph.level)
    return {
        "package_set": described(told),
        "roots": [
            {
                "attrs": list(name),
                "levels": [level(one) for one in told.graph.level[members].tolist()],
                **costed(made.alone[number]),
            }
            for number, (name, members) in enumerate(zip(names, groups, strict=True))
        ],
        "minor_waves": [
            {
                "number": number,
                "groups": [list(names[group]) for group in _heaviest_first(wave.groups, made)],
                **_levels(
                    told.graph.level[np.concatenate([groups[group] for group in wave.groups])].tolist()
                ),
                **costed(wave.cost),
            }
            for number, wave in enumerate(made.waves, start=1)
        ],
        "groupings": {name: _grouping(made, name) for name in made.groupings},
        "by_level": [{"level": level(one), **costed(cost)} for one, cost in made.levels],
        "must_move_together": [[list(names[group]) for group in merged] for merged in made.merged],
        "rebuilt_levels": _rebuilt_levels(told, made),
        **_moving(told, made, moves),
    }


def described(told: World) -> dict[str, Any]:
    """Which package set an answer is about."""
    package_set, packages = told.package_set, told.packages
    return {
        "source": package_set.source,
        "name": package_set.name,
        "revision": package_set.revision,
        "committed_at": package_set.committed_at.isoformat() if package_set.committed_at else None,
        "is_partial": package_set.is_partial,
        "attributes": len(package_set.attrs),
        "packages": len(packages.nodes),
        "levels": len(np.unique(packages.level[packages.level >= 0])),
        "packages_of_unknown_level": int((packages.level < 0).sum()),
    }


def costed(cost: Cost) -> dict[str, Any]:
    """Builds and seconds; seconds are null where not one build's are known."""
    is_unknown = cost.builds > 0 and cost.builds_without_seconds == cost.builds
    return {
        "builds": cost.builds,
        "known_seconds": None if is_unknown else cost.known_seconds,
        "builds_without_seconds": cost.builds_without_seconds,
    }


def level(number: int) -> int | None:
    """A level, None where it is unknown."""
    return int(number) if number >= 0 else None


def _heaviest_first(groups: Sequence[int], made: Plan) -> list[int]:
    return sorted(groups, key=lambda group: (-made.alone[group].builds, group))


def _named(package_set: PackageSet, nodes: npt.NDArray[np.int32]) -> tuple[str, ...]:
    """For each package the attribute with fewest dots, of those the first by name."""
    by_name = sorted(
        range(len(package_set.attrs)), key=lambda n: (package_set.attrs[n].count("."), package_set.attrs[n])
    )
    first: dict[int, str] = {}
    for place in by_name:
        first.setdefault(int(package_set.derivations[place]), package_set.attrs[place])
    return tuple(first[node] for node in nodes.tolist())


def _known(
    values: npt.NDArray[np.float64], of_attr: npt.NDArray[np.int32], nodes: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """For each package the largest known value of its attributes; NaN where none is known."""
    found = np.full(len(nodes), np.nan)
    np.fmax.at(found, np.searchsorted(nodes, of_attr), values)
    return found


def _levels(levels: Sequence[int]) -> dict[str, int | None]:
    known = [int(one) for one in levels if one >= 0]
    return {"lowest_level": min(known, default=None), "highest_level": max(known, default=None)}


def _grouping(made: Plan, name: str) -> dict[str, Any]:
    grouping = made.groupings[name]
    times = grouping.times[made.is_rebuilt]
    return {
        "minor_waves": grouping.minor_waves,
        **costed(grouping.cost),
        "mean_builds_per_package": float(times.mean()) if times.size else None,
        "median_builds_per_package": float(np.median(times)) if times.size else None,
        "max_builds_per_package": int(times.max()) if times.size else None,
    }


def _rebuilt_levels(told: World, made: Plan) -> list[dict[str, int | None]]:
    found, counts = np.unique(told.packages.level[made.is_rebuilt], return_counts=True)
    return [{"level": level(one), "packages": int(n)} for one, n in zip(found, counts, strict=True)]


def _moving(told: World, made: Plan, moves: int) -> Mapping[str, Any]:
    """Packages of the wave that were updated too often in the year before, most often first."""
    chosen = np.flatnonzero(made.is_rebuilt & (np.nan_to_num(told.updates) >= moves))
    planned = made.groupings["planned"].times
    alone = told.graph.cut.reached([told.packages.nodes[n : n + 1] for n in chosen])[told.packages.nodes]
    rebuilt = plan.graph.per_group(alone, np.arange(len(alone)), len(chosen))
    rows = [
        {
            "attr": told.attrs[place],
            "updates_in_a_year": int(told.updates[place]),
            "builds_in_the_plan": int(planned[place]),
            "packages_that_need_it": int(rebuilt[number]) - 1,
        }
        for number, place in enumerate(chosen)
    ]
    return {
        "moves_too_often": sorted(rows, key=lambda row: (-row["updates_in_a_year"], row["attr"])),
        "moves_threshold": moves,
        "packages_without_history_of_updates": int(np.isnan(told.updates[made.is_rebuilt]).sum()),
    }
