"""How a Hydra is asked: as slowly as it wishes, by somebody who can be written to, until the operator says stop."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pipelines.log.store import EventLog
from pipelines.sources.hydra.client import LONGEST_WAIT
from pipelines.sources.hydra.ingest import ingest_hydra
from pipelines.sources.hydra.outcomes import GaveUp, NotAsked
from pipelines.sources.hydra.store import Store
from tests import crawling, replay_server
from tests.crawling import AS_OF, Time

FLAKE = "nixpkgs/lib-flake"
NOW = datetime.fromtimestamp(AS_OF["t1"], UTC)


def date(seconds: float) -> str:
    """An instant so long after now as HTTP writes it."""
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ("90", 90, 90),
        (date(90), 90, 90),
        (date(90).replace("GMT", "-0000"), 90, 90),
        # At least a second, and a quarter of an hour at most, whatever is told.
        ("0", 1, 1),
        (date(-86400), 1, 1),
        ("99999999999999999999999", LONGEST_WAIT, LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT, LONGEST_WAIT),
        # What means nothing is as if it were not said: four to eight seconds after the first failure.
        ("-5", 4, 8),
        ("1e9", 4, 8),
        ("soon", 4, 8),
        ("Sat, 26 Sep 99999999999 12:00:00 GMT", 4, 8),
        ("Sat, 26 Sep 2026 99999999999999:00:00 GMT", 4, 8),
        ("Sat, 26 Sep 2026 12:00:00 +99999999", 4, 8),
        ("\u0663", 4, 8),
    ],
)
@pytest.mark.parametrize("code", [429, 503])
def test_it_is_waited_as_long_as_the_server_says(
    server: replay_server.Replay, store: Store, told: str, least: float, most: float, code: int
) -> None:
    fault = replay_server.status(code, {"Retry-After": told.encode().decode("latin-1")})
    server.fault = lambda number, _path: fault if number == 1 else None
    at = Time()
    outcome = crawling.run(store, crawling.instance(server.url, FLAKE, rate=1000), at, stop_after=2)
    assert outcome.requests == 2
    assert server.paths[0] == server.paths[1]
    assert least <= at.seconds - AS_OF["t1"] <= most + 0.1


def test_every_request_says_who_asks(server: replay_server.Replay, store: Store) -> None:
    asked = replace(crawling.instance(server.url, FLAKE), contact="https://example.org/who")
    crawling.run(store, asked, Time(), stop_after=5)
    assert [one["User-Agent"] for one in server.headers] == ["nixpkgs-health (+https://example.org/who)"] * 5


def test_all_requests_of_a_crawl_go_over_one_connection(server: replay_server.Replay, store: Store) -> None:
    outcome = crawling.run(store, crawling.instance(server.url, FLAKE), Time())
    assert (outcome.requests, server.connections) == (len(server.paths), 1)
    assert outcome.requests > 50


def test_the_rate_is_in_requests_a_second_between_the_beginnings_of_two(
    server: replay_server.Replay, store: Store
) -> None:
    for rate in (0.1, 4.0):
        at = Time()
        outcome = crawling.run(store, crawling.instance(server.url, FLAKE, rate=rate), at, stop_after=9)
        assert at.seconds - AS_OF["t1"] == pytest.approx((outcome.requests - 1) / rate)


def test_a_stop_file_ends_a_wait_within_seconds(server: replay_server.Replay, tmp_path: Path) -> None:
    """It is laid down while the crawl waits for a quarter of an hour; what was answered is in the log."""
    stop = tmp_path / "crawl" / "STOP"
    at = Time()
    refused = []

    def sleep(seconds: float) -> None:
        if server.paths and len(server.paths) == 30:
            refused.append(at.seconds)
            stop.touch()
        at.seconds += seconds

    server.fault = lambda number, _path: (
        replay_server.status(429, {"Retry-After": "900"}) if number == 30 else None
    )
    log, clock = EventLog(tmp_path / "log"), replace(at.clock(), sleep=sleep)
    told: list[str] = []
    ingest_hydra(
        crawling.instance(server.url, FLAKE), (), tmp_path, log, tmp_path / "q", told.append, clock.now, clock
    )
    assert (len(server.paths), len(refused)) == (30, 1)
    assert at.seconds <= refused[0] + 5
    assert any(
        "30 requests" in line and f"stopped: {stop} is there: remove it to go on" in line for line in told
    )
    assert log.scan("build_observed").collect().height > 0


def test_outside_of_its_window_of_time_an_instance_is_not_asked(
    server: replay_server.Replay, tmp_path: Path
) -> None:
    """The window closes 41 seconds after the first request, of which there is one every two seconds."""
    asked = replace(crawling.instance(server.url, FLAKE), window=(time(10, 30), time(10, 41)))
    log, at = EventLog(tmp_path / "log"), Time()
    told: list[str] = []

    def ingest() -> None:
        clock = at.clock()
        ingest_hydra(asked, (), tmp_path, log, tmp_path / "q", told.append, clock.now, clock)

    ingest()
    assert len(server.paths) == 21
    assert any("stopped: outside of the configured window of time" in line for line in told)
    assert log.scan("build_observed").collect().height > 0
    with pytest.raises(NotAsked, match="outside of the configured window of time"):
        ingest()
    assert len(server.paths) == 21


def test_what_was_answered_before_it_gave_up_is_in_the_log_and_not_asked_for_again(
    server: replay_server.Replay, tmp_path: Path
) -> None:
    server.fault = lambda number, _path: replay_server.status(429) if number > 30 else None
    log, at = EventLog(tmp_path / "log"), Time()

    def ingest() -> None:
        asked, clock = crawling.instance(server.url, FLAKE), at.clock()
        ingest_hydra(asked, (), tmp_path, log, tmp_path / "q", lambda _: None, clock.now, clock)

    with pytest.raises(GaveUp, match=r"failed 5 times in a row, last with status 429 .*what it got is kept"):
        ingest()
    assert len(server.paths) == 30 + 5
    answered = {path for path in server.paths[:30] if path.startswith("/build/")}
    logged = log.scan("build_observed").collect()["build_id"]
    assert {f"/build/{number}" for number in logged} == answered
    assert len(answered) > 20
    server.fault = lambda _number, _path: None
    server.paths.clear()
    at.seconds += 60
    ingest()
    assert not answered & set(server.paths)
    assert len(server.paths) == len(set(server.paths)) > 20
