"""Statuses of builds, in whole listings or one by one, as facts where they differ from the one next before them.

Next before in `observed_at`, among the facts of the log and of the listing together, never in order of
arrival: a listing that comes late is compared with what was true then.
"""

import numpy as np
import polars as pl

from pipelines.log.distinct import repeated, rows_at
from pipelines.sources.base import Listing

SAME = ["source", "build_id", "observed_at", "status", "is_finished", "cause"]
"""In what facts about builds that are told again are there already."""


def changed(listing: Listing, known: pl.DataFrame) -> pl.DataFrame:
    """Facts that differ from the one next before them in observed_at, per build id.

    At one instant facts are in the order of their words, as `replay.build_facts` takes them. None where the
    listing has no statuses.
    """
    rows = listing.rows
    if "status" not in rows.columns:
        return pl.DataFrame()
    instants = listing.observations["observed_at"]
    number = _numbers(listing.builds["build_id"], known["build_id"])
    instant = _codes(instants.to_frame(), known)
    meaning = _codes(listing.statuses.select("status", "cause", "is_finished"), known)
    columns = [
        np.concatenate([of_listing[rows[name].to_numpy()], of_known])
        for (of_listing, of_known), name in (
            (number, "build"),
            (instant, "observation"),
            (meaning, "status"),
        )
    ]
    build, _, status = columns
    by = _order(columns)
    build, status = build[by], status[by]
    differs = np.ones(len(by), dtype=bool)
    differs[1:] = (build[1:] != build[:-1]) | (status[1:] != status[:-1])
    chosen = by[differs]
    facts = rows_at(rows, chosen[chosen < rows.height])
    facts = pl.concat(
        [
            facts.drop("observation", "build", "status"),
            rows_at(listing.builds, facts["build"].to_numpy()),
            listing.statuses[facts["status"]],
            listing.observations[facts["observation"]].select("observed_at", "evaluation_id"),
        ],
        how="horizontal",
    )
    if {"dependents_unbroken", "dependents_all"} <= set(facts.columns):
        facts = facts.with_columns(
            dependents=pl.when(pl.col("dependents_all").is_not_null()).then(
                pl.struct(
                    unbroken=pl.col("dependents_unbroken").cast(pl.Int64),
                    all=pl.col("dependents_all").cast(pl.Int64),
                )
            )
        ).drop("dependents_unbroken", "dependents_all")
    return facts.with_columns(source=pl.lit(listing.source), jobset=pl.lit(listing.jobset))


def fresh(told: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Facts told one by one, columns of `build_observed`, that differ from the one next before them.

    They differ in status, in being finished, in when the build stopped, in its derivation or in the cause. What
    a fact does not tell (null, an unknown cause) is no difference: a source that knows less takes nothing back.
    `known`: the same columns of the facts that the log has about these builds.
    """
    details = [name for name in ("stopped_at", "drv_path") if name in told.columns]
    numbered = told.with_row_index("number")
    both = pl.concat(
        [
            known.select(*SAME, *details, number=pl.lit(None, pl.UInt32)),
            numbered.select(*SAME, *details, "number"),
        ]
    ).sort("source", "build_id", "observed_at", "status", "number", nulls_last=False)
    before = {name: pl.col(name).shift(1) for name in (*SAME, *details)}
    is_same = (
        (pl.col("source") == before["source"])
        & (pl.col("build_id") == before["build_id"])
        & (pl.col("status") == before["status"])
        & (pl.col("is_finished") == before["is_finished"])
        & ((pl.col("cause") == "unknown") | (pl.col("cause") == before["cause"]))
    ).fill_null(value=False)
    for name in details:
        is_same &= pl.col(name).is_null() | pl.col(name).eq_missing(before[name])
    chosen = both.filter(~is_same)["number"].drop_nulls().sort()
    return told[chosen]


def _numbers(told: pl.Series, known: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Numbers for the values of both, equal for equal values, in no order."""
    both = pl.concat([told, known]).to_frame()
    if repeated(both, both.columns).any():
        return _codes(told.to_frame(), known.to_frame())
    numbers = np.arange(both.height, dtype=np.int64)
    return numbers[: len(told)], numbers[len(told) :]


def _codes(told: pl.DataFrame, known: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Numbers in sorted order for the rows of `told` and for those of `known`, equal for equal rows."""
    names = told.columns
    both = pl.concat([told, known.select(names)])
    number = both.unique().sort(names).with_row_index("number")
    codes = both.join(number, on=names, how="left", nulls_equal=True, maintain_order="left")["number"]
    numbers = codes.to_numpy().astype(np.int64)
    return numbers[: told.height], numbers[told.height :]


def _order(columns: list[np.ndarray]) -> np.ndarray:
    """Stable order by the columns, the first before the second; packed into one integer where they fit."""
    bits = [int(column.max(initial=0)).bit_length() for column in columns]
    if sum(bits) > 62:
        return np.lexsort(columns[::-1])
    packed = columns[0]
    for column, width in zip(columns[1:], bits[1:], strict=True):
        packed = (packed << width) | column
    return np.argsort(packed, kind="stable")
