"""Failing jobs of hydra.nixos.org jobsets as polled every few hours, of each evaluation the last answer.

Only jobs whose own build failed are listed, without totals: leaving the list is not the same as being green.
Every poll is an observation of its own (when an evaluation was first seen decides durations), but only the
last one of an evaluation comes with its list; the others cover no system.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from models.events import Event, SourceDeclared
from pipelines.sources.base import Facts, Known, Listing, Progress, Rejected, number_builds, reject

NAME = "hydra-trunk-failures"
WANTS = "observations.csv, evaluations.csv, eval_systems.csv, failures.parquet"
SOURCE = "hydra.nixos.org"
PROJECT = "nixpkgs"

_SCHEMAS = {
    "observations.csv": {"jobset": pl.String, "report_commit": pl.String, "observed_at": pl.String, "eval_id": pl.Int64, "n_failed": pl.Int64},
    "evaluations.csv": {"jobset": pl.String, "eval_id": pl.Int64, "last_seen": pl.String},
    "eval_systems.csv": {"eval_id": pl.Int64, "system": pl.String},
}
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)


def recognises(path: Path) -> bool:
    """Whether the files are there with their columns."""
    failures = path / "failures.parquet"
    if not failures.is_file() or not {"jobset", "eval_id", "job", "system", "build_id"} <= set(pl.read_parquet_schema(failures)):
        return False
    for name, columns in _SCHEMAS.items():
        if not (path / name).is_file():
            return False
        with (path / name).open(encoding="utf-8", errors="replace") as handle:
            if not set(columns) <= set(handle.readline().strip().split(",")):
                return False
    return True


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Observations that the log does not hold yet."""
    seen = known.ids("evaluation_observed", SOURCE)
    polls, rejected = _polls(path)
    fresh_polls = polls.filter(~pl.col("id").is_in(pl.Series(sorted(seen), dtype=pl.String).implode()))
    if fresh_polls.is_empty():
        return Facts(SOURCE, rejected=rejected)
    rows, broken = _rows(path)
    listed = _listed(path, polls, rows)
    fresh = listed.filter(~pl.col("id").is_in(pl.Series(sorted(seen), dtype=pl.String).implode()))
    progress(f"reading {fresh.height:,} lists, {fresh_polls.height:,} polls")
    listings = [
        _listing(jobset, part, rows) for (jobset,), part in sorted(fresh.partition_by("jobset", as_dict=True).items())
    ]
    return Facts(
        SOURCE,
        events=_declarations(polls, known),
        frames={"evaluation_observed": pl.concat([_evaluations(fresh), _evaluations(fresh_polls)])},
        listings=listings,
        rejected=rejected + broken,
    )


def _csv(path: Path, name: str) -> pl.DataFrame:
    schema = _SCHEMAS[name]
    text = pl.read_csv(path / name, columns=list(schema), infer_schema=False)
    return text.select(pl.col(column).cast(dtype, strict=False) for column, dtype in schema.items())


def _instant(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="us").dt.replace_time_zone("UTC")


def _polls(path: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Every poll: when, which evaluation, how many failures; without a list."""
    frame = _csv(path, "observations.csv").with_columns(observed_at=_instant("observed_at"))
    usable = (
        pl.col("jobset").str.contains(r"^[A-Za-z0-9._-]{1,100}$")
        & pl.col("report_commit").str.contains(r"^[0-9a-f]{40}$")
        & (pl.col("observed_at") >= _EARLIEST)
        & (pl.col("eval_id") > 0)
        & (pl.col("n_failed") >= 0)
    ).fill_null(False)
    rejected = reject(frame.filter(~usable), "observations.csv", "poll without jobset, commit, time, evaluation or count")
    good = frame.filter(usable).select(
        "observed_at",
        jobset=pl.format("{}/{}", pl.lit(PROJECT), "jobset"),
        evaluation_id=pl.col("eval_id").cast(pl.String),
        ordinal="eval_id",
        observation_key="report_commit",
        n_failed="n_failed",
        systems=pl.lit([], dtype=pl.List(pl.String)),
    )
    return _with_id(good).unique("id", keep="first", maintain_order=True), rejected


def _rows(path: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Listed failures: jobset, evaluation_id, attr, system (categorical), build_id (integer)."""
    frame = pl.read_parquet(path / "failures.parquet", columns=["jobset", "eval_id", "job", "system", "build_id"])
    usable = (
        pl.col("job").str.len_bytes().is_between(1, 500)
        & pl.col("system").str.contains(r"^[a-z0-9_]+-[a-z0-9_]+$")
        & pl.col("build_id").is_between(1, 2**62)
        & (pl.col("eval_id") > 0)
    ).fill_null(False)
    rejected = reject(frame.filter(~usable), "failures.parquet", "failure without a usable name, system, build or evaluation")
    good = frame.filter(usable).select(
        jobset=pl.format("{}/{}", pl.lit(PROJECT), "jobset"),
        evaluation_id=pl.col("eval_id").cast(pl.String),
        attr=pl.col("job").cast(pl.Categorical),
        system=pl.col("system").cast(pl.Categorical),
        build_id=pl.col("build_id").cast(pl.Int64),
    )
    return good.unique(["jobset", "evaluation_id", "attr", "system"], keep="first", maintain_order=True), rejected


def _listing(jobset: str, observations: pl.DataFrame, rows: pl.DataFrame) -> Listing:
    observations = observations.select("id", "evaluation_id", "ordinal", "observed_at", "systems")
    rows = rows.filter(pl.col("jobset") == jobset).join(
        observations.with_row_index("observation").select("observation", "evaluation_id"), on="evaluation_id"
    )
    builds, build = number_builds(rows["attr"], rows["system"], rows["build_id"])
    statuses = pl.DataFrame({"source_status": ["Failed"], "status": ["failed"], "is_finished": [True], "cause": ["own"]})
    return Listing(
        SOURCE,
        jobset,
        observations,
        builds,
        statuses,
        rows.select("observation", build=pl.Series(build), status=pl.lit(0, pl.UInt32)),
    )


def _listed(path: Path, polls: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The last poll of each evaluation, named by its content, with the systems that it covers."""
    last = (
        polls.sort("observed_at", "observation_key")
        .group_by("jobset", "evaluation_id", "ordinal", maintain_order=True)
        .agg(pl.col("observed_at").last(), pl.col("n_failed").last())
    )
    named = (
        _csv(path, "eval_systems.csv")
        .drop_nulls()
        .select(evaluation_id=pl.col("eval_id").cast(pl.String), system="system")
        .join(last.filter(pl.col("jobset") == f"{PROJECT}/trunk").select("jobset", "evaluation_id"), on="evaluation_id")
    )
    systems = (
        pl.concat([named.select("jobset", "evaluation_id", "system"), rows.select("jobset", "evaluation_id", pl.col("system").cast(pl.String)).unique()])
        .group_by("jobset", "evaluation_id")
        .agg(systems=pl.col("system").unique().sort())
    )
    contents = (
        rows.select(
            "jobset",
            "evaluation_id",
            line=pl.concat_str([pl.col("system", "attr", "build_id").cast(pl.String)], separator="|"),
        )
        .sort("jobset", "evaluation_id", "line")
        .group_by("jobset", "evaluation_id", maintain_order=True)
        .agg(lines=pl.col("line").str.join("\n"))
        .with_columns(observation_key=pl.col("lines").map_elements(_digest, return_dtype=pl.String))
        .drop("lines")
    )
    return _with_id(
        last.join(systems, on=["jobset", "evaluation_id"])
        .join(contents, on=["jobset", "evaluation_id"], how="left")
        .with_columns(pl.col("observation_key").fill_null(_digest("")))
    )


def _digest(lines: str) -> str:
    """First 16 hex of the SHA-256 of a list's canonical content: its sorted lines, without times."""
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _with_id(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        id=pl.format("{}:evaluation:{}:{}:{}", pl.lit(SOURCE), "jobset", "evaluation_id", "observation_key")
    )


def _evaluations(observations: pl.DataFrame) -> pl.DataFrame:
    return observations.select(
        "id",
        "jobset",
        "observed_at",
        "evaluation_id",
        "ordinal",
        "observation_key",
        "systems",
        source=pl.lit(SOURCE),
        unit=pl.lit("job"),
        coverage=pl.lit("failures_only"),
        listed_statuses=pl.lit(["failed"], dtype=pl.List(pl.String)),
        totals=pl.concat_list(
            pl.struct(
                system=pl.lit(None, pl.String), source_status=pl.lit("Failed"), status=pl.lit("failed"), n=pl.col("n_failed")
            )
        ),
    )


def _declarations(polls: pl.DataFrame, known: Known) -> list[Event]:
    identity = f"{SOURCE}:source:{NAME}"
    if identity in known.ids("source_declared", SOURCE):
        return []
    first: datetime = polls["observed_at"].min()  # type: ignore[assignment]
    return [
        SourceDeclared(
            id=identity,
            source=SOURCE,
            observed_at=first,
            dataset=NAME,
            title="Failing jobs of nixpkgs:trunk (Sigmanificient/nixpkgs-failure-notify)",
            covers="build_observed",
            scope=f"{PROJECT}/trunk",
            first_at=first,
            licence="BSD-3-Clause",
            url="https://github.com/Sigmanificient/nixpkgs-failure-notify",
        )
    ]
