"""Live sources through the real commands: what is asked, what a dead one holds up, and what an operator is told."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from models.ci_format import PREFIX
from pipelines import configuration, polls
from pipelines.cli import main
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.runtime import Runtime
from pipelines.settings import Settings
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.ingest import ingest_hydra
from tests import replay_server


class Place:
    """State and configuration of one operator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.var = folder / "var"
        self.config = folder / "config.toml"
        self.environment = {
            "NIXPKGS_HEALTH_VAR": str(self.var),
            "NIXPKGS_HEALTH_BUILD": str(folder / "build"),
            "NIXPKGS_HEALTH_CONFIG": str(self.config),
        }

    def configure(self, *instances: tuple[str, str]) -> None:
        """Name Hydras by address and jobset."""
        self.config.write_text(
            "".join(
                f'[[hydra]]\nurl = "{url}"\nrate = 1000\njobsets = ["{jobset}"]\n'
                for url, jobset in instances
            )
        )

    def run(self, *words: str) -> Result:
        """Type the words."""
        return CliRunner().invoke(main, list(words), env=self.environment)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def closed_address() -> str:
    """An address on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


def test_a_dead_source_holds_nothing_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # No waiting between attempts; the rest is as for an operator.
    monkeypatch.setattr("pipelines.sources.hydra.client.Client._wait", lambda *_: None)
    dead = closed_address()
    with replay_server.serve("t2") as hydra:
        place.configure((dead, "a/b"), (dead, "a/c"), (hydra.url, "nixpkgs/lib-flake"))
        result = place.run("refresh")
    assert result.exit_code == 0, result.output
    assert f"not asked, the rest is not held up: {dead.partition('://')[2]} a/b" in result.output
    assert "rows appended as batch 1" in result.output
    assert (place.folder / "build" / "report" / "html" / "index.html").exists()
    assert result.output.count("not asked, the rest") == 1
    for jobset in ("a/b", "a/c"):
        poll = polls.read(place.var)[dead.partition("://")[2], jobset]
        assert poll.succeeded_at is None
        assert poll.error
    told = place.run("status").output
    assert "last attempt" in told
    assert "nixpkgs/lib-flake" in told
    coverage = (place.folder / "build" / "report" / "html" / "coverage.html").read_text()
    assert "configured, never heard" in coverage


def test_a_public_instance_is_not_asked_without_consent(place: Place) -> None:
    place.configure(("https://hydra.nixos.org", "nixpkgs/trunk"))
    for words in (
        ["ingest", "hydra"],
        ["ingest", "hydra", "--url", "https://hydra.nixos.org"],
        ["ingest", "hydra", "--url", "https://hydra.example.org", "--jobset", "a/b"],
    ):
        result = place.run(*words)
        assert result.exit_code == 3, result.output
        assert "operators_agreed" in result.output
    assert "not asked" in place.run("status").output
    assert EventLog(place.var / "log").batches() == []


def test_no_way_of_asking_goes_around_the_consent(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object, **__: object) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr("httpx.Client.stream", ask)
    place.configure(("https://hydra.nixos.org", "nixpkgs/trunk"))
    (live,) = configuration.load(place.config).live
    log, now = EventLog(place.var / "log"), datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(BadInput, match="operators_agreed"):
        ingest_hydra(live.instance, (), place.var, log, place.var / "q", lambda _: None, lambda: now)
    run = Runtime(Settings(var=place.var, build=place.folder / "build", config=place.config))
    told = run.ingest_live(live, "nixpkgs/trunk")
    assert isinstance(told, str)
    assert "operators_agreed" in told


def test_the_command_asks_at_the_rate_and_for_the_jobsets_that_it_is_given(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: set[float] = set()
    monkeypatch.setattr(Client, "_wait", lambda client, *_: rates.add(client.instance.rate))

    def asked(*words: str) -> tuple[set[str], set[float]]:
        hydra.paths.clear()
        rates.clear()
        result = place.run("ingest", "hydra", *words)
        assert result.exit_code == 0, result.output
        return {path.split("/")[3] for path in hydra.paths if path.startswith("/jobset/")}, set(rates)

    with replay_server.serve("t1") as hydra:
        place.configure()
        both = ["--url", hydra.url, "--jobset", "nixpkgs/lib-flake", "--jobset", "nixpkgs/cuda"]
        assert asked(*both) == ({"lib-flake", "cuda"}, {0.5})
        assert asked(*both, "--rate", "7") == ({"lib-flake", "cuda"}, {7.0})
        place.configure((hydra.url, "nixpkgs/lib-flake"), (hydra.url, "nixpkgs/cuda"))
        assert asked() == ({"lib-flake", "cuda"}, {1000.0})
        assert asked("--rate", "0.25") == ({"lib-flake", "cuda"}, {0.25})
        assert asked("--jobset", "nixpkgs/cuda") == ({"cuda"}, {1000.0})
        for wrong in ("0", "-1", "fast", "1001"):
            result = place.run("ingest", "hydra", "--rate", wrong)
            assert result.exit_code == 3
            assert "--rate" in result.output


def test_the_command_names_its_jobsets_and_goes_on_where_it_was(place: Place) -> None:
    place.configure()
    with replay_server.serve("t1") as hydra:
        words = ["ingest", "hydra", "--url", hydra.url, "--jobset", "nixpkgs/lib-flake", "--rate", "1000"]
        first = place.run(*words)
        again = place.run(*words)
    assert first.exit_code == 0, first.output
    assert "appended as batch 1" in first.output
    assert again.exit_code == 0, again.output
    assert "nothing new" in again.output


def test_a_configured_instance_is_asked_for_its_own_jobsets_only(place: Place) -> None:
    with replay_server.serve("t2") as one, replay_server.serve("t2") as other:
        place.configure((one.url, "nixpkgs/lib-flake"), (other.url, "nixpkgs/cuda"))
        both = ["--jobset", "nixpkgs/lib-flake", "--jobset", "nixpkgs/cuda"]
        result = place.run("ingest", "hydra", *both, "--rate", "1000")
        assert result.exit_code == 0, result.output
        assert {path.split("/")[3] for path in one.paths if path.startswith("/jobset/")} == {"lib-flake"}
        assert {path.split("/")[3] for path in other.paths if path.startswith("/jobset/")} == {"cuda"}
        asked = len(one.paths) + len(other.paths)
        result = place.run("ingest", "hydra", *both, "--jobset", "nixpkgs/nosuch")
        assert (result.exit_code, len(one.paths) + len(other.paths)) == (3, asked)
        assert "nixpkgs/nosuch is a jobset of no Hydra in" in result.output
        place.configure((one.url, "nixpkgs/lib-flake"), ("https://hydra.example.org", "nixpkgs/cuda"))
        result = place.run("ingest", "hydra", *both)
        assert (result.exit_code, len(one.paths) + len(other.paths)) == (3, asked)
        assert "hydra.example.org is a public service" in result.output


def test_an_unknown_address_needs_jobsets(place: Place) -> None:
    place.configure()
    result = place.run("ingest", "hydra", "--url", "http://127.0.0.1:1")
    assert result.exit_code == 3
    assert "--jobset" in result.output


def test_a_small_ci_that_only_says_how_jobs_ended_gets_its_report(place: Place) -> None:
    place.configure()
    inbox = place.var / "inbox"
    inbox.mkdir(parents=True)
    lines = [
        {
            "specversion": "1.0",
            "id": f"r{run}/{attr}",
            "source": "https://ci.example.org/mine",
            "type": f"{PREFIX}job.finished.v1",
            "time": f"2026-03-0{run + 1}T02:00:00Z",
            "data": {
                "run_id": f"r{run}",
                "commit": f"{run:040x}",
                "attr": attr,
                "system": "x86_64-linux",
                "status": "failed" if attr == "gimp" and run in (2, 3) else "succeeded",
                "cause_known": False,
            },
        }
        for run in range(6)
        for attr in ("gimp", "hello")
        # A run that leaves a job out says nothing of it.
        if (run, attr) != (3, "hello")
    ]
    (inbox / "results.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = place.run("refresh")
    assert result.exit_code == 0, result.output
    asked = place.run(
        "query",
        "select attr, outcome, broken_at, cleared_at, has_own_failure from core.failure_episodes",
        "--format",
        "json",
    )
    assert json.loads(asked.output) == [
        {
            "attr": "gimp",
            "outcome": "fixed",
            "broken_at": "2026-03-03T02:00:00Z",
            "cleared_at": "2026-03-05T02:00:00Z",
            "has_own_failure": False,
        }
    ]
    page = (place.folder / "build" / "report" / "html" / "coverage.html").read_text()
    assert "ci.example.org/mine" in page
