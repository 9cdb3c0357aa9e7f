"""Status reports of Hydra's jobset nixpkgs:haskell-updates, one every six hours, as a folder of Parquet files.

A report names every job that failed, whose dependency failed or that ran over the output limit, and other
statuses only for packages that have one of these; totals by platform and status cover everything.
"""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from models.events import Event, SourceDeclared
from pipelines.errors import BadInput
from pipelines.sources import haskell_jobs, values
from pipelines.sources.base import Facts, Known, Listing, Progress, Rejected, reject
from pipelines.sources.fields import LATEST
from pipelines.sources.haskell_jobs import STATUSES
from pipelines.sources.values import whole

NAME = "hydra-haskell-updates"
WANTS = "snapshots.parquet, platform_counts.parquet, job_observations.parquet"
SOURCE = "hydra.nixos.org"
JOBSET = "nixpkgs/haskell-updates"
LISTED = ["failed", "dependency-failed", "output-limit-exceeded"]
"""Statuses that a report lists without exception."""

_COLUMNS = {
    "snapshots.parquet": {"snapshot", "report_commit", "as_of", "eval_id", "nixpkgs_commit"},
    "platform_counts.parquet": {"snapshot", "platform", "status", "n"},
    "job_observations.parquet": {"snapshot", "attr", "platform", "status", "build_id"},
}
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
_LARGEST_SNAPSHOT = 10_000_000
"""Reports are numbered from 0 and indexed by number: a huge one must not ask for huge memory."""


def recognises(path: Path) -> bool:
    """Whether the three files are there with their columns."""
    return all(columns <= values.parquet_columns(path / name) for name, columns in _COLUMNS.items())


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Reports that the log does not hold yet."""
    snapshots, rejected = _snapshots(path)
    seen = known.ids("evaluation_observed", SOURCE)
    fresh = snapshots.filter(~pl.col("id").is_in(pl.Series(sorted(seen), dtype=pl.String).implode()))
    if fresh.is_empty():
        return Facts(SOURCE, rejected=rejected)
    progress(f"reading {fresh.height:,} reports")
    totals, unusable = _totals(path, fresh.select("snapshot", observation_id="id"))
    observations = fresh.join(
        totals, left_on="id", right_on="observation_id", how="left", maintain_order="left"
    ).with_columns(pl.col("systems", "totals").fill_null([]))
    rows, builds, words, broken = haskell_jobs.rows(path, observations, JOBSET)
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
                haskell_jobs.statuses(words),
                rows,
            )
        ],
        rejected=rejected + unusable + broken,
    )


def _snapshots(path: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Usable reports with their observation id; the others with the reason."""
    told = pl.read_parquet(path / "snapshots.parquet")
    if not isinstance(told.schema["as_of"], pl.Datetime):
        raise BadInput(f"{path / 'snapshots.parquet'} has no instants in `as_of`: fetch it again.")
    frame = told.with_columns(
        whole(told["snapshot"]),
        observed_at=pl.col("as_of")
        .dt.replace_time_zone(None)
        .cast(pl.Datetime("us"), strict=False)
        .dt.replace_time_zone("UTC"),
        ordinal=whole(told["eval_id"]),
    ).with_columns(evaluation_id=pl.col("ordinal").cast(pl.String))
    usable = (
        pl.col("report_commit").str.contains(r"\A[0-9a-f]{40}\z").fill_null(value=False)
        & pl.col("observed_at").is_between(_EARLIEST, LATEST, closed="left").fill_null(value=False)
        & (pl.col("ordinal") > 0).fill_null(value=False)
        & pl.col("snapshot").is_between(0, _LARGEST_SNAPSHOT).fill_null(value=False)
    )
    reason = "report without a number, a commit, a time since 2015 or an evaluation"
    rejected = reject(told.filter(frame.select(~usable).to_series()), "snapshots.parquet", reason, JOBSET)
    good = (
        frame.filter(usable)
        .unique(maintain_order=True)
        .sort("snapshot", "report_commit", "observed_at", "ordinal")
    )
    is_repeated = ~pl.col("report_commit").is_first_distinct() | pl.col("snapshot").is_duplicated()
    reason = "report whose commit or number another one has"
    rejected += reject(good.filter(is_repeated).select(told.columns), "snapshots.parquet", reason, JOBSET)
    return good.filter(~is_repeated).with_columns(
        id=pl.format(
            "{}:evaluation:{}:{}:{}", pl.lit(SOURCE), pl.lit(JOBSET), "evaluation_id", "report_commit"
        )
    ), rejected


def _totals(path: Path, wanted: pl.DataFrame) -> tuple[pl.DataFrame, list[Rejected]]:
    """Totals and covered systems of each report; those that cannot be used with the reason."""
    known_words = list(STATUSES)
    told = pl.read_parquet(path / "platform_counts.parquet", columns=["snapshot", "platform", "status", "n"])
    cells = told.with_columns(whole(told["snapshot"]), whole(told["n"]), n_told="n").join(
        wanted, on="snapshot", maintain_order="left"
    )
    is_usable = (
        values.system(pl.col("platform")) & values.word(pl.col("status")) & pl.col("n").is_not_null()
    ).fill_null(value=False)
    reason = "total without a usable system, status or number"
    rejected = reject(cells.filter(~is_usable), "platform_counts.parquet", reason, JOBSET)
    cells = cells.filter(is_usable).drop("n_told").unique().sort("observation_id", "platform", "status", "n")
    is_first = pl.struct("observation_id", "platform", "status").is_first_distinct()
    reason = "total that contradicts another one of the same report, system and status"
    rejected += reject(cells.filter(~is_first), "platform_counts.parquet", reason, JOBSET)
    totals = (
        cells.filter(is_first)
        .select(
            "observation_id",
            "platform",
            total=pl.struct(
                system=pl.col("platform"),
                source_status=pl.col("status"),
                status=pl.when(pl.col("status").is_in(known_words))
                .then(
                    pl.col("status").replace_strict({k: v[0] for k, v in STATUSES.items()}, default="unknown")
                )
                .otherwise(pl.lit("unknown")),
                n=pl.col("n"),
            ),
        )
        .group_by("observation_id", maintain_order=True)
        .agg(systems=pl.col("platform").unique().sort(), totals=pl.col("total"))
    )
    return totals, rejected


def _evaluations(observations: pl.DataFrame) -> pl.DataFrame:
    gate = pl.Struct({"name": pl.String, "verdict": pl.String})
    gates = [
        pl.struct(name=pl.lit(name), verdict=pl.col(column))
        for name, column in (
            ("report", "verdict"),
            ("mergeable", "mergeable_jobset"),
            ("maintained", "maintained_jobset"),
        )
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
        revision=pl.when(pl.col("nixpkgs_commit").str.contains(r"^[0-9a-f]{40}$")).then(
            pl.col("nixpkgs_commit")
        ),
        unit=pl.lit("package"),
        coverage=pl.lit("failures_with_totals"),
        listed_statuses=pl.lit(LISTED, dtype=pl.List(pl.String)),
        gates=(
            pl.concat_list(gates).list.eval(
                pl.element().filter(pl.element().struct.field("verdict").is_not_null())
            )
        )
        if gates
        else pl.lit([], dtype=pl.List(gate)),
    )


def _declarations(snapshots: pl.DataFrame, known: Known) -> list[Event]:
    """What the history covers, from its first report on: earlier ones that arrive later declare anew."""
    first: datetime = snapshots["observed_at"].min()  # type: ignore[assignment]
    identity = f"{SOURCE}:source:{NAME}:{first:%Y%m%dT%H%M%SZ}"
    if identity in known.ids("source_declared", SOURCE):
        return []
    return [
        SourceDeclared(
            id=identity,
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
