"""A Hydra's tables exported with `copy ... to ... (format csv, header)`, asked like the database they came from.

A folder of `<table>.csv` or `<table>.csv.gz`. Either whole tables, or the narrower selects that are common for
exports: evaluations with project, jobset, revision and uri in place of jobset_id and the inputs' table. Rows that
cannot be used are counted and left out; their content is not kept, since it may hold people's addresses.
"""

import csv
import gzip
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.errors import BadInput
from pipelines.sources.base import Rejected

MEMORY = "1GB"
"""What DuckDB may hold; the rest waits in a temporary folder."""
_LINE_BYTES = 16 * 1024 * 1024
_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class _Table:
    """Columns read of a table and how: `integer` or `text`, with `not null` where a row needs a value."""

    key: str
    columns: Mapping[str, str]
    absent: frozenset[str] = frozenset()
    """Columns that an export may lack altogether."""
    is_needed: bool = False


_NUMBER, _MAYBE, _TEXT, _WORDS = "integer not null", "integer", "text not null", "text"
_EVALUATION = {
    "id": _NUMBER,
    "timestamp": _NUMBER,
    "hasnewbuilds": _NUMBER,
    "nrbuilds": _MAYBE,
    "flake": _WORDS,
    "jobset_id": _MAYBE,
    "evaluationerror_id": _MAYBE,
    "project": _WORDS,
    "jobset": _WORDS,
    "revision": _WORDS,
    "uri": _WORDS,
}
_BUILD = {
    "id": _NUMBER,
    "jobset_id": _NUMBER,
    "job": _TEXT,
    "system": _TEXT,
    "nixname": _WORDS,
    "drvpath": _TEXT,
    "finished": _NUMBER,
    "buildstatus": _MAYBE,
    "iscachedbuild": _MAYBE,
    "timestamp": _NUMBER,
    "starttime": _MAYBE,
    "stoptime": _MAYBE,
}
_STEP = {
    "build": _NUMBER,
    "stepnr": _NUMBER,
    "type": _NUMBER,
    "drvpath": _TEXT,
    "status": _MAYBE,
    "starttime": _MAYBE,
    "stoptime": _MAYBE,
    "machine": _WORDS,
    "system": _WORDS,
    "propagatedfrom": _MAYBE,
}
_INPUT = {"eval": _NUMBER, "name": _TEXT, "altnr": _NUMBER, "uri": _WORDS, "revision": _WORDS}
TABLES = {
    "jobsetevals": _Table("id", _EVALUATION, frozenset(list(_EVALUATION)[3:]), is_needed=True),
    "jobsetevalmembers": _Table("eval, build", {"eval": _NUMBER, "build": _NUMBER}, is_needed=True),
    "builds": _Table("id", _BUILD, frozenset({"nixname"}), is_needed=True),
    "jobsets": _Table("id", {"id": _NUMBER, "project": _TEXT, "name": _TEXT}),
    "jobsetrenames": _Table("project, from_", {"project": _TEXT, "from_": _TEXT, "to_": _TEXT}),
    "jobsetevalinputs": _Table("eval, name, altnr", _INPUT),
    "evaluationerrors": _Table("id", {"id": _NUMBER, "errormsg": _WORDS}),
    "buildsteps": _Table("build, stepnr", _STEP),
    "aggregateconstituents": _Table("aggregate, constituent", {"aggregate": _NUMBER, "constituent": _NUMBER}),
}


@dataclass(frozen=True)
class Exported:
    """The tables of an export, ready to be asked."""

    connection: duckdb.DuckDBPyConnection
    rejected: list[Rejected]

    def stream(self, query: str) -> Iterator[pl.DataFrame]:
        """The answer, in one piece."""
        yield self.connection.sql(query).pl()

    def newest(self) -> datetime:
        """The newest time in the tables: not later than the export, and the same however often it is read."""
        query = (
            "select greatest((select max(stoptime) from builds), (select max(timestamp) from jobsetevals))"
        )
        return datetime.fromtimestamp(self.connection.execute(query).fetchall()[0][0] or 0, UTC)


@contextmanager
def opened(folder: Path, known: Mapping[str, int]) -> Iterator[Exported]:
    """Load an export. `known`: numbers of jobsets from earlier runs, for exports that do not name them.

    Raises BadInput when a table that is needed, or a column of one, is not there, or a file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="health-export-") as scratch:
        config: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": scratch,
            "autoinstall_known_extensions": "false",
        }
        with closing(duckdb.connect(f"{scratch}/export.duckdb", config=config)) as connection:
            rejected: list[Rejected] = []
            columns = {name: _load(connection, folder, name, rejected) for name in TABLES}
            _name_jobsets(connection, folder, columns, known)
            yield Exported(connection, rejected)


def _load(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, rejected: list[Rejected]
) -> list[str]:
    """Create and fill one table; the columns that the file has, none without a file."""
    table = TABLES[name]
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
        _fill(connection, path, header, name, rejected)
    except (duckdb.Error, OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        line = (str(error).splitlines() or [""])[0][:200]
        raise BadInput(f"{path} cannot be read as CSV ({line}): export it again.") from None
    return header


def _header(path: Path) -> list[str]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        first = file.readline(_HEADER_BYTES).decode("utf-8-sig")
    return next(csv.reader([first]), [])


def _fill(
    connection: duckdb.DuckDBPyConnection, path: Path, header: list[str], name: str, rejected: list[Rejected]
) -> None:
    table = TABLES[name]
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
        rejected,
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
        rejected,
        path,
        [("a value that is missing or no number", bad), ("a key that the file holds twice", distinct - kept)],
    )
    connection.execute("drop table raw")


def _count(rejected: list[Rejected], path: Path, reasons: list[tuple[str, int]]) -> None:
    name = path.name.removesuffix(".gz")
    rejected += [Rejected(name, f"row with {reason}", b"", rows=rows) for reason, rows in reasons if rows]


def _name_jobsets(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    columns: Mapping[str, list[str]],
    known: Mapping[str, int],
) -> None:
    """Fill in what the narrower exports say in other words: jobsets and the input nixpkgs."""
    if "revision" in columns["jobsetevals"] and not columns["jobsetevalinputs"]:
        connection.execute(
            "insert into jobsetevalinputs select id, 'nixpkgs', 0, uri, revision from jobsetevals "
            "where revision is not null or uri is not null"
        )
    if columns["jobsets"]:
        if "jobset_id" not in columns["jobsetevals"]:
            connection.execute(
                "update jobsetevals set jobset_id = j.id from jobsets as j "
                "where j.project = jobsetevals.project and j.name = jobsetevals.jobset"
            )
        return
    if not {"project", "jobset"} <= set(columns["jobsetevals"]):
        raise BadInput(f"{folder} names no jobsets: export jobsets.csv (id, project, name) as well.")
    connection.execute(
        """
        insert into jobsets
        select coalesce(min(b.jobset_id), -row_number() over (order by e.project, e.jobset)), e.project, e.jobset
        from jobsetevals as e
        left join jobsetevalmembers as m on m.eval = e.id
        left join builds as b on b.id = m.build
        where e.project is not null and e.jobset is not null
        group by e.project, e.jobset
        """
    )
    for name, number in sorted(known.items()):
        project, _, jobset = name.partition("/")
        connection.execute("delete from jobsets where project = ? and name = ? and id < 0", [project, jobset])
        connection.execute(
            "insert into jobsets select ?, ?, ? where not exists "
            "(select 1 from jobsets where project = ? and name = ?)",
            [number, project, jobset, project, jobset],
        )
    connection.execute(
        "update jobsetevals set jobset_id = j.id from jobsets as j "
        "where j.project = jobsetevals.project and j.name = jobsetevals.jobset"
    )
