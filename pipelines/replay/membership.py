"""Restates listings that were recorded out of order, so that every change stands against its predecessor.

When something arrives late, the log holds observations that differ from another one than the one before them.
Recorded deltas form trees whose roots are key frames; each tree is walked once with one mutable listing (a
delta is applied on the way down and undone on the way up), and a listing is copied out only where it was
recorded out of order. Where nothing came late, the input is passed on as it is.
"""

from collections import defaultdict
from collections.abc import Iterator

import polars as pl
import pyarrow as pa

Listing = dict[int, str]
Undo = list[tuple[int, str | None]]
COLUMNS = ["observation", "is_key_frame", "job", "change", "build_id"]


def in_order(recorded: pa.Table) -> pa.Table:
    """Columns observation, base, edge, series, job, change, build_id in; COLUMNS out."""
    frame: pl.DataFrame = pl.from_arrow(recorded)  # type: ignore[assignment]
    rows = frame.filter(pl.col("change") != "covers")
    kept = rows.filter(pl.col("edge").is_in(["key_frame", "in_order"])).select(
        "observation", (pl.col("edge") == "key_frame").alias("is_key_frame"), "job", "change", "build_id"
    )
    parts = [kept]
    if (frame["edge"] == "out_of_order").any():
        restated = list(_restated(frame, rows))
        parts.append(pl.DataFrame(restated, schema=kept.schema, orient="row"))
    return pl.concat(parts).select(COLUMNS).to_arrow()


def _restated(frame: pl.DataFrame, rows: pl.DataFrame) -> Iterator[tuple[int, bool, int, str, str]]:
    """Whole listings of the observations recorded out of order."""
    about = frame.select("observation", "base", "edge").unique().sort("observation")
    children: dict[int, list[int]] = defaultdict(list)
    roots, wanted = [], set()
    for observation, base, edge in about.iter_rows():
        if edge == "key_frame":
            roots.append(observation)
        elif base is not None:
            children[base].append(observation)
        if edge == "out_of_order":
            wanted.add(observation)
    deltas: dict[int, list[tuple[int, str, str | None]]] = defaultdict(list)
    for observation, job, change, build in rows.select(
        "observation", "job", "change", "build_id"
    ).iter_rows():
        deltas[observation].append((job, change, build))
    series = dict(rows.select("job", "series").unique().iter_rows())
    covered: dict[int, set[int]] = defaultdict(set)
    for observation, number in (
        frame.filter(pl.col("change") == "covers").select("observation", "series").iter_rows()
    ):
        covered[observation].add(number)
    for root in roots:
        listing: Listing = {}
        undo: dict[int, Undo] = {}
        stack = [(root, False)]
        while stack:
            observation, leaving = stack.pop()
            if leaving:
                _undo(listing, undo.pop(observation))
                continue
            undo[observation] = _enter(listing, deltas[observation], covered[observation], series)
            if observation in wanted:
                yield from (
                    (observation, True, job, "listed", build) for job, build in sorted(listing.items())
                )
            stack.append((observation, True))
            stack.extend((child, False) for child in children[observation])


def _enter(
    listing: Listing, delta: list[tuple[int, str, str | None]], covered: set[int], series: dict[int, int]
) -> Undo:
    """Apply an observation to the listing; what is needed to take it back."""
    undo: Undo = []
    for job in [job for job in listing if series[job] not in covered]:
        undo.append((job, listing.pop(job)))
    for job, change, build in delta:
        undo.append((job, listing.get(job)))
        if change == "unlisted" or build is None:
            listing.pop(job, None)
        else:
            listing[job] = build
    return undo


def _undo(listing: Listing, undo: Undo) -> None:
    for job, build in reversed(undo):
        if build is None:
            listing.pop(job, None)
        else:
            listing[job] = build
