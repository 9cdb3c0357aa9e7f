"""Asks a PostgreSQL: one read-only snapshot for the whole run, answers streamed in columns."""

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as driver
import polars as pl
import pyarrow as pa

from pipelines.errors import BadInput

CONNECT_SECONDS = 10
"""After which a server that does not let anybody in is given up, unless the connection string or the environment
says otherwise: other sources wait for it."""

_NOT_A_DSN = re.compile(r"connection info string|connection option|\bURI\b|percent-encoded", re.IGNORECASE)


@dataclass(frozen=True)
class Postgres:
    """A connection inside its one transaction."""

    connection: driver.Connection
    dsn: str = field(repr=False)

    def stream(self, query: str) -> Iterator[pl.DataFrame]:
        """The answer in pieces of some megabytes; at least one, which may be empty. Raises BadInput."""
        with _as_one_sentence(self.dsn), closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            with cursor.fetch_record_batch() as reader:
                yield pl.DataFrame(reader.schema.empty_table())
                for batch in reader:
                    yield pl.DataFrame(batch)


@contextmanager
def snapshot(dsn: str) -> Iterator[Postgres]:
    """Open the database read-only, as it is now and stays for this connection. Raises BadInput."""
    # Read by libpq itself; the connection string goes before it.
    os.environ.setdefault("PGCONNECT_TIMEOUT", str(CONNECT_SECONDS))
    with _as_one_sentence(dsn):
        connection = driver.connect(dsn)
    with closing(connection):
        with _as_one_sentence(dsn), closing(connection.cursor()) as cursor:
            cursor.execute("set transaction isolation level repeatable read read only")
            # Between two pieces the log is written, which may take longer than a server lets a transaction rest.
            cursor.execute("set local idle_in_transaction_session_timeout = 0")
        yield Postgres(connection, dsn)


@contextmanager
def _as_one_sentence(dsn: str) -> Iterator[None]:
    try:
        yield
    except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
        # Arrow's own are those of a connection that breaks within an answer.
        # Without the cause: its text may hold the connection string, and so a password.
        raise BadInput(f"The database cannot be read: {reason(str(error), dsn)}.") from None


def reason(message: str, dsn: str) -> str:
    """The driver's message on one line, without anything of the connection string that is secret."""
    if _NOT_A_DSN.search(message):
        return (
            "the connection string is not one that PostgreSQL understands "
            "(postgresql://USER@HOST/DATABASE, or host=... dbname=... user=...)"
        )
    plain = re.sub(r"^[A-Z_]+: |\[libpq\] |Failed to [a-z]+: ?", "", message)
    # What the server said comes after the query that it was asked; hints follow on lines of their own.
    told = plain.rpartition("ERROR:")[2].strip().splitlines()
    line = " ".join(told[0].split()).removesuffix(".")[:300] if told else "the driver does not say why"
    for secret in sorted(_secrets(dsn), key=len, reverse=True):
        line = line.replace(secret, "(left out)")
    return line


def _secrets(dsn: str) -> set[str]:
    """Everything in a connection string that may be a password, written plainly and percent-encoded."""
    found = re.findall(
        r"(?:password|passfile|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)", dsn, re.IGNORECASE
    )
    found += re.findall(r"://[^:/@]*:(.*)@", dsn)
    return {part for one in found for part in (one, one.strip("'"), unquote(one)) if part}
