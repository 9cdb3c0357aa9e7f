"""Builds the DuckDB file from the log by the relations of `sql/`. Knows nothing of Dagster.

A relation is a view or a table made by one select; a relation with `python:` hands the rows of its select, as
an Arrow table, to that function and holds what it returns.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from models.events import EVENT_TYPES
from pipelines import paths
from pipelines.errors import Busy, CheckFailed
from pipelines.log.schema import arrow_schema
from pipelines.log.store import EventLog
from pipelines.relations import SCHEMAS, Relation

BLOCK_BYTES = 65_536
"""Of the finished file: most of a hundred relations are smaller than a block, and each takes one at least."""


def connect(path: Path | str, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file in UTC, with the macros of `sql/macros` and without downloads of extensions.

    Raises Busy if another process writes it.
    """
    if not read_only and str(path) != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(str(path), read_only=read_only, config={"autoinstall_known_extensions": False})
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        raise Busy(f"Another process holds {path}: wait until it has finished, then try again.") from error
    con.execute("set timezone = 'UTC'")
    for path in sorted((paths.SQL / "macros").glob("*.sql")):
        con.execute(path.read_text(encoding="utf-8"))
    return con


def attach_log(con: duckdb.DuckDBPyConnection, log: EventLog, last_batch: int | None = None) -> None:
    """Views `log.<event type>` over the log's files (named in `log.files`): committed batches, up to `last_batch`.

    An event type without rows becomes an empty table with its columns.
    """
    con.execute("create schema if not exists log")
    batches = log.batches()
    newest = batches[-1].batch if batches else 0
    last = newest if last_batch is None else min(last_batch, newest)
    told = {event_type: log.files(event_type) for event_type in EVENT_TYPES}
    con.execute("create or replace table log.files (event_type varchar, file varchar)")
    rows = [(event_type, file) for event_type, files in told.items() for file in files]
    if rows:
        con.execute(
            "insert into log.files select unnest($types), unnest($files)",
            {"types": [r[0] for r in rows], "files": [r[1] for r in rows]},
        )
    for event_type, files in told.items():
        con.execute(f"drop view if exists log.{event_type}")
        if files:
            names = ", ".join(_quoted(file) for file in files)
            con.execute(
                f"create view log.{event_type} as select * from read_parquet([{names}], union_by_name=true) "
                f"where batch <= {int(last)}"
            )
        else:
            con.register("empty_events", arrow_schema(event_type).empty_table())
            described = con.execute("select column_name, column_type from (describe empty_events)").fetchall()
            con.unregister("empty_events")
            columns = ", ".join(f'null::{kind} as "{name}"' for name, kind in described)
            con.execute(f"create view log.{event_type} as select {columns} where false")


def build(
    con: duckdb.DuckDBPyConnection,
    relations: Mapping[str, Relation],
    *,
    only: Iterable[str] | None = None,
    parameters: Mapping[str, object] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Create or replace the relations (all, or those named in `only`) in the order of their dependencies."""
    wanted = set(relations if only is None else only)
    for schema in SCHEMAS:
        con.execute(f"create schema if not exists {schema}")
    for key, relation in relations.items():
        if key in wanted:
            progress(key)
            create(con, relation, parameters or {})


def create(con: duckdb.DuckDBPyConnection, relation: Relation, parameters: Mapping[str, object]) -> None:
    """Create one relation, then hold its columns against its documentation.

    Nobody reads comments of what is still being built, and they cost a seventh of building it: `finish` writes them.
    """
    bound = {name: value for name, value in parameters.items() if f"${name}" in relation.sql}
    if relation.python:
        module, _, function = relation.python.partition(":")
        given = con.sql(relation.sql, params=bound or None).to_arrow_table()
        produced: pa.Table = getattr(importlib.import_module(module), function)(given)
        con.register("produced", produced)
        con.execute(f"create or replace table {relation.key} as select * from produced")
        con.unregister("produced")
    else:
        con.execute(f"create or replace {relation.kind} {relation.key} as\n{relation.sql}", bound or None)
    _hold_to_documentation(con, relation)


@contextmanager
def at_once(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction for the block, undone if it raises.

    Each transaction on a file waits for the disk, and without this every statement is one: with a comment for every
    column the waiting takes longer than the work.
    """
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def _hold_to_documentation(con: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    actual = [row[0] for row in con.execute(f"describe {relation.key}").fetchall()]
    if set(actual) != set(relation.columns):
        missing = sorted(set(actual) - set(relation.columns))
        stale = sorted(set(relation.columns) - set(actual))
        raise CheckFailed(
            f"{relation.path} documents other columns than it has (undocumented: {missing}, absent: {stale}): "
            "correct the `column:` lines."
        )


def _comment(con: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    con.execute(f"comment on {relation.kind} {relation.key} is {_quoted(relation.summary)}")
    for name, meaning in relation.columns.items():
        con.execute(f'comment on column {relation.key}."{name}" is {_quoted(meaning)}')


def finish(
    con: duckdb.DuckDBPyConnection,
    relations: Mapping[str, Relation],
    log: EventLog,
    target: Path,
    last_batch: int | None,
) -> None:
    """Copy what is kept into a new file, with views and comments, and put it at `target` in one step.

    Readers of the file before keep theirs. The connection can be closed afterwards; it holds nothing more.
    """
    unfinished = target.with_name(f"{target.name}.new")
    unfinished.unlink(missing_ok=True)
    (here,) = con.execute("select current_catalog()").fetchall()[0]
    con.execute(f"attach {_quoted(str(unfinished))} as finished (block_size {BLOCK_BYTES})")
    con.execute("use finished")
    for schema in SCHEMAS:
        con.execute(f"create schema if not exists {schema}")
    attach_log(con, log, last_batch)
    with at_once(con):
        for relation in relations.values():
            if not relation.kept:
                continue
            if relation.kind == "view":
                con.execute(f"create view {relation.key} as\n{relation.sql}")
            else:
                con.execute(f"create table {relation.key} as select * from {here}.{relation.key}")
            _comment(con, relation)
    con.execute(f"use {here}")
    con.execute("detach finished")
    os.replace(unfinished, target)


def grain_violations(con: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    """Number of grains with more than one row."""
    columns = ", ".join(f'"{name}"' for name in relation.grain)
    return con.execute(
        f"select count(*) from (select {columns} from {relation.key} group by {columns} having count(*) > 1)"
    ).fetchall()[0][0]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
