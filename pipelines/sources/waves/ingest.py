"""Records what folders of waves declare and what tags say, if the log does not hold it.

A text that changed although its date did not is refused: the newest date holds, whatever the order of arrival.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import polars as pl

from models.events import Event
from pipelines import ingest
from pipelines.errors import BadInput
from pipelines.ingest import Ingested
from pipelines.log import schema
from pipelines.log.store import EventLog
from pipelines.sources.base import Facts
from pipelines.sources.waves import declared, tags
from pipelines.sources.waves.declared import SOURCE, Declared

DATE = {"wave_declared": "declared", "wave_package_resolved": "date"}
"""The key of the date that is to change with the text."""


def ingest_waves(folder: Path, log: EventLog, quarantine: Path, progress: Callable[[str], None]) -> Ingested:
    """Append the waves and resolutions that are new. Raises BadInput with file and line."""
    progress(f"reading the waves of {folder}")
    found = declared.folder(folder)
    with log.writer_lock():
        fresh = [one for part in _by_type(found) for one in unrecorded(part, log)]
        return ingest.record(
            Facts(SOURCE, events=[one.event for one in fresh]), "waves", log, quarantine, progress
        )


def ingest_tags(
    given: Path | str, log: EventLog, quarantine: Path, progress: Callable[[str], None], now: datetime
) -> Ingested:
    """Append the tags of waves that are new: of a repository, of a file of `git ls-remote`, or of such a text."""
    progress("reading tags of waves")
    if isinstance(given, str):
        found = tags.of_listing(given)
    elif given.is_dir():
        found = tags.of_repository(given)
    else:
        found = tags.of_listing(_text(given))
    with log.writer_lock():
        known = ingest.known(log).ids("wave_tagged", SOURCE)
        fresh: list[Event] = [event for event in tags.events(found, now) if event.id not in known]
        return ingest.record(Facts(SOURCE, events=fresh), "tags of waves", log, quarantine, progress)


def unrecorded(given: list[Declared], log: EventLog) -> list[Declared]:
    """Those of one event type that the log does not hold. Raises BadInput for another text of the same date."""
    if not given:
        return []
    event_type = str(type(given[0].event).__struct_config__.tag)
    told = schema.frame_of([one.event for one in given])
    ids = pl.Series([one.id for one in given], dtype=pl.String)
    recorded = log.scan(event_type).filter(pl.col("id").is_in(ids.implode())).collect()
    before = {row["id"]: row for row in recorded.select(told.columns).iter_rows(named=True)}
    fresh = []
    for one, row in zip(given, told.iter_rows(named=True), strict=True):
        if one.id not in before:
            fresh.append(one)
        elif before[one.id] != row:
            key = DATE[event_type]
            day = f"{one.event.observed_at:%Y-%m-%d}"
            raise one.file.fault(
                f"changed, but `{key}` is still {day}: set it to the date of the change.", *one.place, key
            )
    return fresh


def _by_type(found: Iterable[Declared]) -> list[list[Declared]]:
    parts: dict[type[Event], list[Declared]] = {}
    for one in found:
        parts.setdefault(type(one.event), []).append(one)
    return list(parts.values())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            content = handle.read(tags.LONGEST + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): correct the name.") from error
    if len(content) > tags.LONGEST:
        raise BadInput(f"{path} has more than {tags.LONGEST:,} bytes: keep the lines of tags of waves only.")
    return content.decode(errors="replace")
