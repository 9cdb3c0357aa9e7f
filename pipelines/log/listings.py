"""Turns whole listings into what changed: `membership_changed` rows, `build_observed` facts and checksums.

Set-wise over the order of observations (ordinal, evaluation, observed_at, id), never snapshot by snapshot,
and on integers until the few rows that changed are known. The state after an observation is exactly its
listing: rows of systems that it does not cover are not carried over, so a system that returns is listed anew,
and one that is not covered is never unlisted.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipelines.log import facts
from pipelines.log.distinct import is_one, rows_at
from pipelines.sources.base import Listing

try:
    # Python's own: that of `hashlib` takes three times as long to begin, and there is one for each short text.
    from _md5 import md5  # type: ignore[import-not-found]
except ImportError:
    from hashlib import md5

KEY_FRAME_EVERY = 200
"""Observations after which the whole listing is stated again, which bounds what a reader must replay."""
KEY = ["attr", "system", "variant"]
_WORDS = ("listed", "rebuilt", "unlisted")
_UNLISTED = 2


@dataclass(frozen=True)
class Base:
    """The newest durable observation of a jobset and what is known of it.

    `listing`: attr, system, variant, build_id. `since_key_frame`: observations since the last one.
    """

    observation_id: str
    systems: list[str]
    listing: pl.DataFrame
    since_key_frame: int


@dataclass(frozen=True)
class Changes:
    """What a listing adds to the log."""

    checksums: pl.DataFrame
    """observation id, listed_rows, listing_checksum."""
    membership: pl.DataFrame
    builds: pl.DataFrame
    repeated: pl.DataFrame
    """Rows left out: an observation names a job twice, with other builds or statuses. Of these the first in the
    order of build and status counts."""


@dataclass(frozen=True)
class _Sorted:
    """Rows of the base (position 0) and of every observation (1, 2, ...), sorted by (job, position)."""

    job: np.ndarray
    position: np.ndarray
    build: np.ndarray
    system: np.ndarray
    covered: np.ndarray
    """covered[position, system]: whether that observation covers the system; one row more than positions."""


def row_hash(builds: pl.DataFrame) -> np.ndarray:
    """Fixed 64-bit hash of each (attr, system, variant, build_id): first 8 bytes of an MD5, little endian.

    The same number as DuckDB's `md5_number_upper` of these joined by "|", read as a signed integer: the log has no
    unsigned ones.
    """
    columns = ("attr", "system", "variant", "build_id")
    joined = builds.select(
        pl.concat_str(columns, separator="|", ignore_nulls=True).cast(pl.Binary)
    ).to_series()
    hashes = b"".join([md5(text).digest() for text in joined.to_list()])  # noqa: S324 (a number, no secret)
    return np.ascontiguousarray(np.frombuffer(hashes, dtype="<i8")[::2], dtype=np.int64)


def changes(listing: Listing, base: Base | None, known: pl.DataFrame) -> Changes:
    """Changes that tell the listing from `base`, and from one observation of it to the next.

    `known`: build_id, observed_at, status, cause and is_finished of every fact that the log has about builds
    of the listing.
    """
    order = listing.observations.with_row_index("observation").sort(
        "ordinal", "evaluation_id", "observed_at", "id"
    )
    observation = listing.rows["observation"].to_numpy()
    position = np.empty(order.height, dtype=np.int64)
    position[order["observation"].to_numpy()] = np.arange(1, order.height + 1)
    position = position[observation] if len(observation) else np.empty(0, dtype=np.int64)
    build = listing.rows["build"].to_numpy().astype(np.int64)
    checksums = _checksums(order, position, build, row_hash(listing.builds))
    builds = listing.builds
    if base is not None:
        # The base's builds get the listing's numbers where it has them: equal builds, equal numbers.
        columns = [*KEY, "build_id"]
        numbered = builds.with_row_index("number")
        extra = base.listing.select(columns).join(numbered, on=columns, how="anti")
        builds = pl.concat([builds.select(columns), extra])
        of_base = (
            base.listing.select(columns)
            .join(builds.with_row_index("number"), on=columns)["number"]
            .to_numpy()
        )
        position = np.concatenate([position, np.zeros(len(of_base), dtype=np.int64)])
        build = np.concatenate([build, of_base.astype(np.int64)])
    places = _sorted(order, builds, position, build, base)
    if ((places.job[1:] == places.job[:-1]) & (places.position[1:] == places.position[:-1])).any():
        once, repeated = _once(listing)
        return replace(changes(once, base, known), repeated=repeated)
    edits, key_frames = _edits(places, order.height, checksums["listed_rows"].to_numpy(), base)
    membership = _membership(listing, order, builds, edits, key_frames, base)
    return Changes(checksums, membership, facts.changed(listing, known), listing.builds.clear())


def _once(listing: Listing) -> tuple[Listing, pl.DataFrame]:
    """The listing with each job once in an observation, and the names of what was left out."""
    job = _job_numbers(listing.builds)
    place = (listing.rows["observation"].to_numpy().astype(np.int64) << 32) | job[
        listing.rows["build"].to_numpy()
    ]
    rows = listing.rows.with_columns(place=pl.Series(place)).with_row_index("number")
    ordered = rows.with_columns(
        build_id=listing.builds["build_id"].gather(rows["build"]),
        word=listing.statuses["source_status"].gather(rows["status"])
        if "status" in rows.columns
        else pl.lit(None, pl.String),
    ).sort("place", "build_id", "word")
    kept = ordered.unique("place", keep="first", maintain_order=True).sort("number")
    left = ordered.join(kept, on="number", how="anti")
    named = pl.concat(
        [
            listing.observations[left["observation"]].select("evaluation_id"),
            listing.builds[left["build"]],
            left.select("word"),
        ],
        how="horizontal",
    )
    rows = listing.rows[kept["number"]]
    return replace(listing, rows=rows), named.sort(named.columns)


def _checksums(
    order: pl.DataFrame, position: np.ndarray, build: np.ndarray, hashes: np.ndarray
) -> pl.DataFrame:
    """Rows and sum of hashes modulo 2^64 (wrapping signed addition) of every observation."""
    rows = np.bincount(position, minlength=order.height + 1)[1:]
    sums = np.zeros(order.height + 1, dtype=np.int64)
    np.add.at(sums, position, hashes[build])
    return order.select("id").with_columns(
        listed_rows=pl.Series(rows.astype(np.int64)), listing_checksum=pl.Series(sums[1:])
    )


def _sorted(
    order: pl.DataFrame, builds: pl.DataFrame, position: np.ndarray, build: np.ndarray, base: Base | None
) -> _Sorted:
    systems = sorted(
        set(builds["system"].unique())
        | {s for row in order["systems"] for s in row}
        | set(base.systems if base else [])
    )
    number = {name: n for n, name in enumerate(systems)}
    covered = np.zeros((order.height + 2, max(len(systems), 1)), dtype=bool)
    for place, names in enumerate([base.systems if base else [], *order["systems"].to_list()]):
        covered[place, [number[name] for name in names]] = True
    job_of_build = _job_numbers(builds)
    system_of_build = builds["system"].replace_strict(number, return_dtype=pl.Int64).to_numpy()
    job = job_of_build[build]
    by = np.argsort((job << 32) | position, kind="stable")
    return _Sorted(job[by], position[by], build[by], system_of_build[build[by]], covered)


def _job_numbers(builds: pl.DataFrame) -> np.ndarray:
    """A number for the job of each build, equal for equal jobs."""
    differing = [name for name in KEY if not is_one(builds[name])]
    if any(builds[name].null_count() for name in differing):
        return builds.select(pl.struct(KEY).rank("dense")).to_series().to_numpy().astype(np.int64)
    numbers = np.zeros(builds.height, dtype=np.int64)
    for name in differing:
        # Words numbered as they come: to rank them would compare them.
        words = builds[name].cast(pl.Categorical(pl.Categories.random())).to_physical().to_numpy()
        numbers = numbers * (int(words.max()) + 1) + words
    return numbers if len(differing) < 2 else np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def _edits(
    places: _Sorted, last: int, listed: np.ndarray, base: Base | None
) -> tuple[dict[str, np.ndarray], set[int]]:
    """Rows by which each listing differs from the one before, whole ones at key frames; and the key frames.

    A key frame: no base, a delta of more than half of the listing, every 200th observation, or a listing that
    lost rows only because it does not cover their system (an observation without changes equals its base).
    """
    job, position, build = places.job, places.position, places.build
    same_job = job[1:] == job[:-1]
    follows = np.zeros(len(job), dtype=bool)
    follows[1:] = same_job & (position[1:] == position[:-1] + 1)
    same_build = np.zeros(len(job), dtype=bool)
    same_build[1:] = build[1:] == build[:-1]
    arrived = (position > 0) & ~(follows & same_build)
    stays = np.zeros(len(job), dtype=bool)
    stays[:-1] = follows[1:]
    ends = ~stays & (position < last)
    leaves = ends & places.covered[position + 1, places.system]
    dropped = np.bincount(position[ends & ~leaves] + 1, minlength=last + 2)
    counts = np.bincount(position[arrived], minlength=last + 2) + np.bincount(
        position[leaves] + 1, minlength=last + 2
    )
    frames = _key_frames(counts[1:], dropped[1:], listed, base)
    is_frame = np.zeros(last + 2, dtype=bool)
    is_frame[list(frames)] = True
    listed_rows = np.flatnonzero((arrived | is_frame[position]) & (position > 0))
    left_rows = np.flatnonzero(leaves & ~is_frame[position + 1])
    rebuilt = follows[listed_rows] & ~is_frame[position[listed_rows]]
    edits = {
        "position": np.concatenate([position[listed_rows], position[left_rows] + 1]),
        "build": np.concatenate([build[listed_rows], build[left_rows]]),
        "change": np.concatenate(
            [rebuilt.astype(np.int8), np.full(len(left_rows), _UNLISTED, dtype=np.int8)]
        ),
    }
    # As the lists came: what lies together is fetched together, and is nearly in the order of the log.
    by = np.argsort((edits["position"] << 32) | edits["build"], kind="stable")
    return {name: column[by] for name, column in edits.items()}, frames


def _key_frames(counts: np.ndarray, dropped: np.ndarray, listed: np.ndarray, base: Base | None) -> set[int]:
    frames = set()
    since = base.since_key_frame if base is not None else KEY_FRAME_EVERY
    told = zip(counts.tolist(), dropped.tolist(), listed.tolist(), strict=False)
    for position, (changed, lost, whole) in enumerate(told, start=1):
        since += 1
        if since >= KEY_FRAME_EVERY or 2 * changed > whole or (lost and not changed):
            frames.add(position)
            since = 0
    return frames


def _membership(
    listing: Listing,
    order: pl.DataFrame,
    builds: pl.DataFrame,
    edits: dict[str, np.ndarray],
    key_frames: set[int],
    base: Base | None,
) -> pl.DataFrame:
    position = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    named = order.select(
        "observed_at",
        observation_id="id",
        base_observation_id=pl.when(position.is_in(pl.Series(sorted(key_frames), dtype=pl.Int64).implode()))
        .then(None)
        .otherwise(pl.col("id").shift(1, fill_value=base.observation_id if base else None)),
    )
    words = pl.Series(_WORDS)
    change = words.gather(pl.Series(edits["change"]))
    listed = rows_at(builds, edits["build"])
    if (edits["change"] == _UNLISTED).any():
        listed = listed.with_columns(build_id=pl.when(change != "unlisted").then("build_id"))
    return pl.concat(
        [
            listed.with_columns(change=change),
            named[edits["position"] - 1],
        ],
        how="horizontal",
    ).with_columns(source=pl.lit(listing.source), jobset=pl.lit(listing.jobset))
