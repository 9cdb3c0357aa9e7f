"""What a source is, and what it yields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl

from models.events import Event

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Known:
    """What the log holds already, so that nothing known is read twice.

    `ids` gives the ids of an event type's rows recorded for a source.
    """

    ids: Callable[[str, str], set[str]]


@dataclass(frozen=True)
class Listing:
    """The listings of observations of one jobset, whole, before they are turned into changes.

    `observations`: id, evaluation_id, ordinal, observed_at, systems (list). `rows`: observation_id, attr,
    system, variant, build_id, status, source_status, is_finished, cause and, where the source tells them,
    is_maintained and dependents; one row per (observation_id, attr, system, variant).
    """

    source: str
    jobset: str
    observations: pl.DataFrame
    rows: pl.DataFrame


@dataclass(frozen=True)
class Rejected:
    """Input that could not be used: kept in quarantine, counted, published as a gap."""

    file: str
    reason: str
    content: bytes
    rows: int = 1
    jobset: str | None = None
    evaluation_id: str | None = None


@dataclass(frozen=True)
class Facts:
    """What reading a path gave: events in structs, events in columns, listings, and what was rejected."""

    source: str
    events: list[Event] = field(default_factory=list)
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    listings: list[Listing] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Source(Protocol):
    """A module in `pipelines.sources` with these names."""

    NAME: str
    WANTS: str
    """The files by which it is recognised, for the error message."""

    def recognises(self, path: Path) -> bool:
        """Whether the folder holds this source's files."""
        ...

    def read(self, path: Path, known: Known, progress: Progress) -> Facts:
        """Facts that the log does not hold yet. Raises BadInput if a file as a whole cannot be read."""
        ...
