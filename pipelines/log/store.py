"""Append to and read the event log.

A batch writes its event tables first and its row in `batches` last: rows whose batch is not there do not
exist for any reader. A row of `batches` names tables, row counts, digests and the hash of the row before, so
the newest hash is *the version of the data*. The hash leaves `recorded_at` out: the same observations
ingested in the same steps have the same version wherever and whenever it is done.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)

from models.events import EVENT_TYPES
from pipelines.errors import BadInput
from pipelines.log import lock, schema
from pipelines.log import tables as log_tables

APPLICATION = "nixpkgs-health"
EMPTY_VERSION = "0" * 64
_DISTINCT = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BYTE_ARRAY")
"""Nearly every value is there once: a dictionary of them costs a quarter of the file and half of the time."""
WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=6,
    max_row_group_size=1_000_000,
    dictionary_page_size_limit=8_000_000,
    column_properties=dict.fromkeys(("build_id", "drv_path", "log_url"), _DISTINCT),
)
_BATCHES = pa.schema(
    [
        pa.field("batch", pa.int32(), nullable=False),
        pa.field("recorded_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("description", pa.string(), nullable=False),
        pa.field(
            "tables",
            pa.list_(
                pa.struct(
                    [
                        pa.field("name", pa.string()),
                        pa.field("rows", pa.int64()),
                        pa.field("digest", pa.string()),
                    ]
                )
            ),
            nullable=False,
        ),
        pa.field("previous_hash", pa.string(), nullable=False),
        pa.field("hash", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Batch:
    """One ingest call that appended something."""

    batch: int
    recorded_at: datetime
    description: str
    tables: tuple[tuple[str, int, str], ...]
    previous_hash: str
    hash: str

    @property
    def rows(self) -> int:
        """Rows appended over all tables."""
        return sum(rows for _, rows, _ in self.tables)


def chain_hash(batch: int, description: str, tables: tuple[tuple[str, int, str], ...], previous: str) -> str:
    """SHA-256 over a batch's canonical row without `recorded_at`."""
    row = {
        "batch": batch,
        "description": description,
        "tables": [list(t) for t in tables],
        "previous_hash": previous,
    }
    return hashlib.sha256(json.dumps(row, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class EventLog:
    """The log below one directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def writer_lock(self) -> AbstractContextManager[None]:
        """Hold the log for writing. Raises Busy when another process does."""
        return lock.exclusive(self.path.with_name(self.path.name + ".lock"), f"the event log {self.path}")

    def batches(self) -> list[Batch]:
        """All batches, oldest first. A log that does not exist has none."""
        if not DeltaTable.is_deltatable(str(self.path / "batches")):
            return []
        rows = pl.read_parquet(table_files(self.path / "batches")).sort("batch").to_dicts()
        return [
            Batch(
                row["batch"],
                row["recorded_at"],
                row["description"],
                tuple((t["name"], t["rows"], t["digest"]) for t in row["tables"]),
                row["previous_hash"],
                row["hash"],
            )
            for row in rows
        ]

    def version(self) -> str:
        """Hash of the newest batch; zeros for an empty log."""
        batches = self.batches()
        return batches[-1].hash if batches else EMPTY_VERSION

    def files(self, event_type: str) -> list[str]:
        """Parquet files of an event type's table; empty where it has no rows."""
        path = self.path / event_type
        return table_files(path) if DeltaTable.is_deltatable(str(path)) else []

    def scan(self, event_type: str, last_batch: int | None = None) -> pl.LazyFrame:
        """Rows of an event type in committed batches, up to `last_batch`."""
        files = self.files(event_type)
        if not files:
            return schema.polars_schema(event_type).to_frame().lazy()
        batches = self.batches()
        last = batches[-1].batch if batches else 0
        newest = last if last_batch is None else min(last, last_batch)
        return schema.scan(files, event_type).filter(pl.col("batch") <= newest)

    def append(
        self, facts: Mapping[str, pl.DataFrame], description: str, recorded_at: datetime | None = None
    ) -> Batch | None:
        """Append one batch; None if there is nothing to append. The caller holds the writer lock.

        Durable when it returns: files and folders are synchronised, which the storage library does not do.
        """
        unknown = set(facts) - set(EVENT_TYPES)
        if unknown:
            raise KeyError(f"no such event type: {', '.join(sorted(unknown))}")
        wanted = [(name, facts[name]) for name in EVENT_TYPES if name in facts and facts[name].height]
        if not wanted:
            return None
        batches = self.batches()
        last = batches[-1].batch if batches else 0
        self.forget_unfinished(last)
        tables = []
        for name, table, digest in log_tables.tables(wanted, last + 1):
            self._write(name, table, last + 1)
            tables.append((name, table.num_rows, digest))
        previous = batches[-1].hash if batches else EMPTY_VERSION
        batch = Batch(
            last + 1,
            (recorded_at or datetime.now(UTC)).astimezone(UTC),
            description,
            tuple(tables),
            previous,
            chain_hash(last + 1, description, tuple(tables), previous),
        )
        row = {
            "batch": batch.batch,
            "recorded_at": batch.recorded_at,
            "description": batch.description,
            "tables": [{"name": n, "rows": r, "digest": d} for n, r, d in batch.tables],
            "previous_hash": batch.previous_hash,
            "hash": batch.hash,
        }
        self._write("batches", pa.Table.from_pylist([row], schema=_BATCHES), batch.batch)
        return batch

    def _write(self, name: str, table: pa.Table, batch: int) -> None:
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        write_deltalake(
            path,
            table,
            mode="append",
            schema_mode="merge",
            writer_properties=WRITER,
            commit_properties=CommitProperties(
                custom_metadata={"batch": str(batch)}, app_transactions=[Transaction(APPLICATION, batch)]
            ),
        )
        synchronise(path)

    def forget_unfinished(self, last: int) -> None:
        """Take back what a killed writer appended after the last committed batch. The caller holds the lock.

        Each table's newest commit names its batch; one beyond the last belongs to no batch row, and the table
        is restored to the newest version that does not hold it.
        """
        for name in EVENT_TYPES:
            path = self.path / name
            if not path.exists() or not DeltaTable.is_deltatable(str(path)):
                continue
            table = DeltaTable(path)
            if int(table.history(1)[0].get("batch", 0)) <= last:
                continue
            history = table.history()
            good = next((h["version"] for h in history if int(h.get("batch", 0)) <= last), None)
            if good is None:
                _remove_table(path)
            else:
                table.restore(good, commit_properties=CommitProperties(custom_metadata={"batch": str(last)}))
                synchronise(path)


def table_files(path: Path) -> list[str]:
    """Parquet files of a table's newest version."""
    return sorted(uri.removeprefix("file://") for uri in DeltaTable(path).file_uris())


def _remove_table(path: Path) -> None:
    """Remove a table that no committed batch ever wrote to, its commits first: it is no table at once."""
    for commit in sorted((path / "_delta_log").glob("*.json"), reverse=True):
        commit.unlink()
    for data in path.glob("*.parquet"):
        data.unlink()


def synchronise(path: Path) -> None:
    """Flush the newest commit of a table, the files it added and its checkpoint, if any, to the disk."""
    commits = sorted((path / "_delta_log").glob("*.json"))
    if not commits:
        raise BadInput(f"{path} holds no commit after a write: is something else removing files there?")
    for line in commits[-1].read_text(encoding="utf-8").splitlines():
        added = json.loads(line).get("add")
        if added:
            _fsync(path / added["path"])
    checkpoints = sorted((path / "_delta_log").glob("*.checkpoint.parquet"))[-1:]
    pointer = [place for place in (path / "_delta_log" / "_last_checkpoint",) if place.exists()]
    for place in (commits[-1], *checkpoints, *pointer, path / "_delta_log", path, path.parent):
        _fsync(place)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
