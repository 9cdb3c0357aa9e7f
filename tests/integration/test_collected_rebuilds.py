"""From a real Nix through `nix collect` and the inbox to rebuilds with verdicts on their content."""

from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.log.store import EventLog
from pipelines.sources.ci.ingest import ingest_ci
from pipelines.sources.ci.runs import Told
from tests.nix_store import SET, Nix
from tests.sql import harness

ATTRS = ("app", "framework", "library", "onStamped", "plugin", "service", "stamped", "tester", "tool")
CHANGES = ("comment", "framework", "library")
SOURCE = "https://ci.example.org"


def collect(nix: Nix, out: Path, package_set: str, commit: int, change: str) -> None:
    command = ["nix", "collect", "-f", str(SET), "--source", SOURCE, "--commit", f"{commit:040x}"]
    command += ["--commit-time", f"2026-01-0{commit + 1}T00:00:00Z", "--package-set", package_set]
    command += ["--check-inputs", "--store", str(nix.root("one")), "--out", str(out)]
    command += ["--argstr", "change", change]
    command += [part for attr in ATTRS for part in ("-A", attr)]
    done = CliRunner().invoke(main, command, env=nix.environment)
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def con(nix: Nix, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A package set for each change, before and after it."""
    place = tmp_path_factory.mktemp("rebuilds")
    inbox = place / "inbox"
    inbox.mkdir()
    nix.build(ATTRS, "one")
    for change in CHANGES:
        nix.build(ATTRS, "one", change)
        for commit, state in enumerate(("nothing", change)):
            collect(nix, inbox / f"{change}-{commit}.ndjson", change, commit, state)
    log = EventLog(place / "log")
    ingest_ci([inbox], Told(), place, log, place / "quarantine")
    gaps = log.scan("gap_declared").collect()
    assert gaps.is_empty(), gaps["detail"].to_list()
    return harness.build_from(log, "core.rebuilds", "core.package_sets")


def rebuilds(con: duckdb.DuckDBPyConnection, change: str, column: str) -> dict[str, object]:
    rows = con.execute(f"select attr, {column} from core.rebuilds where jobset = ?", [change]).fetchall()
    return dict(rows)


def test_a_changed_comment_is_cut_off_but_for_what_writes_the_time(con: duckdb.DuckDBPyConnection) -> None:
    assert rebuilds(con, "comment", "content") == {
        "app": "cutoff",
        "plugin": "cutoff",
        "service": "cutoff",
        "tool": "cutoff",
        "stamped": "changed",
        "onStamped": "rewrite-only",
    }
    assert set(map(tuple, rebuilds(con, "comment", "triggers").values())) == {("line-tool",)}  # type: ignore[arg-type]
    own = rebuilds(con, "comment", "has_own_change")
    assert [attr for attr, has in own.items() if has] == ["tool"]


def test_an_update_of_a_test_framework_is_structural_where_it_only_tests(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert rebuilds(con, "framework", "is_structural") == {
        "app": True,
        "plugin": True,
        "service": True,
        "tester": False,
        "framework": False,
    }
    assert rebuilds(con, "framework", "role") == {
        "app": "check",
        "plugin": "check",
        "service": "check",
        "tester": "native",
        "framework": None,
    }
    assert rebuilds(con, "framework", "content") == {
        "app": "cutoff",
        "plugin": "cutoff",
        "service": "cutoff",
        "tester": "changed",
        "framework": "changed",
    }


def test_an_update_of_a_library_only_rewrites_those_that_name_it(con: duckdb.DuckDBPyConnection) -> None:
    assert rebuilds(con, "library", "content") == {
        "app": "rewrite-only",
        "plugin": "rewrite-only",
        "library": "changed",
    }
    assert rebuilds(con, "library", "is_suspected_tolerant")["plugin"] is True


def test_what_was_built_is_told_by_builds_only(con: duckdb.DuckDBPyConnection) -> None:
    for change in CHANGES:
        assert set(rebuilds(con, change, "is_executed").values()) == {None}
        assert set(rebuilds(con, change, "seconds_basis").values()) == {"unknown"}
