"""Failing jobs of hydra.nixos.org jobsets as polled every few hours, of each evaluation the last answer.

Only jobs whose own build failed are listed, without totals: leaving the list is not the same as being green.
Every poll is an observation of its own (when an evaluation was first seen decides durations), but only the
last one of an evaluation comes with its list; the others cover no system.
"""

import hashlib
from datetime import datetime
from pathlib import Path

import polars as pl

from models.events import Event, SourceDeclared
from pipelines.sources import fields, files, values
from pipelines.sources.base import Facts, Known, Listing, Progress, Rejected, number_builds, reject

NAME = "hydra-trunk-failures"
WANTS = "observations.csv, evaluations.csv, eval_systems.csv, failures.parquet"
SOURCE = "hydra.nixos.org"
PROJECT = "nixpkgs"

_JOBSET = fields.word("jobset")
_EVALUATION = fields.digits("eval_id")
POLL_FIELDS = (
    _JOBSET,
    fields.revision("report_commit"),
    fields.instant("observed_at"),
    _EVALUATION,
    fields.matching("n_failed", "0|[1-9][0-9]{0,8}", "a whole number"),
)
SYSTEM_FIELDS = (_EVALUATION, fields.matching("system", "[a-z0-9_]{1,30}-[a-z0-9_]{1,30}", "a Nix system"))
_COLUMNS = {
    "observations.csv": {field.name for field in POLL_FIELDS},
    "eval_systems.csv": {field.name for field in SYSTEM_FIELDS},
    "evaluations.csv": {"jobset", "eval_id", "last_seen"},
}
_FAILURES = {"jobset", "eval_id", "job", "system", "build_id"}


def recognises(path: Path) -> bool:
    """Whether the files are there with their columns."""
    return values.parquet_columns(path / "failures.parquet") >= _FAILURES and all(
        columns <= set(files.columns(path / name)) for name, columns in _COLUMNS.items()
    )


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Observations that the log does not hold yet."""
    seen = known.ids("evaluation_observed", SOURCE)
    polls, rejected = _polls(path)
    fresh_polls = polls.filter(~pl.col("id").is_in(pl.Series(sorted(seen), dtype=pl.String).implode()))
    if fresh_polls.is_empty():
        return Facts(SOURCE, rejected=rejected)
    rows, broken = _rows(path, polls)
    listed, unusable = _listed(path, polls, rows)
    fresh = listed.filter(~pl.col("id").is_in(pl.Series(sorted(seen), dtype=pl.String).implode()))
    progress(f"reading {fresh.height:,} lists, {fresh_polls.height:,} polls")
    listings = [
        _listing(jobset, part, rows)
        for (jobset,), part in sorted(fresh.partition_by("jobset", as_dict=True).items())
    ]
    return Facts(
        SOURCE,
        events=_declarations(polls, known),
        frames={"evaluation_observed": pl.concat([_evaluations(fresh), _evaluations(fresh_polls)])},
        listings=listings,
        rejected=rejected + broken + unusable,
    )


def _polls(path: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Every poll: when, which evaluation, how many failures; without a list."""
    table = files.read_all(
        [path / "observations.csv"], POLL_FIELDS, key=("jobset", "eval_id", "report_commit")
    )
    polls = table.frame.select(
        "observed_at",
        jobset=pl.format("{}/{}", pl.lit(PROJECT), "jobset"),
        evaluation_id="eval_id",
        ordinal=pl.col("eval_id").cast(pl.Int64),
        observation_key="report_commit",
        n_failed=pl.col("n_failed").cast(pl.Int64),
        systems=pl.lit([], dtype=pl.List(pl.String)),
    )
    return _with_id(polls), table.rejected


def _rows(path: Path, polls: pl.DataFrame) -> tuple[pl.DataFrame, list[Rejected]]:
    """Listed failures of polled evaluations: jobset, evaluation_id, attr, system (categorical), build_id (integer)."""
    told = pl.read_parquet(path / "failures.parquet", columns=sorted(_FAILURES))
    frame = told.with_columns(
        values.whole(told["eval_id"]),
        values.whole(told["build_id"]),
        eval_told="eval_id",
        build_told="build_id",
    )
    is_usable = (
        values.attr(pl.col("job"))
        & values.system(pl.col("system"))
        & (pl.col("build_id") > 0)
        & (pl.col("eval_id") > 0)
        & pl.col("jobset").is_not_null()
    ).fill_null(value=False)
    reason = "failure without a usable name, system, build or evaluation"
    rejected = reject(frame.filter(~is_usable), "failures.parquet", reason)
    frame = frame.filter(is_usable).select(
        jobset=pl.format("{}/{}", pl.lit(PROJECT), "jobset"),
        evaluation_id=pl.col("eval_id").cast(pl.String),
        attr=pl.col("job").cast(pl.Categorical),
        system=pl.col("system").cast(pl.Categorical),
        build_id="build_id",
    )
    polled = polls.select("jobset", "evaluation_id").unique()
    orphans = frame.join(polled, on=["jobset", "evaluation_id"], how="anti")
    rejected += reject(orphans, "failures.parquet", "failure in an evaluation that no poll names")
    return frame.join(polled, on=["jobset", "evaluation_id"], how="semi", maintain_order="left"), rejected


def _listing(jobset: str, observations: pl.DataFrame, rows: pl.DataFrame) -> Listing:
    observations = observations.select("id", "evaluation_id", "ordinal", "observed_at", "systems")
    rows = rows.filter(pl.col("jobset") == jobset).join(
        observations.with_row_index("observation").select("observation", "evaluation_id"), on="evaluation_id"
    )
    builds, build = number_builds(rows["attr"], rows["system"], rows["build_id"])
    statuses = pl.DataFrame(
        {"source_status": ["Failed"], "status": ["failed"], "is_finished": [True], "cause": ["own"]}
    )
    return Listing(
        SOURCE,
        jobset,
        observations,
        builds,
        statuses,
        rows.select("observation", build=pl.Series(build), status=pl.lit(0, pl.UInt32)),
    )


def _listed(path: Path, polls: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Rejected]]:
    """The last poll of each evaluation, named by its content, with the systems that it covers."""
    last = (
        polls.sort("observed_at", "observation_key")
        .group_by("jobset", "evaluation_id", "ordinal", maintain_order=True)
        .agg(pl.col("observed_at").last(), pl.col("n_failed").last())
    )
    table = files.read(path / "eval_systems.csv", SYSTEM_FIELDS)
    polled = last.filter(pl.col("jobset") == f"{PROJECT}/trunk").select("jobset", "evaluation_id")
    named = table.frame.select("system", evaluation_id="eval_id").join(polled, on="evaluation_id")
    systems = (
        pl.concat(
            [
                named.select("jobset", "evaluation_id", "system"),
                rows.select("jobset", "evaluation_id", pl.col("system").cast(pl.String)).unique(),
            ]
        )
        .group_by("jobset", "evaluation_id")
        .agg(systems=pl.col("system").unique().sort())
    )
    # A build stands in many lists: its line is written and put in order once.
    names = ["system", "attr", "build_id"]
    lines = (
        rows.select(names)
        .unique()
        .with_columns(line=pl.concat_str([pl.col(names).cast(pl.String)], separator="|"))
        .sort("line")
        .with_row_index("place")
    )
    contents = (
        rows.join(lines, on=names)
        .sort("place")
        .group_by("jobset", "evaluation_id", maintain_order=True)
        .agg(lines=pl.col("line").str.join("\n"))
        .with_columns(observation_key=pl.col("lines").map_elements(_digest, return_dtype=pl.String))
        .drop("lines")
    )
    listed = _with_id(
        last.join(systems, on=["jobset", "evaluation_id"])
        .join(contents, on=["jobset", "evaluation_id"], how="left")
        .with_columns(pl.col("observation_key").fill_null(_digest("")))
    )
    return listed, table.rejected


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
                system=pl.lit(None, pl.String),
                source_status=pl.lit("Failed"),
                status=pl.lit("failed"),
                n=pl.col("n_failed"),
            )
        ),
    )


def _declarations(polls: pl.DataFrame, known: Known) -> list[Event]:
    first: datetime = polls["observed_at"].min()  # type: ignore[assignment]
    identity = f"{SOURCE}:source:{NAME}:{first:%Y%m%dT%H%M%SZ}"
    if identity in known.ids("source_declared", SOURCE):
        return []
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
