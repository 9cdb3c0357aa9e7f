"""A Hydra that is dead holds up no other, costs one short attempt from then on, and is asked as usual afterwards."""

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import configuration, polls
from pipelines.assets.ingest import ingest_assets
from pipelines.runtime import Runtime
from pipelines.settings import Settings
from pipelines.side_by_side import Beside, side_by_side
from pipelines.sources.hydra import outcomes
from pipelines.sources.hydra.client import LONGEST_AWAITED, Client
from pipelines.sources.hydra.outcomes import Bounds, GaveUp
from pipelines.sources.hydra.store import Store
from tests import crawling, replay_server
from tests.crawling import Time

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIVING, DEAD = "nixpkgs/lib-flake", "a/b"


@dataclass
class Hanging:
    """A server that takes every connection and never says a word."""

    url: str
    connections: int = 0
    hang_up: Callable[[], None] = lambda: None
    """Close every connection, and take no more."""


@contextmanager
def hanging() -> Iterator[Hanging]:
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Hanging(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def accept() -> None:
            while True:
                try:
                    held.append(listening.accept()[0])
                except OSError:
                    return
                server.connections += 1

        thread = threading.Thread(target=accept)

        def hang_up() -> None:
            if thread.is_alive():
                listening.shutdown(socket.SHUT_RDWR)
                thread.join()
            for one in held:
                one.close()

        server.hang_up = hang_up
        thread.start()
        try:
            yield server
        finally:
            hang_up()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every request, as address and path; nobody waits between them."""
    told: list[str] = []
    request = Client._request

    def counted(self: Client, path: str) -> tuple[bytes, str | None]:
        told.append(self.instance.url + path)
        return request(self, path)

    monkeypatch.setattr(Client, "_request", counted)
    monkeypatch.setattr(Client, "_wait", lambda *_: None)
    return told


def runtime(folder: Path, *instances: tuple[str, str]) -> Runtime:
    """A run of its own over the same state."""
    place = Settings(var=folder / "var", build=folder / "build", config=folder / "config.toml")
    place.config.write_text(
        "".join(
            f'[[hydra]]\nurl = "{url}"\nrate = 1000\njobsets = ["{jobset}"]\n' for url, jobset in instances
        )
    )
    return Runtime(place)


def configured(run: Runtime) -> list[tuple[configuration.Live, str]]:
    """Every jobset of the configuration, in its order."""
    live = configuration.load(run.settings.config).live
    return [(one, jobset.name) for one in live for jobset in one.instance.jobsets]


def ask(run: Runtime) -> list[str]:
    """Ask what is configured, as a report does; the sources as they are done."""
    return [source for source, _, _ in run.ingest_hydras(configured(run), is_awaited=True)]


def name(url: str) -> str:
    return url.partition("://")[2]


def rows(run: Runtime, source: str) -> int:
    """States of builds of a source that the log has."""
    found = run.log.scan("build_observed").collect()
    return found.filter(found["source"] == source).height


def test_one_that_refuses_for_ever_holds_up_none_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead one backs off until the living one is in the log: if it came first, nobody would come after it."""
    is_there = threading.Event()
    waits = []

    def wait(client: Client, *_: object) -> None:
        if client.failures:
            waits.append(client.instance.url)
            assert is_there.wait(60), "the dead source is waited for"

    monkeypatch.setattr(Client, "_wait", wait)
    with replay_server.serve("t2") as dead, replay_server.serve("t2") as living:
        dead.fault = lambda _number, _path: replay_server.status(503)
        run = runtime(tmp_path, (dead.url, LIVING), (living.url, LIVING))
        done = []
        for source, jobset, told in run.ingest_hydras(configured(run)):
            done.append(source)
            assert jobset == LIVING
            if source == name(living.url):
                assert not isinstance(told, str)
                assert rows(run, source) > 50
                assert len(dead.paths) == 1
                is_there.set()
    assert done == [name(living.url), name(dead.url)]
    assert set(waits) == {dead.url}
    assert (len(dead.paths), len(run.failures)) == (5, 1)
    assert "failed 5 times in a row, last with status 503" in run.failures[0]
    assert polls.unreachable(run.settings.var) == {name(dead.url)}


def test_one_that_never_answers_holds_up_none_behind_it(tmp_path: Path, asked: list[str]) -> None:
    with hanging() as dead, replay_server.serve("t2") as living:
        run = runtime(tmp_path, (dead.url, DEAD), (living.url, LIVING))
        results = run.ingest_hydras(configured(run))
        assert next(results)[0] == name(living.url)
        assert rows(run, name(living.url)) > 50
        assert [path for path in asked if path.startswith(dead.url)] == [f"{dead.url}/jobset/a/b/evals"]
        assert run.failures == []
        dead.hang_up()
        assert [source for source, _, _ in results] == [name(dead.url)]
    assert len(run.failures) == 1


def test_an_instance_is_asked_over_one_connection_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two instances with two jobsets each, both are at work at once, and neither answers two requests at once."""
    request, now = Client._request, Counter()
    most: Counter[str] = Counter()
    both = threading.Barrier(2, timeout=60)

    def counted(client: Client, path: str) -> tuple[bytes, str | None]:
        source = client.instance.source
        now[source] += 1
        most[source] = max(most[source], now[source])
        if client.requests == 3:
            both.wait()
        try:
            return request(client, path)
        finally:
            now[source] -= 1

    monkeypatch.setattr(Client, "_request", counted)
    monkeypatch.setattr(Client, "_wait", lambda *_: None)
    with replay_server.serve("t2") as one, replay_server.serve("t2") as other:
        run = runtime(
            tmp_path, *((of.url, jobset) for of in (one, other) for jobset in (LIVING, "nixpkgs/cuda"))
        )
        done = ask(run)
        assert sorted(done) == sorted([name(one.url), name(other.url)] * 2)
        assert most == {name(one.url): 1, name(other.url): 1}
    assert run.failures == []
    assert len(run.log.batches()) == 4
    assert rows(run, name(one.url)) == rows(run, name(other.url)) > 100


def test_the_assets_of_a_run_are_done_as_they_answer_and_may_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_there = threading.Event()

    def wait(client: Client, *_: object) -> None:
        if client.failures:
            assert is_there.wait(60), "the dead source is waited for"

    monkeypatch.setattr(Client, "_wait", wait)
    with replay_server.serve("t2") as dead, replay_server.serve("t2") as living:
        dead.fault = lambda _number, _path: replay_server.status(503)
        run = runtime(tmp_path, (dead.url, DEAD), (living.url, LIVING), (living.url, "nixpkgs/cuda"))
        ingest_live = run.ingest_live

        def noted(live: configuration.Live, jobset: str, beside: Beside) -> object:
            told = ingest_live(live, jobset, beside)
            if jobset == "nixpkgs/cuda":
                is_there.set()
            return told

        monkeypatch.setattr(run, "ingest_live", noted)
        assets = ingest_assets(configuration.load(run.settings.config))
        keys = {jobset: dg.AssetKey(["ingest", *parts]) for jobset, parts in _parts(run).items()}
        result = dg.materialize(assets, resources={"runtime": run})
        made = [event.asset_key for event in result.get_asset_materialization_events()]
        assert made[-3:] == [keys[LIVING], keys["nixpkgs/cuda"], keys[DEAD]]
        passed = {one.asset_key: one.passed for one in result.get_asset_check_evaluations()}
        assert (passed[keys[LIVING]], passed[keys[DEAD]]) == (True, False)
        living.paths.clear()
        dead.paths.clear()
        again = Runtime(run.settings)
        dg.materialize(assets, resources={"runtime": again}, selection=[keys["nixpkgs/cuda"]])
        assert living.paths == ["/jobset/nixpkgs/cuda/evals"]
        assert dead.paths == []


def _parts(run: Runtime) -> dict[str, list[str]]:
    return {
        jobset: [live.instance.source.replace(".", "_").replace(":", "_"), re.sub(r"\W", "_", jobset)]
        for live, jobset in configured(run)
    }


@pytest.mark.parametrize(
    "told", [{}, {"Retry-After": "600"}, {"Retry-After": "Mon, 28 Sep 2026 08:00:00 GMT"}]
)
def test_a_run_waits_for_a_dead_source_alone_for_three_minutes_at_most(
    told: dict[str, str], tmp_path: Path
) -> None:
    """Nobody else is at work any more after a hundred seconds of the clock, or from the beginning."""
    assert LONGEST_AWAITED == 180
    for alone_after, longest in ((0.0, 180.0), (100.0, 180.0), (7200.0, 4 * 900.0)):
        with replay_server.serve() as dead, closing(Store(tmp_path / f"{alone_after}.sqlite")) as store:
            dead.fault = lambda _number, _path: replay_server.status(503, told)
            at = Time()
            begun = at.seconds
            client = Client(crawling.instance(dead.url, LIVING, rate=1000), at.clock())
            client.is_awaited = lambda at=at, until=begun + alone_after: at.seconds >= until
            with closing(client):
                outcome = crawling.crawl(client.instance, client.instance.jobsets, store, client)
            assert isinstance(outcome.gave_up, GaveUp)
            assert "last with status 503" in str(outcome.gave_up)
            assert at.seconds - begun <= longest
            if told and alone_after < 7200:
                assert "the rest of the run waits for it alone" in str(outcome.gave_up)
                # Nothing is waited for that would be waited for in vain.
                assert at.seconds - begun <= alone_after + 5
            else:
                assert len(dead.paths) == 5


def test_a_run_that_ends_asks_and_writes_nothing_more(tmp_path: Path) -> None:
    """An error that is no source's own ends the run; the others stop between two requests."""
    ended, held = threading.Event(), threading.Event()

    def fail(_: Beside) -> str:
        held.wait(60)
        raise ZeroDivisionError

    with replay_server.serve("t2") as living:
        run = runtime(tmp_path, (living.url, LIVING))
        ((live, jobset),) = configured(run)

        def ask_it(beside: Beside) -> str:
            living.fault = lambda number, _path: _hold(number, held, beside)
            run.ingest_live(live, jobset, beside)
            ended.set()
            return "asked"

        with pytest.raises(ZeroDivisionError):
            list(side_by_side({"bad": [fail], "good": [ask_it]}))
        assert ended.wait(60)
    assert len(living.paths) == 10
    assert run.log.batches() == []


def _hold(number: int, held: threading.Event, beside: Beside) -> None:
    """The tenth answer comes when the run has ended."""
    if number == 10:
        held.set()
        while not beside.is_over():
            threading.Event().wait(0.01)


def test_a_closed_port_costs_the_whole_schedule_once_then_one_attempt(
    tmp_path: Path, asked: list[str]
) -> None:
    with socket.socket() as held, replay_server.serve("t2") as living:
        held.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{held.getsockname()[1]}"
        instances = (dead, DEAD), (living.url, LIVING)
        ask(runtime(tmp_path, *instances))
        assert [path for path in asked if path.startswith(dead)] == [f"{dead}/jobset/a/b/evals"] * 5
        for _ in range(2):
            asked.clear()
            second = runtime(tmp_path, *instances)
            ask(second)
            assert [path for path in asked if path.startswith(dead)] == [f"{dead}/"]
            assert "failed again, last with" in second.failures[0]


def test_a_server_that_hangs_gets_one_connection(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcomes.PROBE.read_seconds <= outcomes.PROBE.answer_seconds <= 30
    monkeypatch.setattr("pipelines.sources.hydra.client.PROBE", replace(outcomes.PROBE, read_seconds=0.2))
    with hanging() as dead:
        run = runtime(tmp_path, (dead.url, DEAD))
        source = dead.url.partition("://")[2]
        polls.record(run.settings.var, source, DEAD, NOW, "it gave no answer", is_unreachable=True)
        ask(run)
        assert (asked, dead.connections) == ([f"{dead.url}/"], 1)
        assert "ReadTimeout" in run.failures[0] or "timed out" in run.failures[0]
        assert polls.unreachable(run.settings.var) == {source}


def test_one_that_answers_again_is_asked_as_usual(tmp_path: Path, asked: list[str]) -> None:
    with replay_server.serve("t2") as living:
        run = runtime(tmp_path, (living.url, LIVING))
        source = living.url.partition("://")[2]
        polls.record(run.settings.var, source, LIVING, NOW, "it gave no answer", is_unreachable=True)
        ask(run)
        assert asked[:2] == [f"{living.url}/", f"{living.url}/jobset/{LIVING}/evals"]
        assert run.failures == []
        assert polls.unreachable(run.settings.var) == frozenset()
        asked.clear()
        ask(runtime(tmp_path, (living.url, LIVING)))
        assert asked[0] == f"{living.url}/jobset/{LIVING}/evals"


def test_after_the_attempt_patience_is_what_it_was(tmp_path: Path) -> None:
    """A probe that is answered leaves the retries and the limits of the crawl itself alone."""
    bounds = Bounds(read_seconds=7.0)
    with replay_server.serve("t2") as living, closing(Store(tmp_path / "crawl.sqlite")) as store:
        living.fault = lambda number, _path: replay_server.status(503) if number in (2, 3) else None
        client = Client(crawling.instance(living.url, LIVING), Time().clock(), bounds=bounds)
        with closing(client):
            client.probe()
            assert client.bounds == bounds
            assert crawling.crawl(client.instance, client.instance.jobsets, store, client).ended == "complete"
    assert living.paths[1:4] == [f"/jobset/{LIVING}/evals"] * 3


def test_a_busy_log_or_a_wrong_jobset_is_no_dead_source(tmp_path: Path, asked: list[str]) -> None:
    with replay_server.serve("t2") as living:
        run = runtime(tmp_path, (living.url, "a/nosuch"))
        ask(run)
        with run.log.writer_lock():
            run = runtime(tmp_path, (living.url, LIVING))
            ask(run)
    assert len(run.failures) == 1
    assert polls.unreachable(run.settings.var) == frozenset()


def test_the_newest_attempt_of_any_jobset_decides(tmp_path: Path) -> None:
    polls.record(tmp_path, "s", "p/j", NOW, "no answer", is_unreachable=True)
    polls.record(tmp_path, "s", "p/k", NOW - timedelta(hours=1))
    assert polls.unreachable(tmp_path) == {"s"}
    polls.record(tmp_path, "s", "p/k", NOW)
    assert polls.unreachable(tmp_path) == frozenset()
    polls.record(tmp_path, "s", "p/j", NOW + timedelta(hours=1), "no such jobset")
    assert polls.unreachable(tmp_path) == frozenset()
