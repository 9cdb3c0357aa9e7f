"""What the log says of a jobset now: the newest durable observation, its listing, statuses of builds.

Only what is needed to write the next change: from the key frame before it on.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.log.listings import KEY, Base
from pipelines.log.store import EventLog


def newest(log: EventLog, source: str, jobset: str) -> Base | None:
    """The newest observation of the jobset by (ordinal, evaluation, observed_at, id), with its listing."""
    observations = (
        log.scan("evaluation_observed")
        .filter(pl.col("source") == source, pl.col("jobset") == jobset, pl.col("listed_rows").is_not_null())
        .select("id", "ordinal", "evaluation_id", "observed_at", "systems", "listed_rows")
        .sort("ordinal", "evaluation_id", "observed_at", "id")
        .collect()
    )
    if observations.is_empty():
        return None
    last = observations.row(-1, named=True)
    edges = (
        log.scan("membership_changed")
        .filter(pl.col("source") == source, pl.col("jobset") == jobset)
        .select("observation_id", "base_observation_id")
        .unique()
        .collect()
    )
    bases = dict(edges.iter_rows())
    systems = dict(observations.select("id", "systems").iter_rows())
    path, complete = _path_back(last["id"], observations, bases)
    if not complete:
        return None
    rows = (
        log.scan("membership_changed")
        .filter(
            pl.col("source") == source,
            pl.col("jobset") == jobset,
            pl.col("observation_id").is_in(pl.Series(path, dtype=pl.String).implode()),
        )
        .select("observation_id", *KEY, "change", "build_id")
        .collect()
    )
    listing = replay(path, rows, systems)
    return Base(
        observation_id=last["id"],
        systems=last["systems"],
        listing=listing,
        statuses=_statuses(log, source, jobset, listing["build_id"]),
        since_key_frame=len(path) - 1,
    )


def _path_back(last: str, observations: pl.DataFrame, bases: dict[str, str | None]) -> tuple[list[str], bool]:
    """Observations from a key frame to `last`, oldest first; False if the way back is broken.

    An observation without changes stands for its predecessor's listing; one of no rows for an empty one.
    """
    order = observations["id"].to_list()
    place = {identity: n for n, identity in enumerate(order)}
    empty = set(observations.filter(pl.col("listed_rows") == 0)["id"])
    path, at = [last], last
    while True:
        if at in empty or (at in bases and bases[at] is None):
            return path[::-1], True
        before = bases.get(at) or (order[place[at] - 1] if place.get(at, 0) > 0 else None)
        if before is None or before not in place or before in path[-KEY_LIMIT:]:
            return path[::-1], False
        path.append(before)
        at = before


KEY_LIMIT = 10_000
"""Longest way back to a key frame that is followed."""


def replay(path: Sequence[str], rows: pl.DataFrame, systems: dict[str, list[str]]) -> pl.DataFrame:
    """Listing after the last observation of a path that begins with a key frame.

    A job's newest change counts, unless an observation after it does not cover its system.
    """
    place = pl.DataFrame(
        {"observation_id": path, "position": range(len(path))}, schema_overrides={"position": pl.Int64}
    )
    last_uncovered = {
        system: max((n for n, identity in enumerate(path) if system not in systems[identity]), default=-1)
        for system in {s for identity in path for s in systems[identity]}
    }
    uncovered = pl.DataFrame(
        {"system": list(last_uncovered), "uncovered": list(last_uncovered.values())},
        schema={"system": pl.String, "uncovered": pl.Int64},
    )
    return (
        rows.join(place, on="observation_id")
        .sort("position")
        .group_by(KEY, maintain_order=True)
        .last()
        .join(uncovered, on="system")
        .filter(pl.col("change") != "unlisted", pl.col("position") > pl.col("uncovered"))
        .select(*KEY, "build_id")
        .sort(KEY)
    )


def _statuses(log: EventLog, source: str, jobset: str, builds: pl.Series) -> pl.DataFrame:
    return (
        log.scan("build_observed")
        .filter(
            pl.col("source") == source,
            pl.col("jobset") == jobset,
            pl.col("build_id").is_in(builds.implode()),
        )
        .select("build_id", "status", "is_finished", "observed_at")
        .collect()
        .sort("build_id", "observed_at", "status")
        .group_by("build_id", maintain_order=True)
        .last()
    )
