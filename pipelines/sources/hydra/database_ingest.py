"""From a Hydra's database, or an export of one, to the log: piece by piece, the state saved after each."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.errors import BadInput
from pipelines.ingest import Ingested, known, record
from pipelines.log.store import EventLog
from pipelines.sources.base import Facts, Rejected
from pipelines.sources.hydra import database, database_state, exported, instance, postgres
from pipelines.sources.hydra.declared import declared
from pipelines.sources.hydra.facts import facts


def ingest_database(
    origin: str | Path,
    source_url: str,
    jobsets: Collection[str],
    var: Path,
    log: EventLog,
    quarantine: Path,
    progress: Callable[[str], None],
    now: datetime | None,
) -> list[Ingested]:
    """Read what is new and record it, a batch for each piece. Raises BadInput, Busy.

    `origin`: a connection string (text), or the folder of an export (a path). `now`: when it was asked; an export
    may leave it out, and then the newest time in it counts. A run that is interrupted goes on where it was.
    """
    asked = instance.from_url(source_url, ())
    source, url = asked.source, asked.url
    done: list[Ingested] = []
    with log.writer_lock():
        state = database_state.load(var, source)
        recorded = recorded_jobsets(log, source)
        with opened(origin, state, now) as (tables, at, rejected):
            for piece in database.readings(tables, jobsets, state, at, recorded):
                read = sum(piece.rows.values())
                progress(f"{piece.jobset}: {read:,} rows, {piece.rows['builds']:,} builds")
                pending = piece.state[piece.jobset].pending
                if pending:
                    progress(f"{piece.jobset}: {len(pending):,} evaluations lack builds and wait for them")
                seen = known(log)
                told = facts(source, piece.tables, seen)
                said = declared(source, url, piece.tables.evaluations, seen)
                told = replace(told, events=[*told.events, *said])
                done.append(record(told, source, log, quarantine, progress))
                state = piece.state
                database_state.save(var, source, state)
            if rejected:
                done.append(record(Facts(source, rejected=rejected), source, log, quarantine, progress))
    return done


def recorded_jobsets(log: EventLog, source: str) -> set[str]:
    """Jobsets of the source that the log knows, however they came there."""
    observed = log.scan("evaluation_observed").filter(pl.col("source") == source)
    return set(observed.select(pl.col("jobset").unique()).collect()["jobset"])


@contextmanager
def opened(
    origin: str | Path, state: database_state.State, now: datetime | None
) -> Iterator[tuple[database.Origin, datetime, list[Rejected]]]:
    """What answers, when it was asked, and what of it cannot be used. Raises BadInput."""
    if isinstance(origin, Path):
        numbers = {name: position.jobset_id for name, position in state.items()}
        with exported.opened(origin, numbers) as tables:
            yield tables, now or tables.newest(), tables.rejected
        return
    if now is None:
        raise BadInput("A database has no time of its own: say when it is read.")
    with postgres.snapshot(origin) as database_now:
        yield database_now, now, []
