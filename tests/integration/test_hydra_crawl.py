"""A crawl of a recorded Hydra over HTTP holds what the Hydra's own database holds, and asks for what is new only."""

import json
import random
import re
import shutil
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from pipelines.log.store import EventLog
from pipelines.sources.hydra import crawled
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.crawl import crawl
from pipelines.sources.hydra.ingest import ingest_hydra
from pipelines.sources.hydra.instance import JobsetConfig
from pipelines.sources.hydra.outcomes import NotAsked
from pipelines.sources.hydra.store import Store
from pipelines.sources.hydra.tables import Tables
from tests import crawling, hydra_world, replay_server
from tests.crawling import AS_OF, JOBSETS, Time

TOLD_BY_HTTP = [
    "build_id",
    "project",
    "jobset",
    "job",
    "system",
    "is_finished",
    "build_status",
    "queued_at",
    "started_at",
    "stopped_at",
    "drv_path",
]
SMALL = ("nixpkgs/cuda", "nixpkgs/lib-flake")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, replay_server.Replay]]:
    """A crawl of the whole world at each instant: its file, closed, and the server that it asked."""
    made = {}
    for instant in ("t1", "t2"):
        path = tmp_path_factory.mktemp("fresh") / f"{instant}.sqlite"
        with replay_server.serve(instant) as server, closing(Store(path)) as store:
            outcome = crawling.run(store, crawling.instance(server.url), Time(AS_OF[instant]))
            assert (outcome.ended, outcome.problems, outcome.gave_up) == ("complete", (), None)
        made[instant] = path, server
    return made


def newest(tables: Tables) -> pl.DataFrame:
    """The last state of each build, as far as HTTP tells."""
    last = tables.builds.sort("build_id", "observed_at").unique("build_id", keep="last", maintain_order=True)
    return last.select(TOLD_BY_HTTP).sort("build_id")


def assert_is_the_world(tables: Tables, instant: str) -> None:
    """The crawled tables equal those of the database, which another program read."""
    truth = hydra_world.tables(instant)
    expected = {
        row["eval"]: (
            f"{row['project']}/{row['jobset']}",
            row["members"],
            row["timestamp"],
            row["nixpkgs_revision"],
        )
        for row in hydra_world.truth()[instant]["evals"]
        if row["hasnewbuilds"]
    }
    counted = dict(tables.members.group_by("evaluation_id").len().iter_rows())
    told = {
        row["evaluation_id"]: (
            f"{row['project']}/{row['jobset']}",
            counted[row["evaluation_id"]],
            row["evaluated_at"].timestamp(),
            row["revision"],
        )
        for row in tables.evaluations.iter_rows(named=True)
    }
    assert told == expected
    keys = ["evaluation_id", "build_id"]
    assert tables.members.sort(keys).equals(truth.members.sort(keys))
    builds = truth.builds.join(truth.members, on="build_id", how="semi").select(TOLD_BY_HTTP).sort("build_id")
    assert newest(tables).equals(builds)
    columns = ["evaluation_id", "flake", "inputs"]
    pinned = pl.col("inputs").list.filter(pl.element().struct["revision"].is_not_null())
    one, other = (
        frame.select("evaluation_id", "flake", pinned).sort("evaluation_id")
        for frame in (tables.evaluations, truth.evaluations)
    )
    assert one.columns == columns
    assert one.equals(other)
    # At least every aggregate of which the recording has an answer, each with all of its constituents.
    answered = {
        int(path.split("/")[2])
        for path, row in replay_server.recorded(instant).items()
        if re.fullmatch(r"/build/\d+/constituents", path) and row[0] == 200
    }
    aggregates = tables.constituents["aggregate"].unique()
    assert len(answered) > 3
    assert answered & set(truth.constituents["aggregate"]) <= set(aggregates)
    parts = truth.constituents.filter(pl.col("aggregate").is_in(aggregates.implode()))
    assert tables.constituents.equals(parts.sort("aggregate", "constituent"))


@pytest.mark.parametrize("instant", ["t1", "t2"])
def test_a_fresh_crawl_holds_the_world(
    fresh: dict[str, tuple[Path, replay_server.Replay]], instant: str
) -> None:
    path, server = fresh[instant]
    with closing(Store(path)) as store:
        assert_is_the_world(crawled.tables(store), instant)
        assert crawled.gaps(store, "s") == []
    builds = [int(path.split("/")[2]) for path in server.paths if re.fullmatch(r"/build/\d+", path)]
    # Each once, oldest first.
    assert builds == sorted(set(builds))
    assert all(headers["Accept"] == "application/json" for headers in server.headers)
    assert all(headers["User-Agent"] == "nixpkgs-health" for headers in server.headers)
    assert all(headers["Accept-Encoding"] == "gzip" for headers in server.headers)
    assert not any("Cookie" in headers for headers in server.headers)


def test_from_one_instant_to_the_next_only_what_changed_is_asked_for(
    server: replay_server.Replay, fresh: dict[str, tuple[Path, replay_server.Replay]], tmp_path: Path
) -> None:
    asked = crawling.instance(server.url)
    store = Store(Path(shutil.copy(fresh["t1"][0], tmp_path)))
    server.instant = "t2"
    outcome = crawling.run(store, asked, Time(AS_OF["t2"]))
    paths = list(server.paths)
    assert outcome.requests == len(paths) == len(set(paths))

    # One page of evaluations and one text of errors for each jobset: each has a new evaluation.
    pages = {f"/jobset/{name}/{what}" for name in JOBSETS for what in ("evals", "errors")}
    before, after = (hydra_world.tables(instant) for instant in ("t1", "t2"))
    new = set(after.members["build_id"]) - set(before.members["build_id"])
    jobs = {build["id"]: build for build in replay_server.builds("t2").values()}
    aggregates = {number for number in new if jobs[number]["system"] not in jobs[number]["job"].split(".")}
    constituents = {f"/build/{number}/constituents" for number in aggregates}
    told = {
        build["id"]
        for path in constituents & replay_server.recorded("t2").keys()
        for build in json.loads(replay_server.body("t2", path))
    }
    lists = [path for path in paths if path.startswith("/api/latestbuilds")]
    assert len(lists) == 2
    # What a list says to be finished as it was, or leaves out as unfinished as it was, is not asked for.
    listed = {}
    for path in lists:
        number, project, jobset = re.findall(r"=([\w-]+)", path)
        rows = replay_server.latest("t2", project, jobset)[: int(number)]
        listed |= {row["id"]: row["buildstatus"] for row in rows}
    old = {build["id"]: build for build in replay_server.builds("t1").values()}
    unfinished = {number for number in set(before.members["build_id"]) if not old[number]["finished"]}
    assert all(jobs[number]["finished"] for number in unfinished)
    restarted = {
        number
        for number in _may_be_restarted(after, old)
        if number not in listed or listed[number] != old[number]["buildstatus"]
    }
    builds = {f"/build/{number}" for number in new | ((unfinished | restarted) - told)}
    assert set(paths) == pages | set(lists) | constituents | builds
    assert (len(pages), len(lists), len(constituents), len(new), len(unfinished)) == (10, 2, 6, 73, 46)

    # The result is that of a fresh crawl, apart from when things were seen.
    assert_is_the_world(crawled.tables(store), "t2")
    with closing(Store(fresh["t2"][0])) as other_store:
        one, other = crawled.tables(store), crawled.tables(other_store)
    assert newest(one).equals(newest(other))
    assert one.members.equals(other.members)
    assert one.evaluations.drop("observed_at").equals(other.evaluations.drop("observed_at"))
    assert len(fresh["t2"][1].paths) > 25 * len(paths)

    # Soon afterwards, nothing but the newest evaluations.
    server.paths.clear()
    crawling.run(store, asked, Time(AS_OF["t2"] + 3600))
    assert server.paths == [f"/jobset/{name}/evals" for name in JOBSETS]
    store.close()


def _may_be_restarted(after: Tables, old: dict[int, dict]) -> set[int]:
    """Failed builds, new in one of the three newest evaluations, of which the newest still has them."""
    found: set[int] = set()
    for _, evaluations in after.evaluations.group_by("project", "jobset"):
        ids = evaluations["evaluation_id"].sort(descending=True)
        of = [set(after.members.filter(pl.col("evaluation_id") == number)["build_id"]) for number in ids[:4]]
        recent = (of[0] | of[1] | of[2]) - of[3]
        # Of the aggregates that the newest has no more, none is among those whose constituents were recorded.
        found |= {number for number in recent & of[0] if number in old and _failed(old[number])}
    return found


def _failed(build: dict) -> bool:
    return bool(build["finished"] and build["buildstatus"])


def test_requests_keep_the_rate(server: replay_server.Replay, store: Store) -> None:
    at = Time()
    outcome = crawling.run(store, crawling.instance(server.url, "nixpkgs/lib-flake"), at)
    assert at.seconds - AS_OF["t1"] == pytest.approx((outcome.requests - 1) * 2)


def test_a_big_jobset_is_asked_for_its_newest_finished_evaluation(
    server: replay_server.Replay, store: Store
) -> None:
    asked = crawling.instance(server.url, JobsetConfig("nixpkgs/trunk", big=True))
    crawling.run(store, asked, Time(AS_OF["t1"]))
    assert server.paths[:3] == [
        "/jobset/nixpkgs/trunk/latest-eval",
        "/eval/1824165?filter=nixpkgs-health-asks-for-no-job",
        "/jobset/nixpkgs/trunk/errors",
    ]
    assert not [path for path in server.paths if "evals" in path]
    assert crawled.tables(store).evaluations["evaluation_id"].to_list() == [1824165]

    server.instant = "t2"
    server.paths.clear()
    crawling.run(store, asked, Time(AS_OF["t2"]))
    # Those in between are known by the builds that are members of them.
    assert crawled.tables(store).evaluations["evaluation_id"].to_list() == [
        1824165,
        1824183,
        1824199,
        1824212,
    ]
    tables, truth = crawled.tables(store), hydra_world.tables("t2")
    ours = truth.members.join(tables.evaluations, on="evaluation_id", how="semi").sort(
        "evaluation_id", "build_id"
    )
    assert tables.members.equals(ours)


def test_results_of_new_builds_may_come_from_the_list(server: replay_server.Replay, store: Store) -> None:
    asked = crawling.instance(server.url, JobsetConfig("nixpkgs/trunk", bulk=True))
    crawling.run(store, asked, Time(AS_OF["t1"]))
    one_by_one = [path for path in server.paths if re.fullmatch(r"/build/\d+", path)]
    tables, truth = crawled.tables(store), hydra_world.tables("t1")
    builds = truth.builds.join(tables.members, on="build_id", how="semi")
    assert len(one_by_one) <= builds.height - 450
    columns = ["build_id", "job", "system", "is_finished", "build_status", "queued_at"]
    assert newest(tables).select(columns).equals(builds.select(columns).sort("build_id"))


def test_a_renamed_jobset_keeps_the_name_under_which_it_is_recorded(
    server: replay_server.Replay, tmp_path: Path
) -> None:
    names = {}
    for recorded in (frozenset[str](), frozenset({"nixos/unstable"})):
        with closing(Store(tmp_path / f"{len(recorded)}.sqlite")) as store:
            crawling.run(
                store, crawling.instance(server.url, "nixos/unstable"), Time(), recorded, stop_after=40
            )
            crawling.run(
                store, crawling.instance(server.url, "nixos/unstable"), Time(AS_OF["t1"] + 60), recorded
            )
            tables = crawled.tables(store)
            names[recorded] = set(tables.builds.select("project", "jobset").rows())
            assert names[recorded] == set(tables.evaluations.select("project", "jobset").rows())
            assert tables.evaluations.height == 12
            # Configured under its new name as well, it is the same, with what is new since.
            server.instant = "t2"
            crawling.run(store, crawling.instance(server.url, "nixos/trunk-combined"), Time(AS_OF["t2"]))
            tables = crawled.tables(store)
            assert tables.evaluations.height > 12
            assert set(tables.evaluations.select("project", "jobset").rows()) == names[recorded]
            assert set(tables.builds.select("project", "jobset").rows()) == names[recorded]
            server.instant = "t1"
    assert list(names.values()) == [{("nixos", "trunk-combined")}, {("nixos", "unstable")}]
    assert server.paths.count("/jobset/nixos/unstable/evals") == 2


def test_a_big_jobset_that_was_renamed_has_the_name_that_it_is_given_now(
    server: replay_server.Replay, store: Store
) -> None:
    asked = crawling.instance(server.url, JobsetConfig("nixos/unstable", big=True))
    crawling.run(store, asked, Time())
    tables = crawled.tables(store)
    assert tables.evaluations.select("project", "jobset", "evaluation_id").rows() == [
        ("nixos", "trunk-combined", 1824180)
    ]
    assert set(tables.builds.select("project", "jobset").rows()) == {("nixos", "trunk-combined")}
    assert tables.constituents.height > 0
    server.paths.clear()
    crawling.run(store, asked, Time(AS_OF["t1"] + 60))
    assert server.paths == ["/jobset/nixos/trunk-combined/latest-eval"]


def test_ones_own_hydra_is_asked_again_without_delay(
    server: replay_server.Replay, fresh: dict[str, tuple[Path, replay_server.Replay]], tmp_path: Path
) -> None:
    asked = replace(crawling.instance(server.url, rate=1000), refresh_seconds=0)
    with closing(Store(Path(shutil.copy(fresh["t1"][0], tmp_path)))) as store:
        store.db.execute("update work set not_before = 0")
        server.instant = "t2"
        crawling.run(store, asked, Time(AS_OF["t1"] + 20_000))
        assert_is_the_world(crawled.tables(store), "t2")
        server.paths.clear()
        crawling.run(store, asked, Time(AS_OF["t1"] + 20_060))
        assert server.paths == [f"/jobset/{name}/evals" for name in JOBSETS]


def test_unfinished_builds_are_asked_for_ever_later_and_given_up(
    server: replay_server.Replay, store: Store
) -> None:
    asked = replace(crawling.instance(server.url, "nixpkgs/staging-next"), refresh_seconds=1800.0)
    crawling.run(store, asked, Time(AS_OF["t1"]))
    begun = AS_OF["t1"]
    asked_at = []
    for quarter in range(1, 24 * 4 * 32):
        at = begun + quarter * 900
        if not store.due_refreshes("nixpkgs/staging-next", 0, datetime.fromtimestamp(at, UTC)):
            continue
        server.paths.clear()
        crawling.run(store, asked, Time(at))
        if "/build/309005628" in server.paths:
            asked_at.append((at - begun) / 3600)
            assert len(asked_at) < 60
    gaps = [earlier - later for later, earlier in pairwise(asked_at)]
    assert asked_at[0] <= 3.0
    assert all(after >= 1.8 * before for before, after in pairwise(gaps[:4]))
    assert max(gaps) <= 24.5
    assert asked_at[-1] / 24 == pytest.approx(30, abs=1.1)
    (gap,) = crawled.gaps(store, "s")
    assert (gap.id, gap.kind) == ("s:gap:build_given_up:nixpkgs/staging-next:309005628", "build_given_up")


def test_a_stop_switch_ends_between_two_requests(server: replay_server.Replay, store: Store) -> None:
    asked = crawling.instance(server.url, *SMALL)
    outcome = crawling.run(store, asked, Time(), stop_after=17)
    assert (outcome.ended, outcome.requests, len(server.paths)) == ("stopped: enough", 17, 17)
    crawling.run(store, asked, Time(AS_OF["t1"] + 60))
    builds = [path for path in server.paths if re.fullmatch(r"/build/\d+", path)]
    assert len(builds) == len(set(builds))


def test_a_killed_crawl_loses_at_most_the_request_it_waited_for(
    server: replay_server.Replay, tmp_path: Path
) -> None:
    with closing(Store(tmp_path / "whole.sqlite")) as whole:
        clean = crawling.run(whole, crawling.instance(server.url, *SMALL), Time()).requests
        expected = crawled.tables(whole)
    server.paths.clear()
    path = tmp_path / "killed.sqlite"
    command = [sys.executable, "-m", "tests.crawling", server.url, str(path), *SMALL]
    chance = random.Random(20261123)
    kills = sorted(chance.sample(range(1, clean), 10))
    for number, at in enumerate(kills):
        process = subprocess.Popen(command)
        answers_first = number % 2 == 1

        def fault(asked: int, _path: str, process=process, at=at + number, first=answers_first):
            return _killer(process, first) if asked == at else None

        server.fault = fault
        assert process.wait(60) == -9
    server.fault = lambda _number, _path: None
    subprocess.run(command, check=True, timeout=120)
    assert len(server.paths) <= clean + len(kills)
    with closing(Store(path)) as store:
        found = crawled.tables(store)
    assert newest(found).equals(newest(expected))
    assert found.members.equals(expected.members)
    assert found.evaluations.drop("observed_at").equals(expected.evaluations.drop("observed_at"))


class Killed(BaseException):
    """The process is no more: nobody catches it."""


@pytest.mark.parametrize("is_sent", [False, True], ids=["before it was sent", "before it was kept"])
def test_wherever_a_crawl_is_killed_it_loses_that_request_alone(
    server: replay_server.Replay, store: Store, tmp_path: Path, is_sent: bool
) -> None:
    """Every run keeps one answer and is killed at its second request."""
    asked, at = crawling.instance(server.url, "nixpkgs/lib-flake"), Time()
    with closing(Store(tmp_path / "whole.sqlite")) as whole:
        crawling.run(whole, asked, Time())
        expected = crawled.tables(whole)
    clean = list(server.paths)
    assert clean[1].endswith("?page=2")
    server.paths.clear()
    ended = None
    while ended != "complete" and len(server.paths) < 2 * len(clean):
        client = Client(asked, at.clock())
        request = client._request

        def once(path: str, client=client, request=request) -> tuple[bytes, str | None]:
            if client.requests:
                if is_sent:
                    request(path)
                raise Killed
            return request(path)

        client._request = once
        with closing(client), suppress(Killed):
            ended = crawl(asked, asked.jobsets, store, client).ended
    assert server.paths == [clean[0], *(path for path in clean[1:] for _ in range(1 + is_sent))]
    found = crawled.tables(store)
    assert newest(found).equals(newest(expected))
    assert found.members.equals(expected.members)
    assert found.evaluations.drop("observed_at").equals(expected.evaluations.drop("observed_at"))


def _killer(process: subprocess.Popen, answers_first: bool) -> replay_server.Fault:
    def fault(handler: replay_server.Handler) -> None:
        if answers_first:
            status, kind, location, content = handler.lookup()
            handler.answer(status, content, kind, {"Location": location} if location else {})
        process.kill()
        handler.close_connection = True

    return fault


def test_a_crawl_goes_to_the_log_once(server: replay_server.Replay, tmp_path: Path) -> None:
    log, at = EventLog(tmp_path / "log"), Time()
    asked = crawling.instance(server.url, *SMALL, "nixpkgs/nosuch")
    told: list[str] = []

    def ingest(*jobsets: str) -> list:
        clock = at.clock()
        return ingest_hydra(
            asked, jobsets, tmp_path / "var", log, tmp_path / "quarantine", told.append, clock.now, clock
        )

    (first,) = ingest(*SMALL)
    assert first.batch is not None
    observed = log.scan("evaluation_observed").collect()
    assert (observed.height, set(observed["source"])) == (34, {asked.source})
    assert set(observed["coverage"]) == {"full"}
    at.seconds += 60
    assert [one.batch for one in ingest(*SMALL)] == [None]
    with pytest.raises(Exception, match=r"nixpkgs/nosuch is not on 127.*correct its name"):
        ingest("nixpkgs/nosuch")
    assert log.scan("gap_declared").collect()["kind"].to_list() == ["jobset_gone"]
    (tmp_path / "var" / "crawl" / "STOP").touch()
    asked_before = len(server.paths)
    with pytest.raises(NotAsked, match=r"was not asked: stopped: .*STOP is there: remove it to go on"):
        ingest(*SMALL)
    assert len(server.paths) == asked_before
    assert any("remove it to go on" in line for line in told)


def _turned(value: object) -> object:
    """A JSON value with the keys of its objects the other way round."""
    if isinstance(value, dict):
        return {key: _turned(inner) for key, inner in reversed(value.items())}
    return [_turned(inner) for inner in value] if isinstance(value, list) else value


def test_the_order_of_keys_means_nothing(server: replay_server.Replay, tmp_path: Path) -> None:
    turned: list[str] = []

    def answer(_number: int, path: str) -> replay_server.Fault | None:
        row = replay_server.recorded(server.instant).get(path)
        if row is None or row[0] != 200:
            return None
        turned.append(path)
        told = _turned(json.loads(replay_server.body(server.instant, path)))
        return replay_server.page(json.dumps(told).encode(), replay_server.JSON)

    def ingest(name: str, at: Time) -> EventLog:
        log, clock = EventLog(tmp_path / name / "log"), at.clock()
        var = tmp_path / name
        asked = crawling.instance(server.url, *SMALL)
        ingest_hydra(asked, SMALL, var, log, var / "quarantine", lambda _: None, clock.now, clock)
        return log

    plain = ingest("plain", Time())
    server.fault = answer
    later = Time()
    other = ingest("turned", later)
    assert len(turned) > 100
    for table in ("evaluation_observed", "membership_changed", "build_observed", "aggregate_observed"):
        assert other.scan(table).collect().equals(plain.scan(table).collect())
    server.fault = lambda _number, _path: None
    later.seconds += 60
    assert len(ingest("turned", later).batches()) == 1
