"""Whatever a Hydra, or what stands in front of it, answers: no wrong fact, nothing lost, and the next run completes."""

import json
import re
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.errors import HealthError
from pipelines.sources.hydra import crawled
from pipelines.sources.hydra.instance import JobsetConfig
from pipelines.sources.hydra.outcomes import Bounds, GaveUp
from pipelines.sources.hydra.store import Store
from pipelines.sources.hydra.tables import Tables
from tests import crawling, hydra_world, replay_server
from tests.crawling import AS_OF, Time
from tests.replay_server import Chooser, Fault, page, redirect, status

JOBSETS = ("nixpkgs/cuda", "nixpkgs/lib-flake")
HTML = b"<!doctype html><title>A page of invented text</title>" + b"<p>words</p>" * 200
BOUNDS = Bounds(max_bytes=1 << 20, answer_seconds=600.0, read_seconds=5.0)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The world as a crawl without faults holds it."""
    with (
        replay_server.serve() as running,
        closing(Store(tmp_path_factory.mktemp("clean") / "crawl.sqlite")) as store,
    ):
        crawling.run(store, crawling.instance(running.url, *JOBSETS), Time())
        return crawled.tables(store)


def assert_part_of(some: Tables, clean: Tables) -> None:
    """Nothing that is not so."""
    for name in ("evaluations", "members", "builds", "constituents"):
        one, whole = getattr(some, name), getattr(clean, name)
        columns = [column for column in one.columns if column not in ("observed_at", "inputs")]
        joined = one.select(columns).join(whole.select(columns), on=columns, how="anti", nulls_equal=True)
        assert joined.is_empty(), name


def assert_equal(one: Tables, clean: Tables) -> None:
    """All that is so."""
    for name in ("evaluations", "members", "builds", "constituents"):
        left, right = (getattr(tables, name).drop("observed_at", strict=False) for tables in (one, clean))
        assert left.equals(right), name


def at_numbers(fault: Fault, *numbers: int) -> Chooser:
    return lambda number, _path: fault if number in numbers else None


def at_path(fault: Fault, pattern: str, times: int = 1_000_000) -> Chooser:
    left = [times]

    def choose(_number: int, path: str) -> Fault | None:
        if not re.search(pattern, path) or not left[0]:
            return None
        left[0] -= 1
        return fault

    return choose


def every(fault: Fault, nth: int) -> Chooser:
    return lambda number, _path: fault if number % nth == 0 else None


PASSING: dict[str, Chooser] = {
    "429 now and then": every(status(429), 7),
    "429 with Retry-After": every(status(429, {"Retry-After": "30"}), 7),
    "429 storm of four": at_numbers(status(429), 20, 21, 22, 23),
    "502": every(status(502), 5),
    "503 with a date": every(status(503, {"Retry-After": "Sat, 26 Sep 2026 12:00:00 GMT"}), 5),
    "503 with nonsense": every(status(503, {"Retry-After": "soon, -1 or 99999999999999999999"}), 5),
    "504 at the first request": at_numbers(status(504), 1),
    "truncated": every(replay_server.truncated, 6),
    "truncated without length": every(replay_server.truncated_without_length, 6),
    "truncated gzip": every(replay_server.truncated_gzip, 6),
    "reset": every(replay_server.reset, 4),
    "empty": every(page(b"", "application/json"), 6),
    "many in a row, but four": every(status(502), 2),
}
"""Faults that pass within a run."""


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_asked_for_again(
    server: replay_server.Replay, store: Store, clean: Tables, name: str
) -> None:
    server.fault = PASSING[name]
    at = Time()
    outcome = crawling.run(store, crawling.instance(server.url, *JOBSETS), at, bounds=BOUNDS)
    assert (outcome.ended, outcome.problems) == ("complete", ())
    assert_equal(crawled.tables(store), clean)
    assert crawled.gaps(store, "s") == []
    if name == "429 with Retry-After":
        waited = len([path for number, path in enumerate(server.paths, 1) if number % 7 == 0])
        assert at.seconds - AS_OF["t1"] >= 29 * waited


LASTING: dict[str, Fault] = {
    "429": status(429),
    "429 with Retry-After": status(429, {"Retry-After": "7200"}),
    "502": status(502),
    "500": status(500),
    "403": status(403),
    "404 of something in front": status(404),
    "HTML with status 200": page(HTML, "text/html; charset=utf-8"),
    "HTML that says to be JSON": page(HTML, "application/json"),
    "JSON that says to be text": page(b"{}", "text/json"),
    "JSON of another shape": page(b'{"evals":"none","id":[]}', "application/json"),
    "JSON of great depth": page(b"[" * 100_000, "application/json"),
    "a redirect to itself": lambda handler: redirect(handler.path)(handler),
    "redirects without end": lambda handler: redirect(handler.path + "0")(handler),
    "a redirect elsewhere": redirect("https://example.org/login"),
    "a page that never ends": replay_server.endless,
    "a small page that unfolds": replay_server.bomb,
    "reset": replay_server.reset,
    "truncated": replay_server.truncated,
}
"""Faults that outlast a run."""


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_ends_the_run_with_one_sentence_and_the_next_run_completes(
    server: replay_server.Replay, store: Store, clean: Tables, name: str
) -> None:
    fault = LASTING[name]
    server.fault = lambda number, _path: fault if number > 60 else None
    at = Time()
    asked = crawling.instance(server.url, *JOBSETS)
    outcome = crawling.run(store, asked, at, bounds=BOUNDS)
    assert isinstance(outcome.gave_up, GaveUp)
    assert isinstance(outcome.gave_up, HealthError)
    sentence = str(outcome.gave_up)
    assert "failed 5 times in a row" in sentence
    assert "\n" not in sentence
    assert len(server.paths) <= 60 + 5 * 4
    assert at.seconds - AS_OF["t1"] < 4 * 900 + 600
    assert_part_of(crawled.tables(store), clean)
    assert not any(gap.kind.endswith("_gone") for gap in crawled.gaps(store, "s"))

    server.fault = lambda _number, _path: None
    later = crawling.run(store, asked, Time(AS_OF["t1"] + 86400), bounds=BOUNDS)
    assert (later.ended, later.problems) == ("complete", ())
    assert_equal(crawled.tables(store), clean)
    assert crawled.gaps(store, "s") == []
    # What was answered was kept: of what had succeeded nothing is asked for twice.
    builds = replay_server.builds("t1")
    answered = [path for path in server.paths[:60] if re.fullmatch(r"/build/\d+", path)]
    good = [path for path in answered if builds[int(path.split("/")[2])]["buildstatus"] == 0]
    assert len(good) > 20
    assert [server.paths.count(path) for path in good] == [1] * len(good)


@pytest.mark.parametrize("name", LASTING)
def test_an_instance_that_never_answers_leaves_nothing(
    server: replay_server.Replay, store: Store, name: str
) -> None:
    fault = LASTING[name]
    server.fault = lambda _number, _path: fault
    names = (
        "nixpkgs/cuda",
        "nixpkgs/lib-flake",
        "nixpkgs/trunk",
        "nixos/trunk-combined",
        "nixpkgs/staging-next",
    )
    outcome = crawling.run(store, crawling.instance(server.url, *names), Time(), bounds=BOUNDS)
    assert outcome.gave_up is not None
    assert crawled.tables(store).evaluations.is_empty()
    assert crawled.gaps(store, "s") == []


def test_waits_grow_and_stay_below_a_quarter_of_an_hour(server: replay_server.Replay, store: Store) -> None:
    server.fault = lambda _number, _path: status(503)
    at = Time()
    crawling.run(store, crawling.instance(server.url, "nixpkgs/cuda", rate=1000), at)
    assert 4 + 8 + 16 + 32 <= at.seconds - AS_OF["t1"] <= 8 + 16 + 32 + 64
    server.fault = lambda _number, _path: status(503, {"Retry-After": "999999"})
    at = Time()
    crawling.run(store, crawling.instance(server.url, "nixpkgs/cuda", rate=1000), at)
    assert at.seconds - AS_OF["t1"] == pytest.approx(4 * 900, abs=1)


def test_a_slow_answer_is_cut_off(server: replay_server.Replay, store: Store) -> None:
    server.fault = at_numbers(replay_server.slow, 1)
    asked = crawling.instance(server.url, "nixpkgs/cuda", rate=1000)
    # Real time passes as well: what is slow here is the socket.
    at = Time()
    clock = at.clock()
    at.clock = lambda: replace(clock, monotonic=lambda: at.seconds + time.monotonic())
    outcome = crawling.run(store, asked, at, bounds=Bounds(answer_seconds=0.2))
    assert outcome.ended == "complete"
    assert server.paths[:2] == ["/jobset/nixpkgs/cuda/evals"] * 2


def test_one_bad_answer_does_not_stop_the_others_and_is_declared(
    server: replay_server.Replay, store: Store, clean: Tables
) -> None:
    number = int(clean.members.sort("build_id")["build_id"][100])
    lost = f"/build/{number}"
    asked = crawling.instance(server.url, *JOBSETS)
    server.fault = at_path(status(500), rf"{lost}$")
    for day in range(4):
        outcome = crawling.run(store, asked, Time(AS_OF["t1"] + day * 86400))
        assert outcome.ended == "complete"
    assert server.paths.count(lost) == 2
    tables = crawled.tables(store)
    assert_part_of(tables, clean)
    assert tables.builds["build_id"].n_unique() == clean.builds["build_id"].n_unique() - 1
    gaps = {gap.kind: gap for gap in crawled.gaps(store, "s")}
    assert set(gaps) == {"build_given_up", "evaluation_lacks_builds"}
    assert gaps["build_given_up"].detail == f"build {number} could not be read: status 500"
    # Of small evaluations one build is more than a fiftieth: those are left out, as they would claim it absent.
    without = clean.members.filter(clean.members["build_id"] == number)["evaluation_id"]
    assert set(clean.evaluations["evaluation_id"]) - set(tables.evaluations["evaluation_id"]) == set(without)


def test_a_build_that_is_gone_stays_known(server: replay_server.Replay, store: Store) -> None:
    asked = replace(crawling.instance(server.url, "nixpkgs/staging-next"), refresh_seconds=1800.0)
    crawling.run(store, asked, Time())
    before = crawled.tables(store)
    server.gone = {"/build/309005628"}
    crawling.run(store, asked, Time(AS_OF["t1"] + 7200))
    server.paths.clear()
    crawling.run(store, asked, Time(AS_OF["t1"] + 7200 + 2 * 86400))
    assert "/build/309005628" not in server.paths
    assert_equal(crawled.tables(store), before)
    (gap,) = crawled.gaps(store, "s")
    assert (gap.id, gap.kind, gap.jobset) == (
        "s:gap:build_gone:nixpkgs/staging-next:309005628",
        "build_gone",
        "nixpkgs/staging-next",
    )


def test_an_evaluation_that_vanishes_is_a_gap(server: replay_server.Replay, store: Store) -> None:
    asked = crawling.instance(server.url, JobsetConfig("nixpkgs/trunk", big=True), "nixpkgs/cuda")
    server.gone = {"/eval/1824165"}
    outcome = crawling.run(store, asked, Time())
    assert outcome.ended == "complete"
    (gap,) = crawled.gaps(store, "s")
    assert (gap.id, gap.evaluation_id) == ("s:gap:evaluation_gone:nixpkgs/trunk:1824165", "1824165")
    assert crawled.tables(store).evaluations["jobset"].unique().to_list() == ["cuda"]
    server.gone, server.instant = set(), "t2"
    crawling.run(store, asked, Time(AS_OF["t2"]))
    trunk = crawled.tables(store, ["nixpkgs/trunk"])
    assert trunk.evaluations["evaluation_id"].to_list() == [1824212]


def test_a_jobset_that_is_not_there_delays_no_other(
    server: replay_server.Replay, store: Store, clean: Tables
) -> None:
    asked = crawling.instance(server.url, "nixpkgs/doesnotexist", *JOBSETS)
    outcome = crawling.run(store, asked, Time())
    assert len(outcome.problems) == 1
    assert "nixpkgs/doesnotexist is not on" in outcome.problems[0]
    assert_equal(crawled.tables(store), clean)
    (gap,) = crawled.jobset_gaps(store, "s", ["nixpkgs/doesnotexist"])
    assert gap.id == "s:gap:jobset_gone:nixpkgs/doesnotexist"


def test_an_answer_about_another_build_is_not_taken(
    server: replay_server.Replay, store: Store, clean: Tables
) -> None:
    """Nor is it asked for again in the same run; what it says is of another jobset."""
    number = int(clean.members["build_id"][3])
    other = next(one for one, build in replay_server.builds("t1").items() if build["jobset"] == "trunk")
    body = replay_server.body("t1", f"/build/{other}")
    server.fault = at_path(page(body, "application/json"), rf"/build/{number}$", times=1)
    asked = crawling.instance(server.url, *JOBSETS)
    crawling.run(store, asked, Time())
    assert server.paths.count(f"/build/{number}") == 1
    found = crawled.tables(store)
    assert other not in found.builds["build_id"]
    assert_part_of(found, clean)
    crawling.run(store, asked, Time(AS_OF["t1"] + 86400))
    assert_equal(crawled.tables(store), clean)


def test_an_answer_about_another_evaluation_is_not_taken(server: replay_server.Replay, store: Store) -> None:
    asked = crawling.instance(server.url, JobsetConfig("nixpkgs/trunk", big=True))
    other = hydra_world.tables("t1").evaluations.filter(jobset="cuda")["evaluation_id"][0]
    body = replay_server.body("t1", f"/eval/{other}")
    server.fault = at_path(page(body, "application/json"), r"/eval/1824165\?")
    crawling.run(store, asked, Time())
    assert [path for path in server.paths if not path.startswith("/jobset/")] == [
        "/eval/1824165?filter=nixpkgs-health-asks-for-no-job"
    ]
    assert crawled.tables(store).evaluations.is_empty()


def test_an_evaluation_without_members_of_its_own_is_not_told(
    server: replay_server.Replay, store: Store, clean: Tables
) -> None:
    """Of one without new builds Hydra stores no members: that none of its jobs is there would be wrong."""

    def emptied(told: dict[str, Any]) -> dict[str, Any]:
        return told | {"hasnewbuilds": 0, "builds": [], "jobsetevalinputs": {}}

    path = "/jobset/nixpkgs/cuda/evals"
    shown = json.loads(replay_server.body("t1", path))
    first = shown["evals"][0]["id"]
    shown["evals"][0] = emptied(shown["evals"][0])
    big = json.loads(replay_server.body("t1", "/eval/1824165"))
    bodies = {path: shown, "/eval/1824165": emptied(big)}
    server.fault = lambda _number, asked: (
        page(json.dumps(bodies[asked.partition("?")[0]]).encode(), "application/json")
        if asked.partition("?")[0] in bodies
        else None
    )
    asked = crawling.instance(server.url, "nixpkgs/cuda", JobsetConfig("nixpkgs/trunk", big=True))
    assert crawling.run(store, asked, Time()).ended == "complete"
    assert any(one.startswith("/eval/1824165?") for one in server.paths)
    cuda = clean.evaluations.filter(pl.col("jobset") == "cuda")["evaluation_id"].to_list()
    assert crawled.tables(store).evaluations["evaluation_id"].to_list() == [
        one for one in cuda if one != first
    ]


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", ""])
def test_json_of_another_content_type_is_not_taken(
    server: replay_server.Replay, store: Store, clean: Tables, kind: str
) -> None:
    """What a filter invents for unwanted clients may well look like an answer."""
    number = int(clean.members["build_id"][3])
    invented = json.loads(replay_server.body("t1", f"/build/{number}")) | {"finished": 1, "buildstatus": 7}
    server.fault = at_path(page(json.dumps(invented).encode(), kind), rf"/build/{number}$", times=1)
    asked = crawling.instance(server.url, *JOBSETS)
    crawling.run(store, asked, Time())
    assert_part_of(crawled.tables(store), clean)
    crawling.run(store, asked, Time(AS_OF["t1"] + 86400))
    assert_equal(crawled.tables(store), clean)


def test_without_the_list_of_latest_builds_each_is_asked_for(
    server: replay_server.Replay, store: Store, tmp_path: Path
) -> None:
    asked = crawling.instance(server.url, "nixpkgs/trunk")
    crawling.run(store, asked, Time())
    server.instant = "t2"
    server.fault = at_path(status(404), "latestbuilds")
    outcome = crawling.run(store, asked, Time(AS_OF["t2"]))
    assert outcome.ended == "complete"
    with closing(Store(tmp_path / "fresh.sqlite")) as fresh:
        crawling.run(fresh, asked, Time(AS_OF["t2"]))
        expected = crawled.tables(fresh)
    last = crawled.tables(store).builds.sort("observed_at").unique("build_id", keep="last")
    columns = [column for column in last.columns if column != "observed_at"]
    assert last.sort("build_id").select(columns).equals(expected.builds.select(columns))


def test_a_walk_that_fails_on_its_second_page_misses_nothing(
    server: replay_server.Replay, store: Store, clean: Tables
) -> None:
    asked = crawling.instance(server.url, *JOBSETS)
    server.fault = at_path(status(500), r"page=2", times=1)
    outcome = crawling.run(store, asked, Time())
    assert len(outcome.problems) == 1
    assert_part_of(crawled.tables(store), clean)
    crawling.run(store, asked, Time(AS_OF["t1"] + 60))
    assert_equal(crawled.tables(store), clean)
