"""A run as an observation of an evaluation, and its jobs as a list of builds with their statuses."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from models.vocabulary import STATUS_CLASSES, Cause, Coverage, RedKind
from pipelines.log.distinct import distinct, is_one, repeated
from pipelines.sources import machines
from pipelines.sources.base import Listing
from pipelines.sources.ci.known import PastRun
from pipelines.sources.ci.runs import Run

UNFINISHED = ("queued", "running")
EXTRA = (
    "is_cached", "attempt", "queued_at", "started_at", "stopped_at", "occurred_at", "time_kind", "drv_path",
    "failed_derivations", "log_url", "machine", "cores",
)  # fmt: skip
"""What the log says of a build beside its status."""

_SEPARATOR = "\x1f"
_OWN = [word for word, (_, kind) in STATUS_CLASSES.items() if kind is RedKind.OWN]


def place_of(source: str) -> str:
    """A source's URI as the log calls it: without scheme and trailing slash."""
    return source.partition("://")[2].rstrip("/") if "://" in source else source.rstrip("/")


def jobset_of(run: Run) -> str:
    """Repository and what was followed: `nixpkgs/master`, `nixpkgs/pull-7`, `nixpkgs/master+cuda`."""
    name = run.repo.rstrip("/").rpartition("/")[2].removesuffix(".git") or "unknown"
    followed = f"pull-{run.pull_request}" if run.pull_request is not None else run.branch or "default"
    return f"{name}/{followed}" + (f"+{run.variant}" if run.variant else "")


def with_jobset(run: Run, jobset: str) -> Run:
    """The run with what a jobset's name tells of it: what was recorded first stays, what was unknown is filled."""
    name, _, followed = jobset.partition("/")
    base, _, variant = followed.rpartition("+") if "+" in followed else (followed, "", "")
    pull = int(base[5:]) if base.startswith("pull-") and base[5:].isdecimal() else None
    is_known = base != "default" and pull is None
    return replace(
        run,
        repo=name if run.repo == Run.repo and name != jobset_of(run).partition("/")[0] else run.repo,
        branch=base if is_known else run.branch,
        pull_request=run.pull_request if pull is None else pull,
        variant=variant or run.variant,
    )


def of_variant(jobs: pl.DataFrame, variant: str) -> pl.DataFrame:
    """Jobs that were recorded before their run's variant was known, with that variant and the ids that follow."""
    is_bare = pl.col("variant") == ""
    derived = as_builds(jobs.with_columns(build_id=pl.lit(None, dtype=pl.String)))["build_id"]
    return jobs.with_columns(
        variant=pl.when(is_bare).then(pl.lit(variant)).otherwise("variant"),
        build_id=pl.when(~is_bare | (pl.col("build_id") != derived)).then("build_id"),
    )


def as_builds(jobs: pl.DataFrame) -> pl.DataFrame:
    """Jobs with what the log says of builds."""
    has_cause = pl.col("cause_known").fill_null(value=True)
    return jobs.with_columns(
        build_id=pl.coalesce("build_id", _derived_ids(jobs)),
        is_finished=~pl.col("status").is_in(UNFINISHED),
        cause=pl.when(pl.col("status") == "dependency-failed")
        .then(pl.lit(str(Cause.DEPENDENCY)))
        .when(pl.col("status").is_in(_OWN) & has_cause)
        .then(pl.lit(str(Cause.OWN)))
        .otherwise(pl.lit(str(Cause.UNKNOWN))),
        failed_derivations=pl.col("failed_drvs"),
        machine=machines.name(pl.col("builder")),
    )


def _derived_ids(jobs: pl.DataFrame) -> pl.Series:
    """What stands for a build's id where none is told: run, attribute, system and variant."""
    parts = ("run_id", "attr", "system", "variant")
    texts = (jobs[name].head(1) if is_one(jobs[name]) else jobs[name] for name in parts)
    if not any(text.str.contains("[/%]").any() for text in texts):
        return jobs.select(pl.concat_str(parts, separator="/")).to_series()
    escaped = [
        pl.col(name).str.replace_all("%", "%25", literal=True).str.replace_all("/", "%2F", literal=True)
        for name in parts
    ]
    return jobs.select(pl.concat_str(escaped, separator="/")).to_series()


def observation(
    source: str, jobset: str, run: Run, builds: pl.DataFrame, before: PastRun | None = None
) -> tuple[dict[str, object], pl.DataFrame]:
    """An observation as a row, and its list. Its key follows from what it says, without times.

    `builds`: the run's jobs as `as_builds` gives them.
    """
    # In the order of the log: a run's rows are sorted in less time than those of all runs together.
    by = [name for name in ("system", "build_id") if not is_one(builds[name])]
    listed = builds.sort(by) if by else builds
    counted = {} if run.counts is None else {status: n for status, n in run.counts if n}
    agrees = run.counts is None or counted == dict(listed["status"].value_counts().iter_rows())
    is_ended = run.status in (None, "succeeded")
    is_full = run.is_complete and agrees and is_ended and bool(run.systems or listed.height)
    systems = set(distinct(listed["system"]))
    if is_full:
        systems |= set(run.systems)
    newest = run.observed_at
    if before is not None:
        # A union is newer than each part, also where the older part was learnt last.
        newest = max(newest, before.observed_at + timedelta(microseconds=1))
    start = run.started_at or (before.occurred_at if before else None)
    ordinal = before.ordinal if before and start is None else _milliseconds(start or newest)
    errors = run.errors or (f"run ended as {run.status}" if run.status == "eval-error" else None)
    totals = [{"system": None, "source_status": s, "status": s, "n": n} for s, n in run.counts or ()]
    about = [jobset, run.commit, is_full, run.told_complete, sorted(systems), errors, run.counts]
    key = hashlib.sha256(json.dumps(about).encode() + b"\n" + _content(listed)).hexdigest()[:16]
    return {
        "id": f"{source}:evaluation:{jobset}:{run.run_id}:{key}",
        "source": source,
        "observed_at": newest,
        "occurred_at": start,
        "jobset": jobset,
        "evaluation_id": run.run_id,
        "ordinal": ordinal,
        "observation_key": key,
        "revision": run.commit,
        "unit": str(run.unit),
        "coverage": str(Coverage.FULL if is_full else Coverage.NAMED),
        "listed_statuses": ["all"] if is_full else [],
        "systems": sorted(systems),
        "totals": totals,
        "is_partial": None if run.told_complete is None else not run.told_complete,
        "evaluation_errors": errors,
    }, listed


def _content(listed: pl.DataFrame) -> bytes:
    """What a list says, without times, in one text that does not depend on the order of its rows."""
    words = ("attr", "system", "variant", "status", "source_status", "cause", "build_id")
    lines = listed.select(pl.concat_str(words, separator=_SEPARATOR)).to_series().sort()
    return str(lines.str.join("\n").item()).encode()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def listing(source: str, jobset: str, told: pl.DataFrame, jobs: pl.DataFrame) -> Listing:
    """The lists of a jobset: `told` are its observations, `jobs` their rows and those of others."""
    observations = told.select("id", "evaluation_id", "ordinal", "observed_at", "systems").sort("id")
    columns_of_build = ["attr", "system", "variant", "build_id"]
    number = dict(zip(observations["id"], range(observations.height), strict=True))
    rows = jobs.with_columns(
        number=pl.col("observation").replace_strict(number, default=None, return_dtype=pl.UInt32)
    ).filter(pl.col("number").is_not_null())
    builds = rows.select(columns_of_build)
    if not repeated(builds, ["build_id"]).any():
        build = pl.int_range(rows.height, dtype=pl.UInt32, eager=True)
    else:
        builds = builds.unique(maintain_order=True)
        build = rows.select(columns_of_build).join(
            builds.with_row_index("build"), on=columns_of_build, how="left", maintain_order="left"
        )["build"]
    columns_of_status = ["source_status", "status", "is_finished", "cause"]
    statuses = rows.select(columns_of_status).unique().sort(columns_of_status)
    status = rows.select(columns_of_status).join(
        statuses.with_row_index("state"), on=columns_of_status, how="left", maintain_order="left"
    )["state"]
    return Listing(
        source,
        jobset,
        observations,
        builds,
        statuses,
        rows.select(*EXTRA, observation="number", build=build, status=status),
    )
