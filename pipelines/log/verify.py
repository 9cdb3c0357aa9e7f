"""Holds the log against its own record: the chain of hashes, and the rows and digests of every batch.

Rows beyond the last batch are what a writer left that was stopped; no reader sees them and the next ingest
takes them back. They are reported, and are no problem.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from models.events import EVENT_TYPES
from pipelines.log import digest, schema
from pipelines.log.order import in_order
from pipelines.log.store import EMPTY_VERSION, Batch, EventLog, chain_hash, table_files

Found = dict[int, tuple[int, str]]
"""Batch -> rows and digest, as recomputed from the files."""
RESTORE = "restore it from a copy of the log"


@dataclass(frozen=True)
class Verification:
    """What was found. The log is sound if there are no problems."""

    batches: int
    rows: int
    version: str
    unfinished: list[str]
    """One sentence per table with rows that belong to no batch."""
    problems: list[str]
    """One sentence each: what was seen, where, and what to do."""

    def sentences(self) -> list[str]:
        """What a sound log is told to be: unfinished rows, then batches, rows and version."""
        whole = (
            f"{self.batches:,} batches with {self.rows:,} rows verify. Version of the data: {self.version}"
        )
        return [*self.unfinished, whole]


def verify(log: EventLog, progress: Callable[[str], None] = lambda _: None) -> Verification:
    """Recompute everything that the log records of itself. Raises nothing for damage: it is in `problems`."""
    try:
        batches = log.batches()
    except (DeltaError, pl.exceptions.PolarsError, OSError) as error:
        fault = f"{log.path}/batches cannot be read ({_first(error)}): {RESTORE}."
        return Verification(0, 0, EMPTY_VERSION, [], [fault])
    problems = _chain(batches, log.path)
    unfinished: list[str] = []
    rows = 0
    for event_type in EVENT_TYPES:
        told = {b.batch: (n, d) for b in batches for name, n, d in b.tables if name == event_type}
        path = log.path / event_type
        if not told and not (path / "_delta_log").is_dir():
            continue
        progress(f"verifying {event_type}")
        found, damage = _recompute(path, event_type)
        problems += damage
        if damage or found is None:
            continue
        rows += sum(n for batch, (n, _) in found.items() if batch in told)
        problems += _compare(path, told, found, len(batches))
        beyond = sum(n for batch, (n, _) in found.items() if batch > len(batches))
        if beyond:
            unfinished.append(
                f"{path} holds {beyond:,} rows of a batch that was never finished: the next ingest takes "
                "them back."
            )
    problems += [
        f"Batch {b.batch} names the table {name}, which this version does not know: use a newer one."
        for b in batches
        for name, _, _ in b.tables
        if name not in EVENT_TYPES
    ]
    version = batches[-1].hash if batches else EMPTY_VERSION
    return Verification(len(batches), rows, version, unfinished, problems)


def _chain(batches: list[Batch], path: Path) -> list[str]:
    """Whether the batches are numbered without a gap and each names the hash of the one before."""
    problems = []
    previous = EMPTY_VERSION
    for number, batch in enumerate(batches, start=1):
        if batch.batch != number:
            problems.append(
                f"{path}/batches goes on with batch {batch.batch} where {number} should be: {RESTORE}."
            )
            break
        if batch.previous_hash != previous:
            problems.append(f"Batch {number} of {path} does not follow from the one before it: {RESTORE}.")
        if batch.hash != chain_hash(batch.batch, batch.description, batch.tables, batch.previous_hash):
            problems.append(f"Batch {number} of {path} does not have the hash of its content: {RESTORE}.")
        previous = batch.hash
    return problems


def _recompute(path: Path, event_type: str) -> tuple[Found | None, list[str]]:
    """Rows and digests in a table's files; or what is wrong with the table."""
    try:
        if not DeltaTable.is_deltatable(str(path)):
            return {}, []
        files = table_files(path)
    except (DeltaError, OSError, json.JSONDecodeError) as error:
        return None, [f"{path}/_delta_log cannot be read ({_first(error)}): {RESTORE}."]
    missing = [file for file in files if not Path(file).is_file()]
    if missing:
        return None, [f"{file} is missing, which the log names: {RESTORE}." for file in missing]
    if not files:
        return {}, []
    try:
        return _digests(files, event_type), []
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as whole:
        damaged = []
        for file in files:
            try:
                _digests([file], event_type)
            except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
                damaged.append(f"{file} is damaged ({_first(error)}): {RESTORE}.")
        return None, damaged or [f"{path} cannot be read ({_first(whole)}): {RESTORE}."]


def _digests(files: list[str], event_type: str) -> Found:
    """Rows and digest of every batch in the files, one batch in memory at a time."""
    rows = schema.scan(files, event_type)
    batches = rows.select(pl.col("batch").unique().sort()).collect()["batch"].to_list()
    found = {}
    for batch in batches:
        frame = in_order(event_type, rows.filter(pl.col("batch") == batch).collect())
        found[batch] = (frame.height, digest.of_table(schema.arrow_of(event_type, frame)))
    return found


def _compare(path: Path, told: Found, found: Found, last: int) -> list[str]:
    """Batches whose rows are not those that were recorded."""
    problems = []
    for batch in sorted(set(told) | {b for b in found if b <= last}):
        rows, expected = told.get(batch, (0, ""))
        seen, actual = found.get(batch, (0, ""))
        where = f"Batch {batch} in {path}"
        if seen != rows:
            problems.append(f"{where} has {seen:,} rows where {rows:,} were recorded: {RESTORE}.")
        elif actual != expected:
            problems.append(f"{where} has other rows than those recorded (digest): {RESTORE}.")
    return problems


def _first(error: Exception) -> str:
    """First line of an error's text."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
