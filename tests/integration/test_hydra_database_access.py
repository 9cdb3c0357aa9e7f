"""How a Hydra's database is opened: for reading only, at one instant, with the least rights."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines import polls
from pipelines.bench.postgres import Cluster
from pipelines.cli import main
from pipelines.errors import BadInput
from pipelines.sources.hydra import database
from pipelines.sources.hydra.postgres import snapshot
from tests import hydra_world
from tests.postgres import database as made
from tests.postgres import execute

FIRST = hydra_world.as_of("t1")
ROLE = Path(database.__file__).with_name("database_role.sql")


@pytest.fixture(scope="module")
def own(postgres: Cluster) -> str:
    """A database as at t1."""
    return made(postgres, "access", "t1")


def test_nothing_can_be_written(own: str) -> None:
    with snapshot(own) as origin, pytest.raises(BadInput, match="read-only transaction"):
        list(origin.stream("with gone as (delete from builds returning id) select * from gone"))


def test_all_queries_see_one_instant(own: str) -> None:
    with snapshot(own) as origin:
        before = sum(piece.height for piece in origin.stream("select id from builds"))
        execute(own, "delete from builds where id > 309005800")
        assert sum(piece.height for piece in origin.stream("select id from builds")) == before


def test_a_connection_that_is_cut_in_between_is_one_sentence(own: str) -> None:
    wanted = "select n as builds_that_are_long_to_list from generate_series(1, 20000000) as n"
    others = "query like '%long_to_list%' and pid <> pg_backend_pid()"
    cut = f"select pg_terminate_backend(pid) from pg_stat_activity where {others}"
    with snapshot(own) as origin:
        pieces = origin.stream(wanted)
        assert sum(next(pieces).height for _ in range(3)) > 0
        execute(own, cut)
        with pytest.raises(BadInput, match=r"^The database cannot be read: .*server closed") as raised:
            list(pieces)
    assert "\n" not in str(raised.value)


def test_rights_to_the_columns_read_are_enough(own: str) -> None:
    statements = re.sub(r"--.*", "", ROLE.read_text(encoding="utf-8")).split(";")
    execute(own, *filter(str.strip, statements))
    word = own.rpartition("&password=")[2]
    execute(own, f"alter role nixpkgs_health password '{word}'")
    dsn = own.replace("user=health", "user=nixpkgs_health")
    tables, _ = database.read(dsn, [], {}, FIRST)
    assert tables.builds.height > 3000
    with snapshot(dsn) as origin, pytest.raises(BadInput, match="permission denied for table builds"):
        list(origin.stream("select maintainers from builds"))
    execute(own, "drop owned by nixpkgs_health", "drop role nixpkgs_health")


def test_a_database_of_something_else_is_one_sentence(postgres: Cluster) -> None:
    with pytest.raises(BadInput, match=r'The database cannot be read: .*relation "jobsets" does not exist'):
        database.read(postgres.dsn, [], {}, FIRST)


def test_the_command_remembers_that_a_database_was_asked(
    own: str, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VAR", "BUILD"):
        monkeypatch.setenv(f"NIXPKGS_HEALTH_{name}", str(tmp_path / name.lower()))
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("NIXPKGS_HEALTH_CONFIG", str(tmp_path / "config.toml"))
    words = ["ingest", "hydra-db", "--source", "https://hydra.example.org", "--jobset", "nixpkgs/cuda"]
    done = CliRunner().invoke(main, [*words, "--dsn", own])
    assert done.exit_code == 0, done.output
    asked = polls.read(tmp_path / "var")["hydra.example.org", "nixpkgs/cuda"]
    assert (asked.error, asked.succeeded_at) == (None, asked.attempted_at)
    told = CliRunner().invoke(main, ["status"]).output
    assert "lag 0.0 h" in told
    assert "a history" not in told
    failed = CliRunner().invoke(main, [*words, "--dsn", postgres.dsn])
    assert failed.exit_code == 3, failed.output
    again = polls.read(tmp_path / "var")["hydra.example.org", "nixpkgs/cuda"]
    assert again.succeeded_at == asked.succeeded_at
    assert "does not exist" in (again.error or "")
