"""Lets a crawl over HTTP start from a database or its export: what the newest evaluations hold is not asked again.

The first crawl of a large jobset would take days at a polite rate. Here its store gets the newest evaluations with
all their builds, as answers that the instance would have given at that time; the log has the rest of them already.
"""

from collections.abc import Callable, Collection
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from pipelines.log.lock import exclusive
from pipelines.log.store import EventLog
from pipelines.sources.hydra import database, database_state, instance
from pipelines.sources.hydra.database_ingest import opened, recorded_jobsets
from pipelines.sources.hydra.decode import Build, Evaluation, Input
from pipelines.sources.hydra.ingest import file_name
from pipelines.sources.hydra.store import Store
from pipelines.sources.hydra.tables import Tables

EVALUATIONS = 20
"""Newest evaluations of each jobset: as many as a page of them holds, where a crawl ends its way back."""
PATH = "database"
"""What the store has as the address of such an answer."""


def start_crawl(
    origin: str | Path,
    source_url: str,
    jobsets: Collection[str],
    var: Path,
    log: EventLog,
    progress: Callable[[str], None],
    now: datetime | None,
) -> None:
    """Put the newest evaluations into the crawl's store. To be called when `ingest_database` has recorded them.

    Doing it again adds what is new. Arguments and errors are those of `ingest_database`.
    """
    source = instance.from_url(source_url, ()).source
    state = database_state.load(var, source)
    folder, file = var / "crawl", file_name(source)
    with (
        exclusive(folder / f"{file}.lock", f"the crawl of {source}"),
        opened(origin, state, now) as (tables, at, _),
        closing(Store(folder / f"{file}.sqlite")) as store,
    ):
        wanted = database.chosen(tables, jobsets, state, recorded_jobsets(log, source))
        for name, number in wanted.items():
            told = database.newest(tables, name, number, EVALUATIONS, at)
            progress(
                f"{name}: {told.evaluations.height:,} evaluations, {told.builds.height:,} builds for the crawl"
            )
            _keep(store, name, told, at)


def _keep(store: Store, name: str, tables: Tables, at: datetime) -> None:
    """All of a jobset in one commit; builds before the evaluations that would ask for them."""
    with store.commit():
        for build in _builds(tables.builds):
            store.add_build(name, build, msgspec.json.encode(build), PATH, at)
            if not build.finished:
                store.queue("refresh", build.id, name)
        for (aggregate,), parts in tables.constituents.group_by("aggregate", maintain_order=True):
            store.add_constituents(int(str(aggregate)), parts["constituent"].to_list())
        held = dict(tables.members.group_by("evaluation_id", maintain_order=True).agg("build_id").iter_rows())
        for row in tables.evaluations.iter_rows(named=True):
            evaluation = Evaluation(
                id=row["evaluation_id"],
                timestamp=int(row["evaluated_at"].timestamp()),
                hasnewbuilds=1,
                builds=held.get(row["evaluation_id"], []),
                jobsetevalinputs={one["name"]: Input(one["uri"], one["revision"]) for one in row["inputs"]},
                flake=row["flake"],
            )
            store.add_evaluation(name, evaluation, msgspec.json.encode(evaluation), PATH, at)
        if tables.evaluations.height:
            store.anchor(name)


def _builds(builds: pl.DataFrame) -> list[Build]:
    seconds = [pl.col(column).dt.epoch("s") for column in ("queued_at", "started_at", "stopped_at")]
    told = builds.select(
        pl.col("build_id").alias("id"),
        "project",
        "jobset",
        "job",
        "system",
        pl.col("is_finished").cast(pl.Int64).alias("finished"),
        seconds[0].alias("timestamp"),
        pl.col("build_status").alias("buildstatus"),
        seconds[1].alias("starttime"),
        seconds[2].alias("stoptime"),
        pl.col("drv_path").alias("drvpath"),
    )
    return [Build(**row) for row in told.iter_rows(named=True)]
