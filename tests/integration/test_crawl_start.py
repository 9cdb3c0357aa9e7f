"""A crawl over HTTP that starts from a Hydra's tables, its own or exported ones, asks only for what is new since."""

import gzip
import re
import zlib
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from pipelines.bench.postgres import Cluster
from pipelines.cli import main
from pipelines.log.store import EventLog
from pipelines.sources.hydra import crawled
from pipelines.sources.hydra.crawl_start import start_crawl
from pipelines.sources.hydra.database_ingest import ingest_database
from pipelines.sources.hydra.ingest import ingest_hydra
from pipelines.sources.hydra.store import Store
from tests import crawling, hydra_world, replay_server
from tests.crawling import AS_OF, JOBSETS, Time
from tests.postgres import database

EXPORT = hydra_world.DATA / "database"


def _ended(log: EventLog) -> pl.DataFrame:
    """The last state of every build, without what HTTP does not tell and the name of the source."""
    return (
        log.scan("build_observed")
        .sort("build_id", "observed_at")
        .group_by("build_id", maintain_order=True)
        .agg(pl.col("jobset", "attr", "system", "variant", "status", "is_finished", "stopped_at").last())
        .collect()
    )


def test_an_export_first_then_http(tmp_path: Path) -> None:
    assert_only_what_is_new_is_asked_for(EXPORT / "t1", tmp_path)


def test_a_database_first_then_http(postgres: Cluster, tmp_path: Path) -> None:
    assert_only_what_is_new_is_asked_for(database(postgres, "first", "t1"), tmp_path)


def assert_only_what_is_new_is_asked_for(origin: str | Path, tmp_path: Path) -> None:
    """And the log is that of the tables of both instants, without anybody's address in any file."""
    log, exports = EventLog(tmp_path / "log"), EventLog(tmp_path / "exports" / "log")
    with replay_server.serve() as server:
        given = (server.url, [], tmp_path / "var", log)
        at = hydra_world.as_of("t1")
        ingest_database(origin, *given, tmp_path / "quarantine", lambda _: None, at)
        for _ in range(2):
            start_crawl(origin, *given, lambda _: None, at)
        server.instant = "t2"
        asked, clock = crawling.instance(server.url), Time(AS_OF["t2"]).clock()
        ingest_hydra(
            asked, JOBSETS, tmp_path / "var", log, tmp_path / "quarantine", lambda _: None, clock.now, clock
        )
    builds = [path for path in server.paths if re.fullmatch(r"/build/\d+", path)]
    before, after = hydra_world.tables("t1"), hydra_world.tables("t2")
    new = after.members.join(before.members, on="build_id", how="anti")["build_id"].unique()
    waiting = before.builds.filter(~pl.col("is_finished"))
    # Besides those: failed builds that may have been restarted, pages, errors, constituents.
    assert len(builds) < new.len() + waiting.height + 60
    assert len(server.paths) < len(builds) + 40
    pages = [path for path in server.paths if "/evals" in path]
    assert pages == [f"/jobset/{name}/evals" for name in JOBSETS]
    for instant in ("t1", "t2"):
        ingest_database(
            EXPORT / instant, server.url, [], tmp_path / "exports", exports, tmp_path / "quarantine",
            lambda _: None, hydra_world.as_of(instant),
        )  # fmt: skip
    observed = [one.scan("evaluation_observed").select("id").collect()["id"].sort() for one in (log, exports)]
    assert observed[0].equals(observed[1])
    assert observed[0].is_unique().all()
    assert_frame_equal(_ended(log), _ended(exports))
    assert b"-maint@" in gzip.decompress((EXPORT / "t1" / "builds.csv.gz").read_bytes())
    (file,) = (tmp_path / "var" / "crawl").glob("*.sqlite")
    with closing(Store(file)) as store:
        kept = store.db.execute("select body from seen union all select body from evaluations").fetchall()
        told = crawled.tables(store)
    parts = before.constituents.join(told.builds, left_on="aggregate", right_on="build_id", how="semi")
    assert parts.height > 100
    assert parts.join(told.constituents, on=parts.columns, how="anti").is_empty()
    assert len(kept) > 3000
    assert not [body for (body,) in kept if b"maint" in zlib.decompress(body)]


def test_the_command_starts_a_crawl_from_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAR", "BUILD"):
        monkeypatch.setenv(f"NIXPKGS_HEALTH_{name}", str(tmp_path / name.lower()))
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("NIXPKGS_HEALTH_CONFIG", str(tmp_path / "config.toml"))
    # What had succeeded by then is not asked for again.
    old = {
        number
        for number, build in replay_server.builds("t1").items()
        if build["finished"] and not build["buildstatus"]
    }
    with replay_server.serve() as server:
        of = ["--source", server.url, "--jobset", "nixpkgs/cuda", "--jobset", "nixpkgs/lib-flake"]
        words = ["ingest", "hydra-db", "--from-csv", str(EXPORT / "t1"), *of, "--at", "2026-09-26T10:00:00Z"]
        read = CliRunner().invoke(main, [*words, "--start-crawl"])
        assert read.exit_code == 0, read.output
        log = EventLog(tmp_path / "var" / "log")
        told = log.scan("build_observed").collect()
        assert set(told["jobset"]) == {"nixpkgs/cuda", "nixpkgs/lib-flake"}
        assert {str(at) for at in told["observed_at"]} == {"2026-09-26 10:00:00+00:00"}
        asked = CliRunner().invoke(main, ["ingest", "hydra", "--url", server.url, *of[2:], "--rate", "1000"])
        assert asked.exit_code == 0, asked.output
    builds = {int(path.split("/")[2]) for path in server.paths if path.startswith("/build/")}
    assert not builds & old
    assert len(set(told["build_id"]) & {str(number) for number in old}) > 100
    # Told twice of where to read, or not at all, it reads nothing.
    for wrong in (["--dsn", "host=/nowhere", "--from-csv", str(EXPORT / "t1")], []):
        refused = CliRunner().invoke(main, ["ingest", "hydra-db", *of, *wrong])
        assert refused.exit_code == 3
        assert "either --dsn (or NIXPKGS_HEALTH_DSN) or --from-csv" in refused.output
