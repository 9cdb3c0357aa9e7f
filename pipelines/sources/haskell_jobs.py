"""Jobs that the reports of haskell-updates name, and what their words of status mean."""

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.sources import values
from pipelines.sources.base import Rejected, number_builds, reject
from pipelines.sources.values import whole

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


def rows(
    path: Path, fresh: pl.DataFrame, jobset: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series, list[Rejected]]:
    """Jobs named by the reports as (rows, builds, words of status) of a Listing; unusable rows with the reason."""
    file = path / "job_observations.parquet"
    scan = pl.scan_parquet(file)
    names = set(scan.collect_schema().names())
    rejected = _orphans(
        scan, jobset, pl.read_parquet(path / "snapshots.parquet", columns=["snapshot"])["snapshot"]
    )
    told = (
        scan.filter(pl.col("snapshot").is_in(fresh["snapshot"].implode()))
        .select(
            "snapshot",
            "build_id",
            attr=pl.col("attr").cast(pl.Categorical),
            system=pl.col("platform").cast(pl.Categorical),
            word=pl.col("status").cast(pl.Categorical),
            is_maintained=pl.col("maintained") if "maintained" in names else pl.lit(None, pl.Boolean),
            dependents_unbroken=pl.col("rdeps_unbroken")
            if "rdeps_unbroken" in names
            else pl.lit(None, pl.Int32),
            dependents_all=pl.col("rdeps_all") if "rdeps_all" in names else pl.lit(None, pl.Int32),
        )
        .collect()
    )
    jobs = told.with_columns(
        whole(told["build_id"]),
        pl.col("is_maintained").cast(pl.Boolean, strict=False),
        pl.col("dependents_unbroken", "dependents_all").cast(pl.Int32, strict=False),
    )
    place = np.zeros(int(fresh["snapshot"].max()) + 1, dtype=np.uint32)  # type: ignore[arg-type]
    place[fresh["snapshot"].to_numpy()] = np.arange(fresh.height, dtype=np.uint32)
    observation = pl.Series("observation", place[jobs["snapshot"].to_numpy()])
    usable = (
        _among(jobs["attr"], values.attr(pl.col("name")))
        & _among(jobs["system"], values.system(pl.col("name")))
        & _among(jobs["word"], values.word(pl.col("name")))
        & (jobs["build_id"] > 0).fill_null(value=False)
    )
    covered = _covered(fresh["systems"], observation, jobs["system"])
    for fault, reason in (
        (~usable, "job without a usable name, system, build or status"),
        (usable & ~covered, "job on a system for which its report gives no totals"),
    ):
        if fault.any():
            rejected += reject(told.filter(fault), file.name, reason, jobset)
    if not (usable & covered).all():
        jobs, observation = jobs.filter(usable & covered), observation.filter(usable & covered)
    builds, build = number_builds(jobs["attr"], jobs["system"], jobs["build_id"])
    words = pl.Series(
        list(STATUSES)
        + [w for w in jobs["word"].unique().drop_nulls().cast(pl.String).sort() if w not in STATUSES]
    )
    jobs = jobs.select(
        "is_maintained",
        "dependents_unbroken",
        "dependents_all",
        observation=observation,
        build=pl.Series(build),
        status=pl.col("word").cast(pl.Enum(words)).to_physical().cast(pl.UInt32),
    )
    return jobs, builds, words, rejected


def _orphans(scan: pl.LazyFrame, jobset: str, snapshots: pl.Series) -> list[Rejected]:
    """Rows of reports that the folder does not name, counted."""
    known = snapshots.drop_nulls().implode()
    rows = scan.select((~pl.col("snapshot").is_in(known)).fill_null(value=True).sum()).collect().item()
    if not rows:
        return []
    return [
        Rejected(
            "job_observations.parquet", "job of a report that is not there", b"", rows=rows, jobset=jobset
        )
    ]


def _covered(systems: pl.Series, observation: pl.Series, system: pl.Series) -> pl.Series:
    """Whether each row's report gives totals for the row's system."""
    codes = pl.DataFrame({"name": system.unique().drop_nulls()}).select(
        pl.col("name").cast(pl.String), code=pl.col("name").to_physical().cast(pl.Int64)
    )
    given = (
        pl.DataFrame({"systems": systems})
        .with_row_index("observation")
        .explode("systems")
        .join(codes, left_on="systems", right_on="name")
    )
    table = np.zeros((systems.len(), int(codes["code"].max() or 0) + 2), dtype=bool)  # type: ignore[arg-type]
    table[given["observation"].to_numpy(), given["code"].to_numpy()] = True
    code = system.to_physical().cast(pl.Int64).fill_null(table.shape[1] - 1)
    return pl.Series(table[observation.to_numpy(), code.to_numpy()])


def _among(of: pl.Series, usable: pl.Expr) -> pl.Series:
    """Whether each value's name is usable; asked once per distinct name."""
    names = pl.DataFrame({"value": of.unique().drop_nulls()}).with_columns(
        name=pl.col("value").cast(pl.String)
    )
    bad = names.filter(~usable)["value"]
    return (
        of.is_not_null()
        if bad.is_empty()
        else of.is_not_null() & ~of.is_in(bad.implode()).fill_null(value=False)
    )


def statuses(words: pl.Series) -> pl.DataFrame:
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
