"""The jobs of runs in columns: what `Run.jobs` says, for formats that give hundreds of thousands.

Also how events that are told twice, or in contradiction, become one.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from pipelines.log.distinct import repeated
from pipelines.sources.ci.runs import Job, Run

INSTANT = pl.Datetime("us", "UTC")
JOBS = pl.Schema(
    {
        "source": pl.String(),
        "run_id": pl.String(),
        "attr": pl.String(),
        "system": pl.String(),
        "variant": pl.String(),
        "status": pl.String(),
        "source_status": pl.String(),
        "cause_known": pl.Boolean(),
        "is_cached": pl.Boolean(),
        "drv_path": pl.String(),
        "failed_drvs": pl.List(pl.String()),
        "attempt": pl.Int64(),
        "queued_at": INSTANT,
        "started_at": INSTANT,
        "stopped_at": INSTANT,
        "time_kind": pl.String(),
        "log_url": pl.String(),
        "builder": pl.String(),
        "cores": pl.Int64(),
        "build_id": pl.String(),
        # When the result came to be, and the event of the generic format that told it.
        "occurred_at": INSTANT,
        "event_id": pl.String(),
    }
)
"""`variant` is null where the run's own counts."""
JOB = ["source", "run_id", "attr", "system", "variant"]
"""What identifies a job's result."""

_OF_JOB = (
    "attr", "system", "status", "source_status", "cause_known", "is_cached", "drv_path", "attempt",
    "queued_at", "started_at", "stopped_at", "time_kind", "log_url", "builder", "cores", "build_id",
)  # fmt: skip


def of_runs(runs: Sequence[Run]) -> pl.DataFrame:
    """The jobs of runs, one row each."""
    jobs = [(run, job) for run in runs for job in run.jobs]
    columns: dict[str, list[object]] = {name: [getattr(job, name) for _, job in jobs] for name in _OF_JOB}
    columns["source"] = [run.source for run, _ in jobs]
    columns["run_id"] = [run.run_id for run, _ in jobs]
    columns["variant"] = [job.variant or None for _, job in jobs]
    columns["failed_drvs"] = [list(job.failed_drvs) for _, job in jobs]
    columns["occurred_at"] = [job.stopped_at or _told_at(run, job) for run, job in jobs]
    return pl.DataFrame(
        {name: pl.Series(columns.get(name, [None] * len(jobs)), dtype=dtype) for name, dtype in JOBS.items()}
    )


def _told_at(run: Run, job: Job) -> datetime | None:
    """Of a result without a time, that of its file: so the later of two files counts, whichever is read first."""
    return run.observed_at if job.time_kind == "file" else None


def once(jobs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each event once, and the events left out because another one of the same id says something else.

    Events say the same if all that is taken of them is equal. Of contradicting ones the earliest counts: a
    correction is an event of its own, never an edit.
    """
    key = ["source", "event_id"]
    # Hashes find the few rows that may be repeated; only those are compared as texts.
    is_repeated = repeated(jobs, key) & jobs["event_id"].is_not_null()
    if not is_repeated.any():
        return jobs, jobs.clear()
    said = ["occurred_at", *(name for name in jobs.columns if name not in (*key, "occurred_at", "line"))]
    told = jobs.filter(is_repeated).unique([*key, *said], keep="any").sort(said, nulls_last=True)
    first = told.unique(key, keep="first", maintain_order=True)
    others = told.filter(~pl.struct(key).is_first_distinct())
    return pl.concat([jobs.filter(~is_repeated), first]), others


def newest(jobs: pl.DataFrame) -> pl.DataFrame:
    """One row per job: the last attempt, a finished one before one that is not, then the latest.

    The order of rows does not matter. Sorted by job.
    """
    is_repeated = repeated(jobs, JOB)
    if not is_repeated.any():
        return jobs
    order = [
        pl.col("attempt").fill_null(0),
        ~pl.col("status").is_in(["queued", "running"]),
        pl.col("occurred_at").fill_null(pl.lit(0).cast(INSTANT)),
        pl.col("status"),
        pl.col("source_status"),
        pl.col("event_id").fill_null(""),
    ]
    last = jobs.filter(is_repeated).sort(order).unique(JOB, keep="last", maintain_order=True)
    return pl.concat([jobs.filter(~is_repeated), last])
