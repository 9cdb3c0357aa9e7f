"""Bundled histories, cuts of them, and warehouses built from them: shared by the tests, no test itself."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from models.presets import PRESETS
from pipelines import ingest, relations, warehouse
from pipelines.log.store import EventLog
from pipelines.paths import EXAMPLES, SQL
from pipelines.relations import Relation

HASKELL = EXAMPLES / "histories" / "hydra-haskell-updates"
TRUNK = EXAMPLES / "histories" / "hydra-trunk-failures"
CHANNELS = EXAMPLES / "histories" / "channel-history"
MARKERS = EXAMPLES / "histories" / "haskell-broken-markers"
ALL = (HASKELL, TRUNK, CHANNELS, MARKERS)

SPINE = (
    "core.status_classes",
    "core.status_kinds",
    "core.evaluations",
    "core.evaluation_systems",
    "core.job_intervals",
    "core.failure_episodes",
    "core.package_markers",
    "core.gaps",
)
"""What the path from events to episodes ends in."""
DERIVED = (
    "replay.build_facts",
    "replay.evaluations",
    "replay.intervals",
    "replay.job_steps",
    "replay.jobs",
    "replay.list_verdicts",
    "replay.observations",
    "replay.series",
    "replay.step_counts",
    "replay.steps",
)
"""Internal tables that follow from the set of observations alone, not from how the log tells them."""
COMPARED = (*(name for name in SPINE if name != "core.job_intervals"), *DERIVED)


def quiet(_: str) -> None:
    """Progress that nobody sees."""


def ingest_all(folders: Iterable[Path], var: Path) -> EventLog:
    """Ingest history folders one after the other into the log below `var`."""
    log = EventLog(var / "log")
    for folder in folders:
        ingest.history(folder, log, var / "quarantine", quiet)
    return log


@cache
def spine(*also: str) -> dict[str, Relation]:
    """The relations of `SPINE`, those named and all that they read, in order."""
    found = relations.load(SQL)
    wanted: set[str] = set()
    waiting = [key for key in (*SPINE, *also) if key in found]
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += [name for name in found[key].dependencies if name in found]
    return {key: relation for key, relation in found.items() if key in wanted}


def build(
    log: EventLog,
    path: Path | str = ":memory:",
    *,
    last_batch: int | None = None,
    threads: int | None = None,
    preset: str = "headline",
    also: Sequence[str] = (),
) -> duckdb.DuckDBPyConnection:
    """A warehouse with the spine and the relations of `also`, built from the log; the caller closes it."""
    con = warehouse.connect(path)
    if threads is not None:
        con.execute(f"set threads = {int(threads)}")
    warehouse.attach_log(con, log, last_batch)
    warehouse.build(con, spine(*also), parameters=PRESETS[preset].parameters())
    return con


def use_preset(con: duckdb.DuckDBPyConnection, preset: str, **changed: object) -> None:
    """Replace the episodes of a warehouse by those of a preset, with some parameters changed."""
    parameters = PRESETS[preset].parameters() | changed
    for key in ("replay.intervals", "core.failure_episodes"):
        warehouse.create(con, spine()[key], parameters)


def contents(con: duckdb.DuckDBPyConnection, names: Sequence[str] = COMPARED) -> dict[str, tuple[int, int]]:
    """Rows and a hash of the rows of each relation, whatever their order."""
    present = {f"{schema}.{name}" for schema, name in con.execute(_TABLES).fetchall()}
    return {
        name: con.execute(
            f"select count(*), coalesce(sum(hash(t)::hugeint), 0)::hugeint from {name} as t"
        ).fetchall()[0]
        for name in names
        if name in present
    }


_TABLES = "select table_schema, table_name from information_schema.tables"


def observations(log: EventLog) -> pl.DataFrame:
    """Every observation of a log without its batch, sorted: equal sets give equal frames."""
    return log.scan("evaluation_observed").drop("batch").sort("id").collect()


def cut_haskell(target: Path, snapshots: pl.Expr, source: Path = HASKELL) -> Path:
    """A history folder with those reports of haskell-updates for which `snapshots` holds."""
    target.mkdir(parents=True)
    kept = pl.read_parquet(source / "snapshots.parquet").filter(snapshots)
    kept.write_parquet(target / "snapshots.parquet")
    for name in ("platform_counts.parquet", "job_observations.parquet"):
        wanted = kept.lazy().select("snapshot")
        pl.scan_parquet(source / name).join(wanted, on="snapshot", how="semi").collect().write_parquet(
            target / name
        )
    return target


def sample_window(source: Path = HASKELL) -> pl.Expr:
    """Reports on the 57 evaluations of the shipped sample, all systems."""
    sample = pl.read_csv(source / "sample" / "evaluations.csv")["eval_id"]
    return pl.col("eval_id").is_in(sample.implode())


def cut_trunk(target: Path, observed_before: str, source: Path = TRUNK) -> Path:
    """The trunk history as it was at an instant: polls before it, and the lists of the evaluations polled."""
    target.mkdir(parents=True)
    polls = pl.read_csv(source / "observations.csv").filter(pl.col("observed_at") < observed_before)
    seen = polls.select("jobset", "eval_id").unique()
    polls.write_csv(target / "observations.csv")
    pl.read_csv(source / "evaluations.csv").join(seen, on=["jobset", "eval_id"], how="semi").write_csv(
        target / "evaluations.csv"
    )
    pl.read_csv(source / "eval_systems.csv").join(seen, on="eval_id", how="semi").write_csv(
        target / "eval_systems.csv"
    )
    failures = pl.read_parquet(source / "failures.parquet")
    typed = seen.with_columns(pl.col(name).cast(failures.schema[name]) for name in seen.columns)
    failures.join(typed, on=["jobset", "eval_id"], how="semi").write_parquet(target / "failures.parquet")
    return target


def differences(con: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> tuple[int, int]:
    """Rows that one select has and the other lacks, each way, counting repetitions."""
    return con.execute(
        f"""
        with ours as ({ours}), theirs as ({theirs})
        select
            (select count(*) from (from ours except all from theirs)),
            (select count(*) from (from theirs except all from ours))
        """
    ).fetchall()[0]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse file for reading."""
    con = warehouse.connect(path, read_only=True)
    try:
        yield con
    finally:
        con.close()


def unequal(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """Names whose values differ: what a failing test should show."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
