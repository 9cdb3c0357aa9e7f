"""CSV files as `copy ... to ... (format csv, header)` writes them, as tables that are asked in SQL.

Rows that cannot be used are counted and left out; their content is not kept, since it may hold what is not read.
"""

import csv
import gzip
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.errors import BadInput

MEMORY = "1GB"
"""What DuckDB may hold; the rest waits in a temporary folder."""
_LINE_BYTES = 16 * 1024 * 1024
_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Table:
    """Columns read of a table and how: `integer` or `text`, with `not null` where a row needs a value."""

    key: str
    columns: Mapping[str, str]
    absent: frozenset[str] = frozenset()
    """Columns that a file may lack altogether."""
    is_needed: bool = False
    """Whether the folder must hold the table; one that it lacks is empty."""


@dataclass(frozen=True)
class Unusable:
    """Rows of a file that were left out."""

    file: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Folder:
    """The tables of a folder, loaded."""

    connection: duckdb.DuckDBPyConnection
    columns: Mapping[str, list[str]]
    """Table -> columns that its file has; none without a file."""
    unusable: list[Unusable]

    def query(self, sql: str) -> pl.DataFrame:
        """The answer to a select."""
        return self.connection.sql(sql).pl()

    def change(self, sql: str, values: list[Any] | None = None) -> None:
        """Change the loaded tables, not the files."""
        self.connection.execute(sql, values)


@contextmanager
def opened(folder: Path, tables: Mapping[str, Table]) -> Iterator[Folder]:
    """Load `<table>.csv` or `<table>.csv.gz` of each table.

    Raises BadInput when a table that is needed, or a column of one, is not there, or a file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="health-tables-") as scratch:
        config: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": scratch,
            "autoinstall_known_extensions": "false",
        }
        with closing(duckdb.connect(f"{scratch}/tables.duckdb", config=config)) as connection:
            unusable: list[Unusable] = []
            columns = {
                name: _load(connection, folder, name, table, unusable) for name, table in tables.items()
            }
            yield Folder(connection, columns, unusable)


def _load(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, table: Table, unusable: list[Unusable]
) -> list[str]:
    """Create and fill one table; the columns that the file has, none without a file."""
    path = next((p for p in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if p.is_file()), None)
    if path is None and table.is_needed:
        raise BadInput(f"{folder} holds no {name}.csv or {name}.csv.gz: export the table there.")
    kinds = {column: kind.split()[0] for column, kind in table.columns.items()}
    described = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
    connection.execute(f"create table {name} ({described})")
    if path is None:
        return []
    try:
        header = _header(path)
        missing = sorted(set(kinds) - set(header) - table.absent)
        if missing:
            raise BadInput(f"{path} has no column {missing[0]}: export it with a header and that column.")
        _fill(connection, path, header, name, table, unusable)
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        line = (str(error).splitlines() or [""])[0][:200]
        raise BadInput(f"{path} cannot be read as CSV ({line}): export it again.") from None
    return header


def _header(path: Path) -> list[str]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        first = file.readline(_HEADER_BYTES).decode("utf-8-sig")
    return next(csv.reader([first]), [])


def _fill(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    header: list[str],
    name: str,
    table: Table,
    unusable: list[Unusable],
) -> None:
    options = {
        "header": True,
        "auto_detect": False,
        "delim": ",",
        "quote": '"',
        "escape": '"',
        "nullstr": "",
        "allow_quoted_nulls": False,
        "store_rejects": True,
        "rejects_table": f"rejects_{name}",
        "rejects_scan": f"scans_{name}",
        "max_line_size": _LINE_BYTES,
        "buffer_size": 2 * _LINE_BYTES,
        "columns": dict.fromkeys(header, "varchar"),
    }
    given = ", ".join(f"{option} = ?" for option in options)
    present = [column for column in table.columns if column in header]
    quoted = ", ".join(f'"{column}"' for column in present)
    connection.execute(
        f"create temp table raw as select {quoted} from read_csv(?, {given})", [str(path), *options.values()]
    )
    _count(
        unusable,
        path,
        connection.execute(
            f"select lower(error_type::varchar), count(distinct line) from rejects_{name} group by 1 order by 1"
        ).fetchall(),
    )
    typed, good = [], ["true"]
    for column in present:
        kind, _, needed = table.columns[column].partition(" ")
        value = f'try_cast("{column}" as integer)' if kind == "integer" else f'"{column}"'
        typed.append(f'{value} as "{column}"')
        if kind == "integer":
            good.append(f'("{column}" is null or {value} is not null)')
        if needed:
            good.append(f'"{column}" is not null')
    is_good = " and ".join(good)
    connection.execute(
        f"""
        insert into {name} ({quoted})
        select {quoted} from (select distinct {", ".join(typed)} from raw where {is_good})
        qualify row_number() over (partition by {table.key} order by {quoted}) = 1
        """
    )
    (bad, distinct), (kept,) = (
        connection.execute(
            f"""
            select
                count(*) filter (where not ({is_good})),
                (select count(*) from (select distinct {", ".join(typed)} from raw where {is_good}))
            from raw
            """
        ).fetchall()[0],
        connection.execute(f"select count(*) from {name}").fetchall()[0],
    )
    _count(
        unusable,
        path,
        [("a value that is missing or no number", bad), ("a key that the file holds twice", distinct - kept)],
    )
    connection.execute("drop table raw")


def _count(unusable: list[Unusable], path: Path, reasons: list[tuple[str, int]]) -> None:
    name = path.name.removesuffix(".gz")
    unusable += [Unusable(name, f"row with {reason}", rows) for reason, rows in reasons if rows]
