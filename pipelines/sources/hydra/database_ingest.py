"""From a Hydra's database, or an export of one, to the log: piece by piece, the state saved after each."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.errors import BadInput
from pipelines.ingest import Ingested, known, record
from pipelines.log.store import EventLog
from pipelines.sources.base import Facts
from pipelines.sources.hydra import database, database_state, exported, postgres
from pipelines.sources.hydra.facts import facts

PORTS = {"http": 80, "https": 443}


def source_name(url: str) -> str:
    """Name of the source of an instance: host, port unless it is the scheme's own, path. Raises BadInput."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in PORTS or not parts.hostname or port == -1:
        raise BadInput(f"{url} is no address of a Hydra: name it as in https://hydra.example.org.")
    told = "" if port in (None, PORTS[parts.scheme]) else f":{port}"
    return f"{parts.hostname}{told}{parts.path.rstrip('/')}"


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
    source = source_name(source_url)
    done: list[Ingested] = []
    with log.writer_lock():
        state = database_state.load(var, source)
        with _opened(origin, state, now) as (opened, at, rejected):
            pieces = database.readings(opened, jobsets, state, at)
            for piece in pieces:
                read = sum(piece.rows.values())
                progress(f"{piece.jobset}: {read:,} rows, {piece.rows['builds']:,} builds")
                pending = piece.state[piece.jobset].pending
                if pending:
                    progress(f"{piece.jobset}: {len(pending):,} evaluations lack builds and wait for them")
                told = facts(source, piece.tables, known(log))
                done.append(record(told, source, log, quarantine, progress))
                state = piece.state
                database_state.save(var, source, state)
            if rejected:
                done.append(record(Facts(source, rejected=rejected), source, log, quarantine, progress))
    return done


@contextmanager
def _opened(
    origin: str | Path, state: database_state.State, now: datetime | None
) -> Iterator[tuple[database.Origin, datetime, list]]:
    if isinstance(origin, Path):
        numbers = {name: position.jobset_id for name, position in state.items()}
        with exported.opened(origin, numbers) as tables:
            yield tables, now or tables.newest(), tables.rejected
        return
    if now is None:
        raise BadInput("A database has no time of its own: say when it is read.")
    with postgres.snapshot(origin) as opened:
        yield opened, now, []
