"""What a Hydra says of builds from a cache, builds with another derivation, and questions that it cannot answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.log.store import EventLog
from pipelines.sources.hydra import crawled
from pipelines.sources.hydra.ingest import ingest_hydra
from pipelines.sources.hydra.instance import Instance
from pipelines.sources.hydra.polls import MOST_LATEST
from pipelines.sources.hydra.store import Store
from tests import crawling, histories, hydra_world, replay_server
from tests.crawling import AS_OF, Time
from tests.replay_server import JSON, Chooser, Fault, page

TRUNK = "nixpkgs/trunk"
DAY = 86400.0
OTHER = "/nix/store/00000000000000000000000000000000-other-mirror.drv"
NO_ID = 99999999999
"""An id that Hydra's database has no room for."""


@pytest.fixture
def server() -> Iterator[replay_server.Replay]:
    with replay_server.serve("t2") as running:
        yield running


def changed(number: int, told: dict[str, Any]) -> Chooser:
    """A build is told otherwise than it was recorded, and the list of latest builds agrees."""
    build = replay_server.builds("t2")[number] | told

    def choose(_number: int, path: str) -> Fault | None:
        if path == f"/build/{number}":
            return page(json.dumps(build).encode(), JSON)
        if path.startswith("/api/latestbuilds") and not build["finished"]:
            return without(number)
        return None

    return choose


def without(number: int) -> Fault:
    """The list as it would be if that build were unfinished."""

    def fault(handler: replay_server.Handler) -> None:
        rows = [row for row in json.loads(handler.lookup()[3]) if row["id"] != number]
        handler.answer(200, json.dumps(rows).encode(), JSON)

    return fault


def newest(store: Store, number: int) -> list[tuple[bool, int | None, str]]:
    """Every state in which a build was seen, in order."""
    builds = crawled.tables(store).builds.filter(pl.col("build_id") == number).sort("observed_at")
    return builds.select("is_finished", "build_status", "drv_path").rows()


def members() -> tuple[set[int], set[int]]:
    """Builds that are new in the newest three evaluations of trunk, and those of its newest."""
    told = hydra_world.tables("t2")
    trunk = told.evaluations.filter(jobset="trunk")["evaluation_id"].sort(descending=True)[:4]
    of = [set(told.members.filter(evaluation_id=number)["build_id"]) for number in trunk]
    return (of[0] | of[1] | of[2]) - of[3], of[0]


def recent(*, failed: bool) -> int:
    """A finished build of trunk, new in one of its newest evaluations and a member of the newest."""
    new, last = members()
    found = [
        number
        for number in sorted(new & last, reverse=True)
        if (build := replay_server.builds("t2")[number])["finished"]
        and (build["buildstatus"] == 1) == failed
        and build["buildstatus"] in (0, 1)
    ]
    return found[0]


def known_success() -> int:
    """A build that had succeeded at t1, and to which the list that is asked for at t2 reaches down."""
    listed = {row["id"] for row in replay_server.latest("t2", "nixpkgs", "trunk")[:160]}
    before = replay_server.builds("t1")
    return max(
        one for one in listed & before.keys() if before[one]["finished"] and before[one]["buildstatus"] == 0
    )


def test_a_failed_build_with_another_derivation_is_told_in_each_state(
    server: replay_server.Replay, store: Store, tmp_path: Path
) -> None:
    """Hydra repoints a build whose outputs stay: it loses its result with its id kept, in every evaluation."""
    number, asked = recent(failed=True), crawling.instance(server.url, TRUNK)
    drv = replay_server.builds("t2")[number]["drvpath"]
    told: list[dict[str, Any]] = [
        {},
        {"drvpath": OTHER, "finished": 0, "buildstatus": None, "starttime": None, "stoptime": None},
        {"drvpath": OTHER, "finished": 1, "buildstatus": 0, "stoptime": int(AS_OF["t2"] + 2 * DAY)},
    ]
    for day, state in enumerate(told):
        server.fault = changed(number, state)
        assert crawling.run(store, asked, Time(AS_OF["t2"] + day * 1.1 * DAY)).ended == "complete"
        if day == 1:
            assert newest(store, number) == [(True, 1, drv), (False, None, OTHER)]
    assert newest(store, number) == [(True, 1, drv), (False, None, OTHER), (True, 0, OTHER)]
    log = EventLog(tmp_path / "log")
    hydra_world.record(log, crawled.tables(store))
    facts = log.scan("build_observed").filter(pl.col("build_id") == str(number)).sort("observed_at").collect()
    assert facts["status"].to_list() == ["failed", "queued", "succeeded"]
    assert facts["derivation_id64"].n_unique() == 2
    assert facts["stopped_at"].null_count() == 1
    with histories.build(log) as con:
        statuses = con.execute(
            "select status from core.job_intervals where build_id = ?", [str(number)]
        ).fetchall()
    assert set(statuses) == {("succeeded",)}


def crawled_before(server: replay_server.Replay, store: Store) -> tuple[Instance, int]:
    """What was asked at t1, and a build that had succeeded then; the server is at t2 afterwards."""
    asked = crawling.instance(server.url, TRUNK)
    server.instant = "t1"
    crawling.run(store, asked, Time(AS_OF["t1"]))
    server.instant = "t2"
    return asked, known_success()


def test_of_a_succeeded_build_the_list_tells_that_it_has_no_result_any_more(
    server: replay_server.Replay, store: Store
) -> None:
    """Succeeded builds are not asked for again, but a list that is asked anyway leaves this one out."""
    asked, number = crawled_before(server, store)
    server.paths.clear()
    server.fault = changed(number, {"drvpath": OTHER, "finished": 0, "buildstatus": None})
    crawling.run(store, asked, Time(AS_OF["t2"]))
    (lists,) = (path for path in server.paths if path.startswith("/api/latestbuilds"))
    assert "nr=" in lists
    assert server.paths.count(f"/build/{number}") == 1
    assert newest(store, number) == [
        (True, 0, replay_server.builds("t1")[number]["drvpath"]),
        (False, None, OTHER),
    ]
    others = [path for path in server.paths if path.startswith("/build/")]
    assert len(others) == len(set(others))
    # A day later it has failed, and is asked for as an unfinished one.
    server.fault = changed(number, {"drvpath": OTHER, "finished": 1, "buildstatus": 1})
    crawling.run(store, asked, Time(AS_OF["t2"] + 1.1 * DAY))
    assert newest(store, number)[-1] == (True, 1, OTHER)


def test_a_restarted_success_that_ended_otherwise_is_told_by_the_list(
    server: replay_server.Replay, store: Store
) -> None:
    asked, number = crawled_before(server, store)
    ended = {"buildstatus": 10, "stoptime": int(AS_OF["t2"])}
    fault = changed(number, ended)

    def choose(request: int, path: str) -> Fault | None:
        return listed if path.startswith("/api/latestbuilds") else fault(request, path)

    def listed(handler: replay_server.Handler) -> None:
        rows = [
            row | {"buildstatus": 10} if row["id"] == number else row
            for row in json.loads(handler.lookup()[3])
        ]
        handler.answer(200, json.dumps(rows).encode(), JSON)

    server.fault = choose
    crawling.run(store, asked, Time(AS_OF["t2"]))
    assert [row[:2] for row in newest(store, number)] == [(True, 0), (True, 10)]


def test_a_list_that_leaves_everything_out_costs_no_more_than_a_list_is_long(
    server: replay_server.Replay, store: Store
) -> None:
    asked = crawling.instance(server.url, TRUNK)
    server.instant = "t1"
    crawling.run(store, asked, Time(AS_OF["t1"]))
    server.instant = "t2"
    lowest = replay_server.builds("t2")[min(store.finished_builds(TRUNK, 0, 100_000))[0]]
    rows = json.dumps([{key: lowest[key] for key in replay_server.LISTED}]).encode()
    server.paths.clear()
    server.fault = lambda _number, path: page(rows, JSON) if path.startswith("/api/latestbuilds") else None
    assert crawling.run(store, asked, Time(AS_OF["t2"])).ended == "complete"
    known = replay_server.builds("t1").keys()
    again = [path for path in server.paths if path.startswith("/build/") and int(path.split("/")[2]) in known]
    assert 300 < len(again) <= MOST_LATEST + 60
    assert len(store.finished_builds(TRUNK, 0, 100_000)) > 2 * MOST_LATEST


def test_what_hydra_cannot_answer_is_asked_twice_at_most_and_is_a_gap(
    server: replay_server.Replay, tmp_path: Path
) -> None:
    """Status 500 as Hydra gives it for an id out of range, with a message of its database in JSON."""
    recorded = replay_server.recorded("t2")[f"/build/{NO_ID}"]
    assert (recorded[0], recorded[1]) == (500, JSON)
    text = json.loads(replay_server.body("t2", f"/build/{NO_ID}"))["error"]
    assert "out of range for type integer" in text
    path = "/jobset/nixpkgs/lib-flake/evals"
    shown = json.loads(replay_server.body("t2", path))
    shown["evals"][0]["builds"].append(NO_ID)
    server.fault = lambda _number, asked: page(json.dumps(shown).encode(), JSON) if asked == path else None
    asked = crawling.instance(server.url, "nixpkgs/lib-flake")
    log, at, told = EventLog(tmp_path / "log"), Time(AS_OF["t2"]), []
    for _ in range(4):
        clock = at.clock()
        ingest_hydra(asked, (), tmp_path / "var", log, tmp_path / "q", told.append, clock.now, clock)
        at.seconds += 1.1 * DAY
    assert server.paths.count(f"/build/{NO_ID}") == 2
    gaps = log.scan("gap_declared").collect()
    assert set(gaps["kind"]) == {"build_given_up", "evaluation_lacks_builds"}
    assert gaps.filter(kind="build_given_up")["detail"].to_list() == [
        f"build {NO_ID} could not be read: status 500"
    ]
    # The other evaluations and all builds that are there were told in the first run.
    assert log.scan("build_observed").select("build_id").unique().collect().height > 50
    assert log.scan("evaluation_observed").collect()["batch"].to_list()[:1] == [1]
    everything = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert b"DBIx" not in everything
    assert not any("DBIx" in line for line in told)


def test_a_page_that_hydra_cannot_answer_stops_no_other_jobset(
    server: replay_server.Replay, store: Store
) -> None:
    bad = replay_server.body("t2", "/jobset/nixpkgs/trunk/evals?page=-1")
    assert replay_server.recorded("t2")["/jobset/nixpkgs/trunk/evals?page=-1"][:2] == (500, JSON)
    server.fault = lambda _number, path: (
        (lambda handler: handler.answer(500, bad)) if path.startswith("/jobset/nixpkgs/trunk/") else None
    )
    outcome = crawling.run(store, crawling.instance(server.url, TRUNK, "nixpkgs/cuda"), Time(AS_OF["t2"]))
    assert outcome.ended == "complete"
    assert outcome.problems == (
        f"{TRUNK} could not be asked for its evaluations (status 500): the next run tries again",
    )
    assert server.paths.count("/jobset/nixpkgs/trunk/evals") == 1
    assert crawled.tables(store, ["nixpkgs/cuda"]).evaluations.height > 10
    assert crawled.jobset_gaps(store, "s", [TRUNK]) == []


def test_texts_of_errors_are_those_of_the_database_and_name_nobody(
    server: replay_server.Replay, store: Store, tmp_path: Path
) -> None:
    """Of each jobset's newest evaluation; what a text says of people's addresses is not even kept beside the log."""
    crawling.run(store, crawling.instance(server.url, TRUNK), Time(AS_OF["t2"]))
    told = crawled.tables(store).evaluations.select("evaluation_id", "evaluation_errors").drop_nulls()
    world = hydra_world.tables("t2").evaluations.filter(jobset="trunk", project="nixpkgs")
    newest_one = world.sort("evaluation_id").tail(1).select("evaluation_id", "evaluation_errors")
    assert told.equals(newest_one)
    log = EventLog(tmp_path / "log")
    hydra_world.record(log, crawled.tables(store))
    logged = log.scan("evaluation_observed").select("evaluation_id", "evaluation_errors").collect()
    assert logged.drop_nulls().rows() == [(str(number), text) for number, text in newest_one.rows()]
    path = f"/jobset/{TRUNK}/errors"
    shown = json.loads(replay_server.body("t2", path)) | {
        "errormsg": "at b.nix: ask jo.do+nix@mail.example.org"
    }
    server.fault = lambda _number, asked: page(json.dumps(shown).encode(), JSON) if asked == path else None
    store.db.execute("delete from evaluations where id = ?", newest_one["evaluation_id"].to_list())
    crawling.run(store, crawling.instance(server.url, TRUNK), Time(AS_OF["t2"] + 60))
    texts = [row[0] for row in store.db.execute("select errors from evaluations where errors is not null")]
    assert texts == ["at b.nix: ask (address left out)"]
