"""A crawl over HTTP that starts from a Hydra's exported tables asks only for what is new since."""

import re
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from pipelines.log.store import EventLog
from pipelines.sources.hydra.crawl_start import start_crawl
from pipelines.sources.hydra.database_ingest import ingest_database
from pipelines.sources.hydra.ingest import ingest_hydra
from tests import crawling, hydra_world, replay_server
from tests.crawling import AS_OF, JOBSETS, Time

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
    log, exports = EventLog(tmp_path / "log"), EventLog(tmp_path / "exports" / "log")
    with replay_server.serve() as server:
        given = (server.url, [], tmp_path / "var", log)
        at = hydra_world.as_of("t1")
        ingest_database(EXPORT / "t1", *given, tmp_path / "quarantine", lambda _: None, at)
        for _ in range(2):
            start_crawl(EXPORT / "t1", *given, lambda _: None, at)
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
    for instant in ("t1", "t2"):
        ingest_database(
            EXPORT / instant, server.url, [], tmp_path / "exports", exports, tmp_path / "quarantine",
            lambda _: None, hydra_world.as_of(instant),
        )  # fmt: skip
    observed = [one.scan("evaluation_observed").select("id").collect()["id"].sort() for one in (log, exports)]
    assert observed[0].equals(observed[1])
    assert observed[0].is_unique().all()
    assert_frame_equal(_ended(log), _ended(exports))
