"""The recorded Hydra of `tests/data/hydra-recorded`, as tables and as the truth about it: no test itself.

The tables are read in the plainest way, independent of `pipelines.sources.hydra.database`.
"""

import gzip
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import ingest
from pipelines.log.store import EventLog
from pipelines.sources.hydra import facts
from pipelines.sources.hydra.tables import SCHEMAS, Tables

DATA = Path(__file__).parent / "data" / "hydra-recorded"
SOURCE = "hydra.example.org"
INSTANTS = ("t1", "t2")


@cache
def truth() -> dict[str, Any]:
    """`truth.json`, by instant."""
    return json.loads(gzip.decompress((DATA / "truth.json.gz").read_bytes()))


def as_of(instant: str) -> datetime:
    """When the world was exported."""
    return datetime.fromtimestamp(truth()[instant]["as_of"], UTC)


def table(instant: str, name: str) -> pl.DataFrame:
    """A table of the database, every column as text."""
    return pl.read_csv(DATA / "database" / instant / f"{name}.csv.gz", infer_schema=False)


@cache
def tables(instant: str, *, later: timedelta = timedelta(0), with_steps: bool = True) -> Tables:
    """The world at an instant, observed `later` than it was exported."""
    observed_at = pl.lit(as_of(instant) + later)
    names = table(instant, "jobsets").select("project", jobset="name", jobset_id="id")
    inputs = (
        table(instant, "jobsetevalinputs")
        .filter(pl.col("altnr") == "0")
        .sort("eval", "name")
        .group_by("eval", maintain_order=True)
        .agg(
            inputs=pl.struct("name", "uri", "revision"),
            revision=pl.col("revision").filter(pl.col("name") == "nixpkgs").first(),
        )
    )
    evaluations = (
        table(instant, "jobsetevals")
        .filter(pl.col("hasnewbuilds") == "1")
        .join(names, on="jobset_id")
        .join(inputs, left_on="id", right_on="eval", how="left")
        .join(
            table(instant, "evaluationerrors").select(evaluationerror_id="id", evaluation_errors="errormsg"),
            on="evaluationerror_id",
            how="left",
        )
        .with_columns(
            pl.col("inputs").fill_null([]),
            evaluation_id="id",
            evaluated_at=_instant("timestamp"),
            observed_at=observed_at,
        )
    )
    builds = (
        table(instant, "builds")
        .join(names, on="jobset_id")
        .with_columns(
            build_id="id",
            is_finished=pl.col("finished") == "1",
            build_status="buildstatus",
            is_cached=pl.col("iscachedbuild") == "1",
            queued_at=_instant("timestamp"),
            started_at=_instant("starttime"),
            stopped_at=_instant("stoptime"),
            drv_path="drvpath",
            nix_name="nixname",
            observed_at=observed_at,
        )
    )
    steps = table(instant, "buildsteps").select(
        "type",
        "status",
        "machine",
        "system",
        build_id="build",
        step="stepnr",
        started_at=_instant("starttime"),
        stopped_at=_instant("stoptime"),
        drv_path="drvpath",
        propagated_from="propagatedfrom",
    )
    found = {
        "evaluations": evaluations,
        "members": table(instant, "jobsetevalmembers").rename({"eval": "evaluation_id", "build": "build_id"}),
        "builds": builds,
        "steps": steps if with_steps else steps.clear(),
        "constituents": table(instant, "aggregateconstituents"),
    }
    return Tables(
        **{
            name: found[name].select(pl.col(column).cast(kind) for column, kind in schema.items())
            for name, schema in SCHEMAS.items()
        }
    )


def _instant(column: str) -> pl.Expr:
    return (
        pl.from_epoch(pl.col(column).cast(pl.Int64), time_unit="s")
        .dt.cast_time_unit("us")
        .dt.replace_time_zone("UTC")
    )


def record(log: EventLog, given: Tables, source: str = SOURCE) -> ingest.Ingested:
    """Record tables as an ingest call does; rejected input goes below the log."""
    read = facts.facts(source, given, ingest.known(log))
    with log.writer_lock():
        return ingest.record(read, "hydra", log, log.path.parent / "quarantine")
