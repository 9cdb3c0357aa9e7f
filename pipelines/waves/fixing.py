"""`wave security`: ways to bring a security fix of one root to its users, as plain values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from pipelines.errors import BadInput
from pipelines.graph import plan, security
from pipelines.graph.security import SHARES, Rate, Way
from pipelines.waves.planning import World, costed, described, level

MINOR = re.compile(r"\A(.+)-([0-9]+)\Z")


@dataclass(frozen=True)
class Wave:
    """The minor wave that goes on, and those after it: roots by derivation, and what is not known of it."""

    name: str
    roots: npt.NDArray[np.int32] | None
    later: npt.NDArray[np.int32] | None
    basis: str


def answer(
    told: World, root: str, wave: Wave, rates: Sequence[dict[str, Any]], rate: Rate | None
) -> dict[str, Any]:
    """The comparison as values for JSON: what is not known is null."""
    node = told.package_set.derivation(root)
    found = security.compare(told.graph.cut, told.packages, node, wave.roots, wave.later, rate)
    return {
        "package_set": described(told),
        "root": root,
        "level": level(int(told.graph.level[node])),
        "packages": found.packages,
        "wave": {
            "name": wave.name,
            "basis": wave.basis,
            "packages_that_it_builds_too": found.in_wave,
            "packages_that_later_minor_waves_build_anyway": found.later,
        },
        "rate": None
        if rate is None
        else {
            "builds_per_day": rate.builds_per_day,
            "busiest_day_builds": rate.busiest_day_builds,
            "basis": rate.basis,
        },
        "observed_rates": list(rates),
        "ways": [_way(way) for way in found.ways],
    }


def rates(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every row of `core.build_rates`, the most builds first."""
    columns = (
        "source",
        "jobset",
        "system",
        "window_days",
        "finished_builds",
        "builds_per_day",
        "busiest_day_builds",
    )
    rows = con.execute(
        f"select {', '.join(columns)} from core.build_rates order by finished_builds desc, source, jobset, system"
    ).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def chosen_rate(
    found: Sequence[dict[str, Any]], jobset: str | None, system: str, stated: float | None
) -> Rate | None:
    """The rate to reckon with: the stated one, else that of the jobset, else of the jobset with most builds.

    None where none is known. Raises BadInput for a jobset that the log has no builds of.
    """
    if stated is not None:
        return Rate(stated, stated, "stated with --builds-per-day")
    of_system = [row for row in found if row["system"] == system]
    if jobset is not None:
        named = [row for row in of_system if row["jobset"] == jobset]
        if not named:
            raise BadInput(
                f"No build of {jobset} on {system} has a time: name another --jobset, or state --builds-per-day."
            )
        of_system = named
    for row in of_system:
        if row["builds_per_day"]:
            basis = (
                f"{row['source']} {row['jobset']} on {row['system']}: {row['finished_builds']:,} builds finished "
                f"in {row['window_days']:.1f} days"
            )
            return Rate(float(row["builds_per_day"]), float(row["busiest_day_builds"]), basis)
    return None


def wave(con: duckdb.DuckDBPyConnection, told: World, name: str, roots: Sequence[str]) -> Wave:
    """The minor wave `X-Y`: as declared, else as planned from the roots of `X` (given, else declared), else unknown.

    Raises BadInput for a name that is not of that form, or a minor wave that the plan does not have.
    """
    parts = MINOR.match(name)
    if parts is None:
        raise BadInput(f"{name!r} names no minor wave: write it as X-Y, for example 26.11-2.")
    major, minor = parts[1], int(parts[2])
    declared = dict(
        con.execute(
            "select wave, roots from core.waves where wave = $wave or major = $major",
            {"wave": name, "major": major},
        ).fetchall()
    )
    if roots:
        return _planned(told, name, minor, [(root,) for root in roots], "planned from --roots")
    if name in declared:
        later = [
            root for other, names in declared.items() if _is_after(other, major, minor) for root in names
        ]
        return Wave(name, _places(told, declared[name]), _places(told, later), "declared")
    if major in declared:
        moving = con.execute(
            'select "groups" from core.waves where wave = $major', {"major": major}
        ).fetchall()[0][0]
        together = [tuple(group) for group in moving or []]
        grouped = {root for group in together for root in group}
        groups = together + [(root,) for root in declared[major] if root not in grouped]
        return _planned(told, name, minor, groups, f"planned from the roots of the declared wave {major}")
    return Wave(name, None, None, "neither declared in the log nor told by --roots")


def _planned(told: World, name: str, minor: int, groups: Sequence[tuple[str, ...]], basis: str) -> Wave:
    places = [
        np.array([told.package_set.derivation(attr) for attr in group], dtype=np.int32) for group in groups
    ]
    made = plan.make(told.graph.cut, told.packages, places, told.graph.level)
    if not 1 <= minor <= len(made.waves):
        raise BadInput(
            f"The plan of these roots has {len(made.waves)} minor waves, so that there is no {name}."
        )
    later = [places[group] for wave in made.waves[minor:] for group in wave.groups]
    return Wave(
        name,
        np.concatenate([places[group] for group in made.waves[minor - 1].groups]),
        np.concatenate(later) if later else np.zeros(0, dtype=np.int32),
        basis,
    )


def _places(told: World, attrs: Sequence[str]) -> npt.NDArray[np.int32]:
    return np.array([told.package_set.derivation(attr) for attr in attrs], dtype=np.int32)


def _is_after(name: str, major: str, minor: int) -> bool:
    parts = MINOR.match(name)
    return parts is not None and parts[1] == major and int(parts[2]) > minor


def _way(way: Way) -> dict[str, Any]:
    return {
        "way": way.name,
        **costed(way.cost),
        "untested_packages": way.untested,
        "builds_with_the_wave": None if way.wave_too is None else list(way.wave_too),
        "days": None
        if way.days is None
        else {
            f"{share:.0%}": {"at_busiest_day": busiest, "at_mean": mean}
            for share, (busiest, mean) in zip(SHARES, way.days, strict=True)
        },
    }
