"""A Hydra that is dead costs one short attempt from then on, is asked last, and is asked as usual once it answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import configuration, polls
from pipelines.assets.ingest import ingest_assets
from pipelines.runtime import Runtime
from pipelines.settings import Settings
from pipelines.sources.hydra import outcomes
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.outcomes import Bounds
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
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in held:
                one.close()


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


def ask(run: Runtime) -> None:
    """Ask what is configured, as a report does."""
    live = configuration.load(run.settings.config).live
    for one in run.doubtful_last(live):
        run.ingest_live(one, one.instance.jobsets[0].name)


def test_a_closed_port_costs_the_whole_schedule_once_then_one_attempt_and_comes_last(
    tmp_path: Path, asked: list[str]
) -> None:
    with socket.socket() as held, replay_server.serve("t2") as living:
        held.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{held.getsockname()[1]}"
        instances = (dead, DEAD), (living.url, LIVING)
        ask(runtime(tmp_path, *instances))
        assert asked[:6] == [f"{dead}/jobset/a/b/evals"] * 5 + [f"{living.url}/jobset/{LIVING}/evals"]
        assert not [path for path in asked[6:] if path.startswith(dead)]
        for _ in range(2):
            asked.clear()
            second = runtime(tmp_path, *instances)
            ask(second)
            assert [path for path in asked if path.startswith(dead)] == [f"{dead}/"]
            assert asked[-1] == f"{dead}/"
            assert "failed again, last with" in second.failures[0]
        loaded = configuration.load(tmp_path / "config.toml")
        doubtful = polls.unreachable(tmp_path / "var")
        last = ingest_assets(loaded, doubtful)[-1]
        assert last.key.path[1] == f"127_0_0_1_{dead.rpartition(':')[2]}"
        assert len(ingest_assets(loaded, doubtful)) == len(ingest_assets(loaded))


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
