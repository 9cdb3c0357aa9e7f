"""What the log has already is not read from a crawl's store again, and nothing is lost by that."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from pipelines.ingest import known, record
from pipelines.log.store import EventLog
from pipelines.sources.hydra import crawled, ingest
from pipelines.sources.hydra.decode import Build, Evaluation
from pipelines.sources.hydra.facts import facts
from pipelines.sources.hydra.ingest import ingest_hydra
from pipelines.sources.hydra.instance import Instance, JobsetConfig
from pipelines.sources.hydra.store import Store
from tests import crawling, replay_server
from tests.crawling import AS_OF, JOBSETS, Time

AT = datetime(2026, 3, 1, tzinfo=UTC)
MINE = Instance("http://127.0.0.1:1", (JobsetConfig("p/j"),))


def facts_of(log: EventLog) -> list[list[tuple[str, int, str]]]:
    """Tables of each batch with their digests; that a source exists is said by who ingests it."""
    return [[table for table in batch.tables if table[0] != "source_declared"] for batch in log.batches()]


def test_reading_what_is_new_gives_the_log_that_reading_everything_gives(tmp_path: Path) -> None:
    of_new, of_everything = EventLog(tmp_path / "new"), EventLog(tmp_path / "everything")
    at = Time()
    with replay_server.serve() as server:
        asked = crawling.instance(server.url, *JOBSETS)

        def crawl(log: EventLog) -> int:
            clock = at.clock()
            (done,) = ingest_hydra(
                asked, (), tmp_path / "var", log, tmp_path / "q", lambda _: None, clock.now, clock
            )
            return done.batch.rows if done.batch else 0

        for instant in ("t1", "t2"):
            server.instant, at.seconds = instant, AS_OF[instant]
            assert crawl(of_new) > 100
            file = tmp_path / "var" / "crawl" / f"{ingest.file_name(asked.source)}.sqlite"
            with closing(Store(file)) as store, of_everything.writer_lock():
                told = facts(asked.source, crawled.tables(store), known(of_everything))
                record(told, asked.source, of_everything, tmp_path / "q")
            assert facts_of(of_new) == facts_of(of_everything)
        at.seconds += 60
        assert crawl(of_new) == 0
        declared = of_new.scan("source_declared").sort("scope").collect()
        assert declared["scope"].to_list() == sorted(JOBSETS)
        assert set(declared["licence"]) == {"unknown: the service states none"}
        oldest = of_new.scan("evaluation_observed").group_by("jobset").agg(pl.col("occurred_at").min())
        assert declared["first_at"].to_list() == oldest.sort("jobset").collect()["occurred_at"].to_list()
        with closing(Store(file)) as store:
            rest = crawled.tables(store, JOBSETS, ingest.recorded(of_new, asked.source, JOBSETS))
            assert (rest.evaluations.height, rest.members.height, rest.builds.height) == (0, 0, 0)
            whole = crawled.tables(store, JOBSETS, ingest.recorded(of_new, "another", JOBSETS))
            assert whole.builds.height > 500


def test_what_a_killed_run_did_not_record_is_recorded_by_the_next(
    server: replay_server.Replay, tmp_path: Path
) -> None:
    """It was killed after its last answer, before it wrote to the log."""
    asked, name = crawling.instance(server.url, JOBSETS[-1]), JOBSETS[-1]
    at, log = Time(), EventLog(tmp_path / "log")
    with closing(Store(tmp_path / "crawl" / f"{ingest.file_name(asked.source)}.sqlite")) as store:
        crawling.run(store, asked, at)
        whole = crawled.tables(store)
    server.paths.clear()
    at.seconds += 60
    clock = at.clock()
    ingest_hydra(asked, (), tmp_path, log, tmp_path / "q", lambda _: None, clock.now, clock)
    assert server.paths == [f"/jobset/{name}/evals"]
    evaluations, builds = (log.scan(of).collect() for of in ("evaluation_observed", "build_observed"))
    assert evaluations.height == whole.evaluations.height > 10
    assert builds["build_id"].n_unique() == whole.builds["build_id"].n_unique() > 50


def build(store: Store, number: int, at: datetime, status: int = 0) -> None:
    """A build is seen, finished."""
    told = Build(
        id=number, project="p", jobset="j", job=f"a{number}.x86_64-linux", system="x86_64-linux", finished=1,
        timestamp=1, buildstatus=status, starttime=2, stoptime=3 + status, drvpath=f"/nix/store/{number}.drv",
    )  # fmt: skip
    store.add_build("p/j", told, msgspec.json.encode(told), f"/build/{number}", at)


def test_the_same_state_with_its_keys_in_another_order_is_kept_once(store: Store) -> None:
    shown = {
        "id": 1, "project": "p", "jobset": "j", "job": "a.x86_64-linux", "system": "x86_64-linux", "finished": 1,
        "timestamp": 1, "buildstatus": 1, "starttime": 2, "stoptime": 3, "drvpath": "/nix/store/a.drv",
    }  # fmt: skip
    bodies = [msgspec.json.encode(dict(keys)) for keys in (shown.items(), reversed(shown.items()))]
    bodies.append(msgspec.json.encode(shown | {"drvpath": "/nix/store/b.drv"}))
    kept = [
        store.add_build(
            "p/j", msgspec.json.decode(body, type=Build), body, "/build/1", AT + timedelta(hours=n)
        )
        for n, body in enumerate(bodies)
    ]
    assert kept == [True, False, True]
    assert [number for number, _ in store.sightings(["p/j"])] == [1, 1]


def told(store: Store, log: EventLog, path: Path) -> tuple[int, int]:
    """Evaluations and states of builds that are appended."""
    seen = [log.scan(name).collect().height for name in ("evaluation_observed", "build_observed")]
    with log.writer_lock():
        tables = crawled.tables(store, ["p/j"], ingest.recorded(log, MINE.source, ["p/j"]))
        record(facts(MINE.source, tables, known(log)), MINE.source, log, path / "q")
    now = [log.scan(name).collect().height for name in ("evaluation_observed", "build_observed")]
    return now[0] - seen[0], now[1] - seen[1]


def test_a_build_that_was_lost_and_is_found_is_told_with_its_evaluation(store: Store, tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    store.name_jobset("p/j", "p/j", [], frozenset())
    for number in range(1, 100):
        build(store, number, AT)
    evaluation = Evaluation(id=7, timestamp=1, hasnewbuilds=1, builds=list(range(1, 101)))
    store.add_evaluation("p/j", evaluation, msgspec.json.encode(evaluation), "/eval/7", AT)
    assert told(store, log, tmp_path) == (0, 99)
    store.close_work("build", 100, "given_up", "status 500", AT)
    assert told(store, log, tmp_path) == (1, 0)
    assert told(store, log, tmp_path) == (0, 0)
    build(store, 100, AT + timedelta(days=1))
    assert told(store, log, tmp_path) == (1, 1)
    assert log.scan("evaluation_observed").sort("batch").collect()["listed_rows"].to_list() == [99, 100]


def test_a_restarted_build_of_a_recorded_evaluation_is_told_alone(store: Store, tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    store.name_jobset("p/j", "p/j", [], frozenset())
    build(store, 1, AT, status=1)
    build(store, 2, AT)
    evaluation = Evaluation(id=7, timestamp=1, hasnewbuilds=1, builds=[1, 2])
    store.add_evaluation("p/j", evaluation, msgspec.json.encode(evaluation), "/eval/7", AT)
    assert told(store, log, tmp_path) == (1, 2)
    build(store, 1, AT + timedelta(microseconds=1))
    recorded = ingest.recorded(log, MINE.source, ["p/j"])
    assert set(crawled.tables(store, ["p/j"], recorded).builds["build_id"]) == {1}
    assert told(store, log, tmp_path) == (0, 1)


def test_constituents_that_are_told_after_their_aggregate_are_told_with_it(
    store: Store, tmp_path: Path
) -> None:
    log = EventLog(tmp_path / "log")
    store.name_jobset("p/j", "p/j", [], frozenset())
    build(store, 1, AT)
    build(store, 2, AT)
    assert told(store, log, tmp_path) == (0, 2)
    store.add_constituents(2, [1])
    recorded = ingest.recorded(log, MINE.source, ["p/j"])
    tables = crawled.tables(store, ["p/j"], recorded)
    assert (tables.constituents.rows(), tables.builds["build_id"].to_list()) == ([(2, 1)], [2])
    there = replace(recorded, aggregates=frozenset({2}))
    tables = crawled.tables(store, ["p/j"], there)
    assert (tables.constituents.height, tables.builds.height) == (0, 0)


def test_no_address_of_a_person_leaves_the_text_of_errors(store: Store) -> None:
    store.name_jobset("p/j", "p/j", [], frozenset())
    build(store, 1, AT)
    evaluation = Evaluation(id=7, timestamp=1, hasnewbuilds=1, builds=[1])
    store.add_evaluation("p/j", evaluation, msgspec.json.encode(evaluation), "/eval/7", AT)
    store.add_errors("p/j", 1, "hello: maintained by jo.do+nix@mail.example.org, <x@b.org>, at a@b")
    (text,) = crawled.tables(store).evaluations["evaluation_errors"]
    assert text == "hello: maintained by (address left out), <(address left out)>, at a@b"
