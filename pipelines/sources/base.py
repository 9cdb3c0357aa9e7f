"""What a source is, and what it yields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
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

    `observations`: id, evaluation_id, ordinal, observed_at, systems (list); unsorted.
    `builds`: attr, system, variant, build_id; distinct rows.
    `statuses`: source_status, status, is_finished, cause.
    `rows`: integers `observation`, `build`, `status` (row numbers in the three frames above) and, where the
    source tells them, is_maintained, dependents_unbroken, dependents_all. At most one row per observation and
    (attr, system, variant). Without `status` (and `statuses` empty) a listing tells only which builds there are:
    their facts come with instants of their own, as the frame `build_observed`.
    """

    source: str
    jobset: str
    observations: pl.DataFrame
    builds: pl.DataFrame
    statuses: pl.DataFrame
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

    @property
    def NAME(self) -> str:  # noqa: N802 (a constant of the module)
        """Name of the history."""
        ...

    @property
    def WANTS(self) -> str:  # noqa: N802 (a constant of the module)
        """The files by which it is recognised, for the error message."""
        ...

    def recognises(self, path: Path) -> bool:
        """Whether the folder holds this source's files."""
        ...

    def read(self, path: Path, known: Known, progress: Progress) -> Facts:
        """Facts that the log does not hold yet. Raises BadInput if a file as a whole cannot be read."""
        ...


REJECTED_ROWS = 1000
"""Rows of one kind kept one by one; those beyond are counted."""


def reject(rows: pl.DataFrame, file: str, reason: str, jobset: str | None = None) -> list[Rejected]:
    """Unusable rows of a table as rejects, the first thousand with their content."""
    kept = [
        Rejected(file, reason, repr(row).encode(), jobset=jobset)
        for row in rows.head(REJECTED_ROWS).iter_rows()
    ]
    if rows.height > REJECTED_ROWS:
        kept.append(Rejected(file, reason, b"", rows=rows.height - REJECTED_ROWS, jobset=jobset))
    return kept


def number_builds(attr: pl.Series, system: pl.Series, build_id: pl.Series) -> tuple[pl.DataFrame, np.ndarray]:
    """Distinct (attr, system, build_id) as a Listing's `builds`, sorted, and each row's number in it.

    `attr` and `system` are categorical, `build_id` integers.
    """
    name = (attr.to_physical().to_numpy().astype(np.int64) << 16) | system.to_physical().to_numpy()
    identity = build_id.to_numpy()
    # Rows of one build often stand together: what is sorted and numbered is one row per such run.
    starts = np.ones(len(identity), dtype=bool)
    starts[1:] = (identity[1:] != identity[:-1]) | (name[1:] != name[:-1])
    run = np.cumsum(starts) - 1
    firsts = np.flatnonzero(starts)
    ids, id_number = np.unique(identity[firsts], return_inverse=True)
    _, name_first, name_number = np.unique(name[firsts], return_index=True, return_inverse=True)
    pairs, build = np.unique((id_number.astype(np.int64) << 32) | name_number, return_inverse=True)
    build, name_first = build[run], firsts[name_first]
    of_name = name_first[pairs & 0xFFFFFFFF]
    builds = pl.DataFrame(
        {
            "attr": attr.gather(of_name).cast(pl.String),
            "system": system.gather(of_name).cast(pl.String),
            "variant": pl.repeat("", len(pairs), eager=True),
            "build_id": pl.Series(ids[pairs >> 32]).cast(pl.String),
        }
    )
    return builds, build.astype(np.uint32)
