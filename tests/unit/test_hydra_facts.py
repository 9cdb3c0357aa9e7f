"""What becomes of a Hydra's tables: names, statuses, whole evaluations, and facts that are told once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.log.store import EventLog
from pipelines.sources import values
from pipelines.sources.base import Facts, Known
from pipelines.sources.hydra import facts as hydra_facts
from pipelines.sources.hydra import job_names
from pipelines.sources.hydra.facts import facts
from pipelines.sources.hydra.tables import SCHEMAS, Tables, concat
from tests import histories, hydra_world

T = datetime(2026, 9, 1, tzinfo=UTC)
LINUX = "x86_64-linux"
NOTHING_KNOWN = Known(lambda event_type, source: set())


def _table(name: str, rows: list[dict[str, Any]], **given: Any) -> pl.DataFrame:
    schema = SCHEMAS[name]
    full = [{column: row.get(column, given.get(column)) for column in schema} for row in rows]
    return pl.DataFrame(full, schema=schema)


def _build(number: int, hours: int = 0, **told: Any) -> dict[str, Any]:
    return {
        "build_id": number,
        "project": "nixpkgs",
        "jobset": "trunk",
        "job": f"p{number}.{LINUX}",
        "system": LINUX,
        "is_finished": told.get("build_status") is not None,
        "queued_at": T,
        "drv_path": f"/nix/store/{number}.drv",
        "observed_at": T + timedelta(hours=hours),
        **told,
    }


def _evaluation(number: int, hours: int = 0, **told: Any) -> dict[str, Any]:
    return {
        "project": "nixpkgs",
        "jobset": "trunk",
        "evaluation_id": number,
        "evaluated_at": T + timedelta(hours=number),
        "revision": f"{number:040x}",
        "inputs": [],
        "observed_at": T + timedelta(hours=hours),
        **told,
    }


def _world(
    evaluations: list[dict[str, Any]],
    members: dict[int, list[int]],
    builds: list[dict[str, Any]],
    steps: list[dict[str, Any]] | None = None,
) -> Tables:
    return Tables(
        evaluations=_table("evaluations", evaluations),
        members=_table(
            "members", [{"evaluation_id": e, "build_id": b} for e, of in members.items() for b in of]
        ),
        builds=_table("builds", builds),
        steps=_table("steps", steps or [], type=0),
    )


def _states(read: Facts) -> list[tuple[str, str, str, bool, str]]:
    columns = ["build_id", "status", "source_status", "is_finished", "cause"]
    return sorted(read.frames["build_observed"].select(columns).iter_rows())


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (f"python3Packages.foo.{LINUX}", ("python3Packages.foo", "")),
        (f"foo.{LINUX}.cuda", ("foo", "cuda")),
        (f"a.foo.{LINUX}.nocuda", ("a.foo", "nocuda")),
        ("tested", ("tested", "")),
        ("nixos.channel", ("nixos.channel", "")),
        (f"checks.{LINUX}.lib-tests", ("checks.lib-tests", "")),
        (f"packages.{LINUX}.a.b", ("packages.a.b", "")),
        (f"{LINUX}.hello", ("hello", "")),
        (LINUX, (LINUX, "")),
        (f"a.{LINUX}.b.c", ("a.b.c", "")),
        (f"é.{LINUX}.ü", ("é", "ü")),
        (f"é.ü.{LINUX}", ("é.ü", "")),
        (f"a{LINUX}", (f"a{LINUX}", "")),
        ("a.aarch64-linux", ("a.aarch64-linux", "")),
    ],
)
def test_a_job_is_an_attribute_on_its_builds_system(job: str, expected: tuple[str, str]) -> None:
    assert job_names.split(job, LINUX) == expected
    whole = job_names.with_names(pl.DataFrame({"job": [job], "system": [LINUX]}))
    assert whole.select("attr", "variant").rows() == [expected]


@pytest.mark.parametrize(
    ("code", "is_finished", "expected"),
    [
        (None, False, ("queued", "unfinished", False, "unknown")),
        (1, False, ("queued", "restarted:1", False, "unknown")),
        (0, True, ("succeeded", "0", True, "unknown")),
        (1, True, ("failed", "1", True, "own")),
        (2, True, ("dependency-failed", "2", True, "dependency")),
        (3, True, ("aborted", "3", True, "unknown")),
        (4, True, ("cancelled", "4", True, "unknown")),
        (5, True, ("unknown", "5", True, "unknown")),
        (6, True, ("failed-with-output", "6", True, "own")),
        (7, True, ("timed-out", "7", True, "unknown")),
        (8, True, ("failed", "8", True, "unknown")),
        (9, True, ("unsupported", "9", True, "unknown")),
        (10, True, ("log-limit-exceeded", "10", True, "unknown")),
        (11, True, ("output-limit-exceeded", "11", True, "unknown")),
        (12, True, ("not-deterministic", "12", True, "unknown")),
        (99, True, ("unknown", "99", True, "unknown")),
        (None, True, ("unknown", "none", True, "unknown")),
    ],
)
def test_finished_decides_and_then_the_code(
    code: int | None, is_finished: bool, expected: tuple[str, str, bool, str]
) -> None:
    given = _world([], {}, [_build(1, build_status=code, is_finished=is_finished, stopped_at=T)])
    read = facts("h", given, NOTHING_KNOWN)
    assert _states(read) == [("1", *expected)]
    # What is left over from before a restart is not told as this run's.
    assert read.frames["build_observed"]["stopped_at"].to_list() == [T if is_finished else None]


@pytest.mark.parametrize(
    ("code", "steps", "cause", "root", "failed"),
    [
        # Its own derivation timed out.
        (7, [(1, "1", 7, None)], "own", None, []),
        # One of its dependencies did, in another build or in this one.
        (7, [(1, "d", 7, 99)], "dependency", "99", ["/nix/store/d.drv"]),
        (7, [(1, "d", 7, None)], "dependency", None, ["/nix/store/d.drv"]),
        (2, [(1, "d", 1, 99)], "dependency", "99", ["/nix/store/d.drv"]),
        (2, [(1, "d", 8, 98)], "dependency", "98", ["/nix/store/d.drv"]),
        # An abort that was tried again and a step that was redirected decide nothing.
        (11, [(1, "1", 3, None), (2, "d", 11, 99)], "dependency", "99", ["/nix/store/d.drv"]),
        (7, [(1, "1", 13, None), (2, "resolved", 7, None)], "unknown", None, []),
        # The failure of an earlier run, before a restart.
        (7, [(1, "d", 1, 99), (2, "1", 7, None)], "own", None, []),
        (10, [(1, "1", 0, None)], "unknown", None, []),
        # A code that is the build's own in any case.
        (1, [(1, "1", 1, None)], "own", None, []),
        (8, [(1, "d", 8, 97)], "dependency", "97", ["/nix/store/d.drv"]),
        # Its own derivation failed in an earlier build.
        (8, [(1, "1", 8, 97)], "own", "97", []),
    ],
)
def test_steps_tell_whose_failure_it_is(
    code: int,
    steps: list[tuple[int, str, int, int | None]],
    cause: str,
    root: str | None,
    failed: list[str],
) -> None:
    given = _world(
        [],
        {},
        [_build(1, build_status=code), _build(2, build_status=0), _build(3, build_status=code)],
        [
            {
                "build_id": 1,
                "step": n,
                "drv_path": f"/nix/store/{drv}.drv",
                "status": status,
                "propagated_from": root,
            }
            for n, drv, status, root in steps
        ],
    )
    told = facts("h", given, NOTHING_KNOWN).frames["build_observed"].filter(pl.col("build_id") == "1")
    columns = ["cause", "propagated_from_build", "failed_derivations"]
    assert told.select(columns).rows() == [(cause, root, failed)]


def test_causes_of_the_recorded_world_are_those_of_its_steps() -> None:
    told = facts(hydra_world.SOURCE, hydra_world.tables("t2"), NOTHING_KNOWN).frames["build_observed"]
    dependent = told.filter(pl.col("status") == "dependency-failed")
    is_traced = pl.col("propagated_from_build").is_not_null() | (pl.col("failed_derivations").list.len() > 0)
    assert dependent.select(is_traced.all()).item()
    assert set(dependent["cause"]) == {"dependency"}
    shared = told.filter(pl.col("source_status").is_in(["7", "10", "11", "12"]))
    assert {cause: n for cause, n in shared["cause"].value_counts().iter_rows() if cause == "unknown"} == {}
    # The build in which it really ran has a step that failed so, whatever became of it after a restart.
    traced = shared.filter(pl.col("propagated_from_build").is_not_null())
    failing = hydra_world.tables("t2").steps.select(
        propagated_from_build=pl.col("build_id").cast(pl.String),
        source_status=pl.col("status").cast(pl.String),
    )
    assert traced.height > 40
    assert traced.join(failing, on=["propagated_from_build", "source_status"], how="anti").is_empty()


def test_an_evaluation_is_told_when_all_its_builds_are_known() -> None:
    given = _world(
        [_evaluation(1), _evaluation(2)], {1: [1, 2], 2: [1, 2, 3]}, [_build(1), _build(2, build_status=0)]
    )
    read = facts("h", given, NOTHING_KNOWN)
    assert read.frames["evaluation_observed"]["evaluation_id"].to_list() == ["1"]
    assert [listing.rows.height for listing in read.listings] == [2]
    more = concat([given, _world([], {}, [_build(3, 5, build_status=1)])])
    assert facts("h", more, NOTHING_KNOWN).frames["evaluation_observed"].height == 2


def test_an_observation_is_what_the_evaluation_is_made_of_not_when_or_how_it_was_read() -> None:
    inputs = [
        {"name": "nixpkgs", "uri": "u", "revision": "a"},
        {"name": "config", "uri": None, "revision": None},
    ]
    one = _world([_evaluation(1, inputs=inputs)], {1: [1, 2]}, [_build(1), _build(2)])
    other = _world(
        [
            _evaluation(1, hours=9, inputs=[inputs[0]], evaluation_errors="x"),
            _evaluation(1, 10, inputs=inputs),
        ],
        {1: [2, 1, 2]},
        [_build(2, build_status=0), _build(1)],
    )
    ids = [
        facts("h", world, NOTHING_KNOWN).frames["evaluation_observed"]["id"].to_list()
        for world in (one, other)
    ]
    assert ids[0] == ids[1]
    for changed in (
        _world([_evaluation(1, revision="b" * 40)], {1: [1, 2]}, [_build(1), _build(2)]),
        _world([_evaluation(1, inputs=inputs)], {1: [1]}, [_build(1)]),
        _world([_evaluation(1, inputs=inputs, flake="f")], {1: [1, 2]}, [_build(1), _build(2)]),
    ):
        assert facts("h", changed, NOTHING_KNOWN).frames["evaluation_observed"]["id"].to_list() != ids[0]


def test_known_observations_are_not_listed_again() -> None:
    given = _world([_evaluation(1), _evaluation(2)], {1: [1], 2: [1, 2]}, [_build(1), _build(2)])
    first = facts("h", given, NOTHING_KNOWN).frames["evaluation_observed"]["id"]
    known = Known(lambda event_type, source: {first[0]} if event_type == "evaluation_observed" else set())
    read = facts("h", given, known)
    assert read.frames["evaluation_observed"]["evaluation_id"].to_list() == ["2"]
    assert [listing.observations.height for listing in read.listings] == [1]


def test_an_evaluation_without_builds_has_no_list() -> None:
    read = facts("h", _world([_evaluation(1)], {}, []), NOTHING_KNOWN)
    assert read.frames["evaluation_observed"]["systems"].to_list() == [[]]
    assert read.listings == []


def test_no_tables_are_no_facts(tmp_path: Path) -> None:
    assert hydra_world.record(EventLog(tmp_path / "log"), Tables()).batch is None


@pytest.mark.parametrize(
    "changed",
    [{"job": ""}, {"job": "a\nb"}, {"system": "x86"}, {"jobset": "a/b"}, {"project": ""}, {"build_id": -1}],
)
def test_builds_without_a_usable_name_are_rejected_and_the_rest_is_used(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    builds = [_build(1, build_status=0), {**_build(2, build_status=0), **changed}]
    given = _world([_evaluation(1)], {1: [row["build_id"] for row in builds]}, builds)
    log = EventLog(tmp_path / "log")
    assert hydra_world.record(log, given).rejected == 1
    with histories.build(log) as con:
        assert con.sql("select listed_jobs from core.evaluations").fetchall() == [(1,)]
        assert con.sql("select kind from core.gaps").fetchall() == [("input_rejected",)]
    assert hydra_world.record(log, given).batch is None


def test_a_job_that_is_there_twice_counts_once_and_is_a_gap(tmp_path: Path) -> None:
    builds = [_build(1, build_status=0), _build(2, build_status=1, job="p1", drv_path=None)]
    given = _world([_evaluation(1)], {1: [1, 2]}, [*builds, _build(3, build_status=1, job=f"p1.{LINUX}")])
    twice = replace(
        given, members=_table("members", [{"evaluation_id": 1, "build_id": b} for b in (1, 2, 3)])
    )
    log = EventLog(tmp_path / "log")
    assert hydra_world.record(log, twice).rejected == 2
    with histories.build(log) as con:
        assert con.sql("select attr, status from core.job_intervals").fetchall() == [("p1", "succeeded")]


def _facts_of(log: EventLog) -> list[tuple[datetime, str, str]]:
    columns = ["observed_at", "status", "cause"]
    return sorted(log.scan("build_observed").select(columns).collect().iter_rows())


def test_a_build_that_ends_later_and_is_restarted_is_a_fact_each_time(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    seen: list[tuple[int, dict[str, Any]]] = [
        (0, {}),
        (1, {}),
        (2, {"build_status": 1, "stopped_at": T + timedelta(hours=1)}),
        (3, {"build_status": 1, "stopped_at": T + timedelta(hours=1)}),
        (4, {"build_status": 1, "is_finished": False}),
        (5, {"build_status": 1, "stopped_at": T + timedelta(hours=5)}),
        # Told by a list, which has no times: no news.
        (6, {"build_status": 1, "drv_path": None}),
        (7, {"build_status": 0, "stopped_at": T + timedelta(hours=7)}),
    ]
    for hours, told in seen:
        hydra_world.record(log, _world([_evaluation(1)], {1: [1]}, [_build(1, hours, **told)]))
    facts_seen = [(at - T) // timedelta(hours=1) for at, _, _ in _facts_of(log)]
    assert facts_seen == [0, 2, 4, 5, 7]
    with histories.build(log) as con:
        assert con.sql("select status, status_basis from core.job_intervals").fetchall() == [
            ("succeeded", "latest")
        ]
    # All of it at once, as from a store that kept every answer, is the same.
    at_once = EventLog(tmp_path / "once" / "log")
    hydra_world.record(
        at_once, _world([_evaluation(1)], {1: [1]}, [_build(1, hours, **told) for hours, told in seen])
    )
    assert _facts_of(at_once) == _facts_of(log)


def test_a_source_that_knows_less_takes_no_cause_back(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    step = {"build_id": 1, "step": 1, "drv_path": "/nix/store/d.drv", "status": 7, "propagated_from": 9}
    over_http = _world([_evaluation(1)], {1: [1]}, [_build(1, 0, build_status=7)])
    with_steps = _world([_evaluation(1)], {1: [1]}, [_build(1, 1, build_status=7)], [step])
    http_again = _world([_evaluation(1)], {1: [1]}, [_build(1, 2, build_status=7)])
    for world in (over_http, with_steps, http_again):
        hydra_world.record(log, world)
    assert [(status, cause) for _, status, cause in _facts_of(log)] == [
        ("timed-out", "unknown"),
        ("timed-out", "dependency"),
    ]


def test_one_reading_in_parts_is_the_whole() -> None:
    whole = hydra_world.tables("t1")
    parts = [replace(whole, builds=whole.builds[:2000]), replace(whole, builds=whole.builds[2000:])]
    for name in SCHEMAS:
        assert_frame_equal(getattr(concat(parts), name), getattr(concat([whole]), name))
    assert all(getattr(concat([]), name).is_empty() for name in SCHEMAS)


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=8)


@settings(max_examples=500, deadline=None)
@given(ROWS)
def test_rows_in_order_and_rows_in_disorder_give_the_same_last(rows: list[tuple[int, int, int]]) -> None:
    frame = pl.DataFrame(
        rows, schema=["a", "b", "n"], orient="row", schema_overrides=dict.fromkeys("abn", pl.Int64)
    )
    latest = {(a, b): n for a, b, n in sorted(rows)}
    for told in (frame, frame.sort("a", "b", "n"), frame.unique(["a", "b"]).sort("a", "b")):
        kept = hydra_facts._last(told, ["a", "b"], ["n"])
        assert [row[:2] for row in kept.iter_rows()] == sorted(latest)
    assert list(hydra_facts._last(frame, ["a", "b"], ["n"]).iter_rows()) == [
        (a, b, latest[a, b]) for a, b in sorted(latest)
    ]


def test_a_name_that_cannot_be_used_is_found_among_few() -> None:
    names = pl.Series("name", ["a", "b", None, "", "a\n", "a", "x" * 101])
    said = names.to_frame().select(hydra_facts._of_few(names, values.word)).to_series()
    assert said.to_list() == [True, True, False, False, False, True, False]


DRV_A, DRV_B = (f"/nix/store/{digit * 32}-x-1.drv" for digit in "01")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], (None, None)),
        # Tried again after an abortion, on another machine.
        ([(3, DRV_A, "builder@a", {}), (0, DRV_A, "builder@b.example.org", {})], (2, "b.example.org")),
        # A dependency that this build needed first is no attempt of its own.
        ([(0, DRV_B, "b", {}), (0, DRV_A, "a", {})], (1, "a")),
        # Steps of a substitution, of another build, of a failure that was known, of a resolved derivation.
        ([(0, DRV_A, "a", {"type": 1})], (None, None)),
        ([(1, DRV_A, "", {"propagated_from": 7})], (None, None)),
        ([(8, DRV_A, "", {})], (None, None)),
        ([(13, DRV_A, "a", {})], (None, None)),
        # One that stopped after this state of the build was seen belongs to the next.
        ([(0, DRV_A, "a", {}), (0, DRV_A, "b", {"stopped_at": T + timedelta(hours=9)})], (1, "a")),
        ([(0, DRV_A, "10.0.0.1", {})], (1, None)),
    ],
)
def test_own_steps_tell_attempts_and_the_last_machine(
    steps: list[tuple[int, str, str, dict[str, Any]]], expected: tuple[int | None, str | None]
) -> None:
    told = [
        {
            "build_id": 1,
            "step": n,
            "type": 0,
            "status": status,
            "drv_path": drv,
            "machine": machine,
            "started_at": T,
            "stopped_at": T + timedelta(minutes=n),
            **more,
        }
        for n, (status, drv, machine, more) in enumerate(steps, start=1)
    ]
    build = _build(1, build_status=0, is_finished=True, drv_path=DRV_A, stopped_at=T + timedelta(hours=1))
    given = replace(_world([], {}, [build]), steps=pl.DataFrame(told, schema=SCHEMAS["steps"]))
    states = facts("h", given, NOTHING_KNOWN).frames["build_observed"]
    assert states.select("attempt", "machine").rows() == [expected]
    waiting = _build(1, is_finished=False, drv_path=DRV_A)
    given = replace(_world([], {}, [waiting]), steps=given.steps)
    assert facts("h", given, NOTHING_KNOWN).frames["build_observed"]["attempt"].to_list() == [None]


def test_attempts_of_the_recorded_world_are_its_steps() -> None:
    world = hydra_world.tables("t2")
    states = facts("h", world, NOTHING_KNOWN).frames["build_observed"]
    ran: dict[str, list[dict[str, Any]]] = {}
    drvs = {row["build_id"]: row for row in world.builds.iter_rows(named=True) if row["is_finished"]}
    for step in world.steps.sort("step").iter_rows(named=True):
        build = drvs.get(step["build_id"])
        is_own = build is not None and step["drv_path"] == build["drv_path"] and step["type"] == 0
        if (
            is_own
            and step["propagated_from"] is None
            and step["status"] not in (None, 8, 13)
            and step["started_at"]
        ):
            ran.setdefault(str(step["build_id"]), []).append(step)
    told = {
        build: (attempt, machine)
        for build, attempt, machine in states.select("build_id", "attempt", "machine").iter_rows()
        if attempt is not None
    }
    assert told == {
        build: (len(steps), steps[-1]["machine"].partition("@")[2] or None) for build, steps in ran.items()
    }
    assert len(told) > 500
    assert max(attempt for attempt, _ in told.values()) > 1
