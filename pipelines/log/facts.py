"""Statuses of builds in whole listings, as facts where they differ from the fact next before them in time.

Next before in `observed_at`, among the facts of the log and of the listing together, never in order of
arrival: a listing that comes late is compared with what was true then.
"""

import numpy as np
import polars as pl

from pipelines.sources.base import Listing


def changed(listing: Listing, known: pl.DataFrame) -> pl.DataFrame:
    """Facts that differ from the one next before them in observed_at, per build id.

    At one instant facts are in the order of their words, as `replay.build_facts` takes them.
    """
    rows = listing.rows
    instants = listing.observations["observed_at"]
    number = _codes(listing.builds.select("build_id"), known)
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
    facts = rows[chosen[chosen < rows.height]]
    facts = pl.concat(
        [
            facts.drop("observation", "build", "status"),
            listing.builds[facts["build"]],
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
