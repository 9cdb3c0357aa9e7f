"""What people download: one DuckDB file with every public relation, each one as Parquet, metrics as CSV too."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from pipelines.publish.figure import literal
from pipelines.relations import Relation
from pipelines.warehouse import at_once

DATABASE = "nixpkgs-health.duckdb"
STORAGE = "v1.0.0"
"""Older clients and the browser build cannot open the format that DuckDB 2 writes by itself."""
PUBLIC = ("core", "metrics")


def public(relations: Mapping[str, Relation], con: duckdb.DuckDBPyConnection) -> list[Relation]:
    """The documented relations that people may use and the warehouse has, in the order of dependencies."""
    known = {
        f"{schema}.{name}"
        for schema, name in con.execute(
            "select table_schema, table_name from information_schema.tables where table_schema in ('core', 'metrics')"
        ).fetchall()
    }
    return [relation for key, relation in relations.items() if relation.schema in PUBLIC and key in known]


def write_database(con: duckdb.DuckDBPyConnection, relations: Iterable[Relation], target: Path) -> None:
    """Copy the relations, sorted and commented, to a new DuckDB file; a reader sees the old file or the new one."""
    fresh = target.with_suffix(".tmp.duckdb")
    fresh.unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"attach {literal(str(fresh))} as published (storage_version '{STORAGE}')")
    for schema in PUBLIC:
        con.execute(f"create schema published.{schema}")
    with at_once(con):
        for relation in relations:
            grain = ", ".join(f'"{name}"' for name in relation.grain)
            con.execute(
                f"create table published.{relation.key} as select * from {relation.key} order by {grain}"
            )
            con.execute(f"comment on table published.{relation.key} is {literal(relation.summary)}")
            for column, meaning in relation.columns.items():
                con.execute(f'comment on column published.{relation.key}."{column}" is {literal(meaning)}')
    con.execute("detach published")
    os.replace(fresh, target)


def put_database(
    con: duckdb.DuckDBPyConnection, relations: Iterable[Relation], target: Path, kept: Path
) -> None:
    """Put the public database of this data and code at `target`, byte for byte the one that was published before.

    DuckDB leaves bytes that it does not use as they happen to be, so two files of equal rows differ. The one that was
    made first is therefore kept below the folder `kept`, as a link to the same file where the disk can do that.
    """
    (identity,) = con.execute("select data_version || code_version from core.data_version").fetchall()[0]
    digest = hashlib.sha256(f"{identity}{STORAGE}{duckdb.__version__}".encode() + Path(__file__).read_bytes())
    made = kept / f"{digest.hexdigest()[:32]}.duckdb"
    if not made.exists():
        write_database(con, relations, made)
        for other in kept.glob("*.duckdb"):
            if other != made:
                other.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(made, target)
    except OSError:
        shutil.copyfile(made, target)


def write_files(
    con: duckdb.DuckDBPyConnection, relations: Iterable[Relation], database: Path, folder: Path
) -> None:
    """Each relation as Parquet below `folder/<schema>/`, and as CSV if it is a metric.

    Others have up to a million rows, which nobody opens as text. The rows come from the public database, where they
    are in order already.
    """
    con.execute(f"attach {literal(str(database))} as in_order (read_only)")
    for relation in relations:
        target = folder / relation.schema
        target.mkdir(parents=True, exist_ok=True)
        rows = f"copy (select * from in_order.{relation.key})"
        if relation.schema == "metrics":
            con.execute(f"{rows} to {literal(str(target / f'{relation.name}.csv'))} (format csv, header)")
        con.execute(
            f"{rows} to {literal(str(target / f'{relation.name}.parquet'))} "
            "(format parquet, compression zstd, parquet_version v2)"
        )
    con.execute("detach in_order")
