"""From a source's facts to a batch of the log. The only caller of `EventLog.append` for observations."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from models.events import Event
from pipelines import sources
from pipelines.errors import BadInput
from pipelines.log import derived_ids, listings, quarantine, schema, state
from pipelines.log import facts as build_facts
from pipelines.log.store import Batch, EventLog
from pipelines.sources import derivation_hashes
from pipelines.sources.base import Facts, Known, Rejected, reject


@dataclass(frozen=True)
class Ingested:
    """What one ingest call did."""

    source: str
    batch: Batch | None
    rejected: int

    def sentence(self) -> str:
        """For the terminal."""
        done = (
            f"{self.batch.rows:,} rows appended as batch {self.batch.batch}" if self.batch else "nothing new"
        )
        rejects = f"\n  {self.rejected:,} inputs rejected: in quarantine, and a gap" if self.rejected else ""
        return f"{self.source}: {done}{rejects}"


def history(path: Path, log: EventLog, quarantine_dir: Path, progress: Callable[[str], None]) -> Ingested:
    """Ingest one history folder. Raises BadInput when it is not recognised, Busy when the log is being written."""
    source = sources.recognise(path)
    with log.writer_lock():
        try:
            facts = source.read(path, known(log), progress)
        except (
            pl.exceptions.PolarsError,
            pl.exceptions.PanicException,
            UnicodeDecodeError,
            OSError,
        ) as error:
            first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise BadInput(
                f"{path} cannot be read as {source.NAME} ({first_line}): fetch the folder again, or leave it out."
            ) from error
        return record(facts, source.NAME, log, quarantine_dir, progress, f"history {source.NAME}")


def known(log: EventLog) -> Known:
    """What the log holds already; read once per event type and source."""

    @cache
    def ids(event_type: str, source: str) -> set[str]:
        return set(log.scan(event_type).filter(pl.col("source") == source).select("id").collect()["id"])

    return Known(ids)


def record(
    facts: Facts,
    name: str,
    log: EventLog,
    quarantine_dir: Path,
    progress: Callable[[str], None] = lambda _: None,
    description: str | None = None,
) -> Ingested:
    """Append a source's facts as one batch, described by its name unless told otherwise. The caller holds the lock.

    `facts` holds no observation whose id the log has; its listings are told as changes against what the log holds,
    and so are its facts about builds, and what never changes once it is told.
    """
    frames = dict(facts.frames)
    if "build_observed" in frames and frames["build_observed"].height:
        told = state.untold(log, frames["build_observed"])
        frames["build_observed"] = (
            build_facts.fresh(told, state.build_facts(log, told)) if told.height else told
        )
    for event_type in derived_ids.EVENT_TYPES:
        if event_type in frames:
            frames[event_type] = derived_ids.untold(log, event_type, frames[event_type])
    repeated: list[Rejected] = []
    for listing in facts.listings:
        progress(f"comparing {listing.observations.height:,} lists of {listing.jobset}")
        base = state.newest(log, listing.source, listing.jobset)
        known_facts = state.facts(log, listing.source, listing.jobset, listing.builds["build_id"])
        changed = listings.changes(listing, base, known_facts)
        repeated += reject(changed.repeated, "lists", "job that its list names twice", listing.jobset)
        frames["evaluation_observed"] = _with_checksums(frames["evaluation_observed"], changed.checksums)
        _add(frames, "membership_changed", changed.membership)
        _add(frames, "build_observed", changed.builds)
    facts = replace(facts, rejected=facts.rejected + repeated)
    events = list(facts.events) + _gaps(facts, quarantine_dir, frames, known(log).ids)
    for event_type, structs in _by_type(events).items():
        _add(frames, event_type, schema.frame_of(structs))
    if "build_observed" in frames:
        frames["build_observed"] = derivation_hashes.of_builds(frames["build_observed"])
    progress("writing the log")
    return Ingested(name, log.append(frames, description or name), sum(r.rows for r in facts.rejected))


def _add(frames: dict[str, pl.DataFrame], event_type: str, frame: pl.DataFrame) -> None:
    present = frames.get(event_type)
    frames[event_type] = frame if present is None else pl.concat([present, frame], how="diagonal_relaxed")


def _with_checksums(observations: pl.DataFrame, checksums: pl.DataFrame) -> pl.DataFrame:
    joined = observations.drop("listed_rows", "listing_checksum", strict=False).join(
        checksums.select("id", "listed_rows", "listing_checksum"), on="id", how="left", maintain_order="left"
    )
    if "listed_rows" in observations.columns:
        kept = observations.select("id", old_rows="listed_rows", old_sum="listing_checksum")
        joined = joined.join(kept, on="id", maintain_order="left").with_columns(
            listed_rows=pl.coalesce("listed_rows", "old_rows"),
            listing_checksum=pl.coalesce("listing_checksum", "old_sum"),
        )
        joined = joined.drop("old_rows", "old_sum")
    return joined


def _gaps(
    facts: Facts, directory: Path, frames: dict[str, pl.DataFrame], ids: Callable[[str, str], set[str]]
) -> list[Event]:
    """Rejected input as gaps that are not declared yet, dated by the newest observation of the call."""
    if not facts.rejected:
        return []
    times = [frame["observed_at"].max() for frame in frames.values() if frame.height]
    times += [event.observed_at for event in facts.events]
    observed_at = max(times) if times else None  # type: ignore[type-var]
    declared = quarantine.keep(facts.rejected, directory, facts.source, observed_at)
    known = ids("gap_declared", facts.source)
    return [gap for gap in declared if gap.id not in known]


def _by_type(events: list[Event]) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in events:
        grouped.setdefault(str(type(event).__struct_config__.tag), []).append(event)
    return grouped
