"""Status reports of Hydra's jobset nixpkgs:haskell-updates, one every six hours, as a folder of Parquet files.

A report names every job that failed, whose dependency failed or that ran over the output limit, and other
statuses only for packages that have one of these; totals by platform and status cover everything.
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from models.events import Event, SourceDeclared
from pipelines.sources.base import Facts, Known, Listing, Progress, Rejected, number_builds, reject

NAME = "hydra-haskell-updates"
WANTS = "snapshots.parquet, platform_counts.parquet, job_observations.parquet"
SOURCE = "hydra.nixos.org"
JOBSET = "nixpkgs/haskell-updates"
LISTED = ["failed", "dependency-failed", "output-limit-exceeded"]
"""Statuses that a report lists without exception."""

STATUSES: dict[str, tuple[str, bool, str]] = {
    "Success": ("succeeded", True, "unknown"),
    "Failed": ("failed", True, "own"),
    "DependencyFailed": ("dependency-failed", True, "dependency"),
    "OutputLimitExceeded": ("output-limit-exceeded", True, "own"),
    "TimedOut": ("timed-out", True, "unknown"),
    "Unfinished": ("queued", False, "unknown"),
    "HydraFailure": ("aborted", True, "unknown"),
    "Canceled": ("cancelled", True, "unknown"),
    "Unknown9": ("unsupported", True, "unknown"),
    "Unknown10": ("log-limit-exceeded", True, "own"),
}
"""Word of the report -> our status, finished or not, cause. `Unfinished` is queued or running: not told apart."""

_COLUMNS = {
    "snapshots.parquet": {"snapshot", "report_commit", "as_of", "eval_id", "nixpkgs_commit"},
    "platform_counts.parquet": {"snapshot", "platform", "status", "n"},
    "job_observations.parquet": {"snapshot", "attr", "platform", "status", "build_id"},
}
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)


def recognises(path: Path) -> bool:
    """Whether the three files are there with their columns."""
    return all(
        (path / name).is_file() and columns <= set(pl.read_parquet_schema(path / name)) for name, columns in _COLUMNS.items()
    )


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Reports that the log does not hold yet."""
    snapshots, rejected = _snapshots(path)
    seen = known.ids("evaluation_observed", SOURCE)
    fresh = snapshots.filter(~pl.col("id").is_in(pl.Series(sorted(seen), dtype=pl.String).implode()))
    if fresh.is_empty():
        return Facts(SOURCE, rejected=rejected)
    progress(f"reading {fresh.height:,} reports")
    wanted = fresh.select("snapshot", observation_id="id").lazy()
    totals = _totals(path, wanted)
    rows, builds, words, broken = _rows(path, fresh)
    observations = fresh.join(totals, left_on="id", right_on="observation_id", how="left", maintain_order="left").with_columns(
        pl.col("systems", "totals").fill_null([])
    )
    return Facts(
        SOURCE,
        events=_declarations(snapshots, known),
        frames={"evaluation_observed": _evaluations(observations)},
        listings=[
            Listing(
                SOURCE,
                JOBSET,
                observations.select("id", "evaluation_id", "ordinal", "observed_at", "systems"),
                builds,
                _statuses(words),
                rows,
            )
        ],
        rejected=rejected + broken,
    )


def _snapshots(path: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Usable reports with their observation id; the others with the reason."""
    frame = pl.read_parquet(path / "snapshots.parquet").with_columns(
        observed_at=pl.col("as_of").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        ordinal=pl.col("eval_id").cast(pl.Int64),
        evaluation_id=pl.col("eval_id").cast(pl.String),
    )
    usable = (
        pl.col("report_commit").str.contains(r"^[0-9a-f]{40}$").fill_null(False)
        & (pl.col("observed_at") >= _EARLIEST).fill_null(False)
        & (pl.col("ordinal") > 0).fill_null(False)
        & pl.col("snapshot").is_not_null()
    )
    bad = frame.filter(~usable)
    rejected = reject(bad, "snapshots.parquet", "report without a commit, a time since 2015 or an evaluation", JOBSET)
    good = frame.filter(usable).unique("report_commit", keep="first", maintain_order=True)
    return good.with_columns(
        id=pl.format("{}:evaluation:{}:{}:{}", pl.lit(SOURCE), pl.lit(JOBSET), "evaluation_id", "report_commit")
    ), rejected


def _totals(path: Path, wanted: pl.LazyFrame) -> pl.DataFrame:
    """Totals and covered systems of each report."""
    known_words = list(STATUSES)
    return (
        pl.scan_parquet(path / "platform_counts.parquet")
        .join(wanted, on="snapshot")
        .filter(pl.col("n") >= 0, pl.col("platform").is_not_null(), pl.col("status").is_not_null())
        .select(
            "observation_id",
            "platform",
            total=pl.struct(
                system=pl.col("platform"),
                source_status=pl.col("status"),
                status=pl.when(pl.col("status").is_in(known_words))
                .then(pl.col("status").replace_strict({k: v[0] for k, v in STATUSES.items()}, default="unknown"))
                .otherwise(pl.lit("unknown")),
                n=pl.col("n").cast(pl.Int64),
            ),
        )
        .sort("observation_id", "platform", pl.col("total").struct.field("source_status"))
        .group_by("observation_id", maintain_order=True)
        .agg(systems=pl.col("platform").unique().sort(), totals=pl.col("total"))
        .collect()
    )


def _rows(path: Path, fresh: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series, list[Rejected]]:
    """Jobs named by the reports as (rows, builds, words of status) of a Listing; rows that cannot be used with the reason."""
    scan = pl.scan_parquet(path / "job_observations.parquet")
    names = set(scan.collect_schema().names())
    rows = (
        scan.filter(pl.col("snapshot").is_in(fresh["snapshot"].implode()))
        .select(
            "snapshot",
            pl.col("build_id").cast(pl.Int64),
            attr=pl.col("attr").cast(pl.Categorical),
            system=pl.col("platform").cast(pl.Categorical),
            word=pl.col("status").cast(pl.Categorical),
            is_maintained=pl.col("maintained") if "maintained" in names else pl.lit(None, pl.Boolean),
            dependents_unbroken=(pl.col("rdeps_unbroken") if "rdeps_unbroken" in names else pl.lit(None)).cast(pl.Int32),
            dependents_all=(pl.col("rdeps_all") if "rdeps_all" in names else pl.lit(None)).cast(pl.Int32),
        )
        .collect()
    )
    usable = (
        _among(rows["attr"], pl.col("name").str.len_bytes().is_between(1, 500))
        & _among(rows["system"], pl.col("name").str.contains(r"^[a-z0-9_]+-[a-z0-9_]+$"))
        & rows.select(pl.col("build_id").is_between(1, 2**62).fill_null(False) & pl.col("word").is_not_null()).to_series()
    )
    rejected = []
    if not usable.all():
        rejected = reject(rows.filter(~usable), "job_observations.parquet", "job without a usable name, system, build or status", JOBSET)
        rows = rows.filter(usable)
    place = np.zeros(int(fresh["snapshot"].max()) + 1, dtype=np.uint32)  # type: ignore[arg-type]
    place[fresh["snapshot"].to_numpy()] = np.arange(fresh.height, dtype=np.uint32)
    builds, build = number_builds(rows["attr"], rows["system"], rows["build_id"])
    words = pl.Series(list(STATUSES) + [w for w in rows["word"].unique().drop_nulls().cast(pl.String).sort() if w not in STATUSES])
    rows = rows.select(
        "is_maintained",
        "dependents_unbroken",
        "dependents_all",
        observation=pl.Series(place[rows["snapshot"].to_numpy()]),
        build=pl.Series(build),
        status=pl.col("word").cast(pl.Enum(words)).to_physical().cast(pl.UInt32),
    )
    return rows, builds, words, rejected


def _among(values: pl.Series, usable: pl.Expr) -> pl.Series:
    """Whether each value's name is usable; asked once per distinct name."""
    names = pl.DataFrame({"value": values.unique().drop_nulls()}).with_columns(name=pl.col("value").cast(pl.String))
    bad = names.filter(~usable)["value"]
    return values.is_not_null() if bad.is_empty() else values.is_not_null() & ~values.is_in(bad.implode())


def _statuses(words: pl.Series) -> pl.DataFrame:
    """Our reading of every word; an unknown one is neutral, finished, of unknown cause."""
    read_as = [STATUSES.get(word, ("unknown", True, "unknown")) for word in words]
    return pl.DataFrame(
        {
            "source_status": words,
            "status": [r[0] for r in read_as],
            "is_finished": [r[1] for r in read_as],
            "cause": [r[2] for r in read_as],
        }
    )


def _evaluations(observations: pl.DataFrame) -> pl.DataFrame:
    gate = pl.Struct({"name": pl.String, "verdict": pl.String})
    gates = [
        pl.struct(name=pl.lit(name), verdict=pl.col(column))
        for name, column in (("report", "verdict"), ("mergeable", "mergeable_jobset"), ("maintained", "maintained_jobset"))
        if column in observations.columns
    ]
    return observations.select(
        "id",
        "observed_at",
        "evaluation_id",
        "ordinal",
        "systems",
        "totals",
        source=pl.lit(SOURCE),
        jobset=pl.lit(JOBSET),
        observation_key=pl.col("report_commit"),
        revision=pl.when(pl.col("nixpkgs_commit").str.contains(r"^[0-9a-f]{40}$")).then(pl.col("nixpkgs_commit")),
        unit=pl.lit("package"),
        coverage=pl.lit("failures_with_totals"),
        listed_statuses=pl.lit(LISTED, dtype=pl.List(pl.String)),
        gates=(pl.concat_list(gates).list.eval(pl.element().filter(pl.element().struct.field("verdict").is_not_null())))
        if gates
        else pl.lit([], dtype=pl.List(gate)),
    )


def _declarations(snapshots: pl.DataFrame, known: Known) -> list[Event]:
    if f"{SOURCE}:source:{NAME}" in known.ids("source_declared", SOURCE):
        return []
    first: datetime = snapshots["observed_at"].min()  # type: ignore[assignment]
    return [
        SourceDeclared(
            id=f"{SOURCE}:source:{NAME}",
            source=SOURCE,
            observed_at=first,
            dataset=NAME,
            title="Status reports of nixpkgs:haskell-updates (cdepillabout/nix-haskell-updates-status)",
            covers="build_observed",
            scope=JOBSET,
            first_at=first,
            licence="BSD-3-Clause",
            url="https://github.com/cdepillabout/nix-haskell-updates-status",
        )
    ]


