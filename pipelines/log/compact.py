"""Joins the many small files of the log's tables into few. Rows, digests and the version stay as they are.

Files that are superseded stay for a week, since a reader that has just begun, and the views of a warehouse
that was built before, still name them; a later compaction removes them. Every relation orders its own rows,
so the order of rows in the joined files decides nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deltalake import CommitProperties, DeltaTable

from models.events import EVENT_TYPES
from pipelines.log.store import WRITER, EventLog, synchronise, table_files

RETENTION_HOURS = 168
"""Hours for which superseded files are kept: Delta's own default."""


@dataclass(frozen=True)
class CompactedTable:
    """What became of one table."""

    name: str
    files_before: int
    files_after: int
    bytes_before: int
    """Of the files that the table consists of, before."""
    bytes_after: int
    removed: int
    """Superseded files deleted, of this and earlier compactions."""


@dataclass(frozen=True)
class CompactResult:
    """What a compaction did."""

    tables: tuple[CompactedTable, ...]
    version: str
    """Version of the data: the same before and after."""

    def sentence(self) -> str:
        """What was gained."""
        before, after = (
            sum(getattr(t, name) for t in self.tables) for name in ("files_before", "files_after")
        )
        removed = sum(t.removed for t in self.tables)
        size = sum(t.bytes_after for t in self.tables)
        return (
            f"{before:,} files became {after:,} ({size / 2**20:.1f} MiB), {removed:,} superseded ones were removed. "
            f"Version of the data, as before: {self.version}"
        )


def compact(
    log: EventLog, progress: Callable[[str], None] = lambda _: None, retention_hours: int = RETENTION_HOURS
) -> CompactResult:
    """Compact every table of the log and delete what was superseded longer ago than `retention_hours`.

    With 0 hours everything superseded goes at once: only where nobody reads, and the warehouse is built anew.
    Raises Busy if the log is being written.
    """
    with log.writer_lock():
        batches = log.batches()
        last = batches[-1].batch if batches else 0
        log.forget_unfinished(last)
        done = []
        for name in (*EVENT_TYPES, "batches"):
            path = log.path / name
            if DeltaTable.is_deltatable(str(path)):
                progress(f"compacting {name}")
                done.append(_table(path, last, retention_hours))
        return CompactResult(tuple(done), log.version())


def _table(path: Path, last: int, retention_hours: int) -> CompactedTable:
    # The newest commit of a table names its batch: by it the store finds what was never finished.
    named = CommitProperties(custom_metadata={"batch": str(last)})
    before = _sizes(path)
    table = DeltaTable(path)
    table.optimize.compact(writer_properties=WRITER, commit_properties=named, max_concurrent_tasks=1)
    synchronise(path)
    # Delta goes on naming what an earlier compaction removed.
    superseded = [
        name
        for name in table.vacuum(retention_hours, dry_run=True, enforce_retention_duration=False)
        if (path / name).exists()
    ]
    if superseded:
        table.vacuum(
            retention_hours, dry_run=False, enforce_retention_duration=False, commit_properties=named
        )
        synchronise(path)
    after = _sizes(path)
    return CompactedTable(path.name, len(before), len(after), sum(before), sum(after), len(superseded))


def _sizes(path: Path) -> list[int]:
    return [Path(file).stat().st_size for file in table_files(path)]
