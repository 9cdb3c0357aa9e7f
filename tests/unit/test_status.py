"""What an operator is told of every source, and what is remembered of every attempt."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from pipelines import configuration, polls, status
from pipelines.cli import main
from pipelines.log.store import EventLog

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SOON = timedelta(hours=6)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """A log with an answer about one jobset, a gap, and a channel."""
    log = EventLog(tmp_path / "log")
    at = NOW - timedelta(days=2)
    evaluation = {
        "id": "s:evaluation:p/j:1:k", "source": "s", "jobset": "p/j", "evaluation_id": "1", "ordinal": 1,
        "observation_key": "k", "observed_at": at, "unit": "job", "coverage": "full",
        "listed_statuses": ["all"], "systems": ["x86_64-linux"],
    }  # fmt: skip
    gap = {"id": "g", "source": "s", "jobset": "p/j", "kind": "input_rejected", "detail": "x", "rows": 7,
           "observed_at": at}  # fmt: skip
    other = gap | {"id": "h", "kind": "evaluation_gone", "rows": 0}
    channel = {
        "id": "c",
        "source": "channels",
        "channel": "nixos-unstable",
        "revision": "a",
        "observed_at": at,
    }
    with log.writer_lock():
        log.append(
            {
                "evaluation_observed": pl.DataFrame([evaluation]),
                "gap_declared": pl.DataFrame([gap, other]),
                "channel_advanced": pl.DataFrame([channel]),
            },
            "a test",
        )
    return log


def test_every_source_of_the_log_and_of_the_configuration_has_a_row(log: EventLog, tmp_path: Path) -> None:
    expected = [status.Expected("live", "p/k", SOON), status.Expected("s", "p/j", SOON)]
    found = status.standings(log, tmp_path, expected)
    assert [(one.source, one.jobset) for one in found] == [("channels", ""), ("live", "p/k"), ("s", "p/j")]
    assert [(one.gaps, one.rejected) for one in found] == [(0, 0), (0, 0), (1, 7)]
    assert found[1].newest_at is None
    assert found[2].newest_at == NOW - timedelta(days=2)


def test_whatever_is_configured_is_expected(tmp_path: Path) -> None:
    """Hydras over HTTP and databases, each with its own freshness and with what keeps it from being asked."""
    (tmp_path / "config.toml").write_text(
        "[[hydra]]\nurl = 'http://127.0.0.1:1'\njobsets = ['p/j', 'p/k']\nfreshness_hours = 6\n"
        "[[hydra]]\nurl = 'https://hydra.example.org'\njobsets = ['p/j']\n"
        "[[hydra_database]]\nsource = 'https://own.example.org/'\ndsn_env = 'OWN_DSN'\njobsets = ['p/j']\n"
        "freshness_hours = 2\n"
    )
    configured = configuration.load(tmp_path / "config.toml")
    told = status.expected(configured, {"OWN_DSN": ""})
    assert [(one.source, one.jobset, one.freshness, (one.blocked or "")[:10]) for one in told] == [
        ("127.0.0.1:1", "p/j", SOON, ""),
        ("127.0.0.1:1", "p/k", SOON, ""),
        ("hydra.example.org", "p/j", timedelta(hours=24), "no contact"),
        ("own.example.org", "p/j", timedelta(hours=2), "the enviro"),
    ]
    assert status.expected(configured, {"OWN_DSN": "postgresql://h"})[-1].blocked is None


def test_a_source_of_derivations_or_outputs_alone_has_a_row(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    seen = {"observed_at": NOW, "derivation_id64": 1, "name": "a", "drv_hash": "0" * 32, "outputs": ["out"]}
    output = {"observed_at": NOW, "derivation_id64": 1, "output": "out", "path": "/nix/store/x", "id": "o"}
    with log.writer_lock():
        log.append(
            {
                "derivation_observed": pl.DataFrame([seen | {"source": "ci"}]),
                "output_observed": pl.DataFrame([output | {"source": "cache"}]),
            },
            "a test",
        )
    found = status.standings(log, tmp_path, [])
    assert [(one.source, one.jobset, one.newest_at) for one in found] == [("cache", "", NOW), ("ci", "", NOW)]


def test_overdue_is_a_live_source_that_was_not_heard_in_time(log: EventLog, tmp_path: Path) -> None:
    expected = [status.Expected("s", "p/j", SOON), status.Expected("t", "p/j", SOON, "nobody agreed")]
    polls.record(tmp_path, "s", "p/j", NOW - timedelta(hours=5))

    def overdue(now: datetime) -> list[bool]:
        return [one.is_overdue(now) for one in status.standings(log, tmp_path, expected)]

    assert overdue(NOW) == [False, False, False]
    assert overdue(NOW + timedelta(hours=2)) == [False, True, False]


def test_a_failed_attempt_keeps_the_last_success(tmp_path: Path) -> None:
    polls.record(tmp_path, "s", "p/j", NOW)
    polls.record(tmp_path, "s", "p/j", NOW + SOON, "it answered 503 five times")
    poll = polls.read(tmp_path)["s", "p/j"]
    assert (poll.succeeded_at, poll.attempted_at) == (NOW, NOW + SOON)
    assert poll.error == "it answered 503 five times"


def test_every_jobset_has_a_record_of_its_own(tmp_path: Path) -> None:
    asked = [("s", "a_b/c"), ("s", "a/b_c"), ("s_a", "b/c"), ("s", "a/" + "b" * 300)]
    for source, jobset in asked:
        polls.record(tmp_path, source, jobset, NOW)
    assert set(polls.read(tmp_path)) == set(asked)
    (one,) = (tmp_path / "polls").glob("s_a_bb*")
    old = json.loads(one.read_text()) | {"attempted_at": (NOW - SOON).isoformat()}
    (tmp_path / "polls" / "zz.json").write_text(json.dumps(old))
    assert polls.read(tmp_path)["s", "a/" + "b" * 300].attempted_at == NOW


def test_a_damaged_record_counts_as_never_asked(tmp_path: Path) -> None:
    polls.record(tmp_path, "s", "p/j", NOW)
    (path,) = (tmp_path / "polls").iterdir()
    path.write_text("{")
    assert polls.read(tmp_path) == {}


def test_the_table_fits_the_terminal_and_says_what_is_wrong(log: EventLog, tmp_path: Path) -> None:
    expected = [
        status.Expected("s", "p/j", SOON),
        status.Expected("hydra." + "long." * 20 + "org", "p/j", SOON, "no contact is set " * 10),
        status.Expected("quiet", "p/j", SOON),
    ]
    polls.record(tmp_path, "s", "p/j", NOW, "it answered 503 five times " * 5)
    said = status.lines(status.standings(log, tmp_path, expected), NOW + timedelta(days=9))
    assert max(map(len, said)) <= 80
    text = "\n".join(said)
    for words in (
        "it answered 503",
        "not asked: no contact",
        "overdue",
        "lag unknown",
        "newest answer never",
    ):
        assert words in text


def test_the_command_names_what_is_configured_and_was_never_heard(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "inbox = 'results'\n"
        "[[hydra_database]]\nsource = 'https://own.example.org'\ndsn_env = 'OWN_DSN'\njobsets = ['p/j']\n"
    )
    place = {
        "NIXPKGS_HEALTH_VAR": str(tmp_path / "var"),
        "NIXPKGS_HEALTH_CONFIG": str(tmp_path / "config.toml"),
    }
    said = CliRunner().invoke(main, ["status"], env=place).output
    assert said.splitlines()[0] == "own.example.org  p/j"
    assert "not asked: the environment variable OWN_DSN does not hold" in said
    assert f"the inbox {tmp_path / 'results'} is not there" in said
    (tmp_path / "results").mkdir()
    assert "is not there" not in CliRunner().invoke(main, ["status"], env=place).output
