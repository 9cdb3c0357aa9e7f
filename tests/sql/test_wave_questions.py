"""Plans and fixes asked of a warehouse with declared waves, build times and rates."""

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest

from models.events import BuildObserved, EvaluationObserved, Event, WaveDeclared
from models.vocabulary import Cause, Coverage, Unit
from pipelines.errors import BadInput
from pipelines.waves import fixing, planning, words
from pipelines.waves.planning import World
from tests import graphs
from tests.graphs import AT, SYSTEM
from tests.sql import harness

DRAWN = """
libc
ssl <- libc
gui <- libc
curl <- ssl
app <- curl gui
lonely
"""
SECONDS = {"libc": 3600, "ssl": 600, "curl": 60, "app": 30}


def declared(wave: str, roots: list[str], groups: list[list[str]] | None = None) -> WaveDeclared:
    return WaveDeclared(
        id=f"waves:declared:{wave}:2024-01-01",
        source="waves",
        observed_at=AT,
        wave=wave,
        title=wave,
        roots=roots,
        groups=groups or [],
        instance="ci",
        jobsets=["p/main"],
    )


def given() -> list[Event]:
    # Two builds a day for four days; on the last, those of the packages too.
    builds = [
        BuildObserved(
            source="ci",
            jobset="p/main",
            build_id=f"{attr}.{number}",
            attr=attr,
            system=SYSTEM,
            observed_at=AT + number * timedelta(hours=12),
            status="succeeded",
            source_status="0",
            is_finished=True,
            cause=Cause.UNKNOWN,
            started_at=AT + number * timedelta(hours=12) - timedelta(seconds=seconds),
            stopped_at=AT + number * timedelta(hours=12),
            time_kind="measured",
        )
        for number in range(9)
        for attr, seconds in (SECONDS.items() if number == 8 else [("other", 10)])
    ]
    told = EvaluationObserved(
        id="ci:evaluation:p/main:1:x",
        source="ci",
        observed_at=AT,
        jobset="p/main",
        evaluation_id="1",
        ordinal=1,
        observation_key="x",
        unit=Unit.JOB,
        coverage=Coverage.FULL,
        listed_statuses=["all"],
        systems=[SYSTEM],
    )
    return [
        *graphs.events(DRAWN, "drawn", first=5000),
        *builds,
        told,
        declared("24.05", ["libc", "ssl", "gui", "curl"], [["ssl", "curl"]]),
        declared("23.11-1", ["libc"]),
        declared("23.11-2", ["ssl"]),
        declared("23.11-3", ["gui"]),
    ]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with harness.build([(1, event) for event in given()]) as built:
        yield built


@pytest.fixture(scope="module")
def told(con: duckdb.DuckDBPyConnection) -> World:
    return planning.world(con)


def way(answer: dict, name: str) -> dict:
    (found,) = [one for one in answer["ways"] if one["way"] == name]
    return found


def test_times_are_summed_as_far_as_they_are_known(told: World) -> None:
    names, places = planning.groups_of(told, ["libc", "gui"], [["ssl", "curl"]], every=False)
    answer = planning.answer(told, names, places, 12)
    assert [(wave["groups"], wave["builds"]) for wave in answer["minor_waves"]] == [
        ([["libc"]], 5),
        ([["ssl", "curl"], ["gui"]], 4),
    ]
    assert [(wave["known_seconds"], wave["builds_without_seconds"]) for wave in answer["minor_waves"]] == [
        (4290.0, 1),
        (690.0, 1),
    ]
    assert answer["groupings"]["planned"]["known_seconds"] == 4980.0
    assert answer["packages_without_history_of_updates"] == 5
    shown = words.plan(answer)
    assert any("≥ 1.2 h" in line for line in shown)
    assert any("unknown, no history of updates" in line for line in shown)
    assert max(map(len, shown)) <= 80


def test_every_package_as_a_root(told: World) -> None:
    names, places = planning.groups_of(told, [], [], every=True)
    answer = planning.answer(told, names, places, 12)
    assert answer["groupings"]["at_once"]["builds"] == 6
    assert answer["groupings"]["one_by_one"]["minor_waves"] == 6
    assert answer["minor_waves"][0]["groups"] == [["libc"], ["lonely"]]


def test_a_declared_minor_wave_is_taken_as_it_is(con: duckdb.DuckDBPyConnection, told: World) -> None:
    wave = fixing.wave(con, told, "23.11-2", [])
    answer = fixing.answer(told, "ssl", wave, fixing.rates(con), None)
    assert answer["wave"] == {
        "name": "23.11-2",
        "basis": "declared",
        "packages_that_it_builds_too": 3,
        # Of ssl, curl and app only app is built again by the wave of gui.
        "packages_that_later_minor_waves_build_anyway": 1,
    }
    assert way(answer, "rebuild in place")["builds_with_the_wave"] == [3, 6]
    assert way(answer, "duplicate the wave")["builds_with_the_wave"] == [6, 6]
    assert way(answer, "graft")["builds_with_the_wave"] == [3, 3]


def test_a_minor_wave_that_is_not_declared_follows_from_the_major_one(
    con: duckdb.DuckDBPyConnection, told: World
) -> None:
    wave = fixing.wave(con, told, "24.05-2", [])
    assert wave.basis == "planned from the roots of the declared wave 24.05"
    answer = fixing.answer(told, "libc", wave, [], None)
    # libc reaches five packages; the second minor wave (ssl with curl, and gui) builds four of them.
    assert (answer["packages"], answer["wave"]["packages_that_it_builds_too"]) == (5, 4)
    assert answer["wave"]["packages_that_later_minor_waves_build_anyway"] == 0
    with pytest.raises(BadInput, match=r"has 2 minor waves, so that there is no 24\.05-3"):
        fixing.wave(con, told, "24.05-3", [])


def test_days_follow_from_the_observed_rate(con: duckdb.DuckDBPyConnection, told: World) -> None:
    rates = fixing.rates(con)
    rate = fixing.chosen_rate(rates, None, SYSTEM, None)
    assert rate is not None
    # 8 builds of `other` and 4 on the last noon, in the four days between the first and the last.
    assert (rate.builds_per_day, rate.busiest_day_builds) == (3.0, 4.0)
    answer = fixing.answer(told, "libc", fixing.wave(con, told, "23.11-1", []), rates, rate)
    days = way(answer, "rebuild in place")["days"]
    assert {share: tuple(round(day, 3) for day in ends.values()) for share, ends in days.items()} == {
        "50%": (0.625, 0.833),
        "90%": (1.125, 1.5),
        "100%": (1.25, 1.667),
    }
    assert way(answer, "graft")["days"] is None
    assert way(answer, "rebuild in place")["known_seconds"] == 4290.0
    shown = words.security(answer)
    assert any("0.6 to 0.8" in line for line in shown)
    assert max(map(len, shown)) <= 80


def test_a_rate_of_another_system_is_no_rate(con: duckdb.DuckDBPyConnection) -> None:
    assert fixing.chosen_rate(fixing.rates(con), None, "aarch64-linux", None) is None
    stated = fixing.chosen_rate(fixing.rates(con), None, "aarch64-linux", 12.5)
    assert stated is not None
    assert (stated.builds_per_day, stated.basis) == (12.5, "stated with --builds-per-day")
