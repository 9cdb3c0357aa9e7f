"""Digests of rows that do not depend on their order or on the files they lie in.

Each row becomes a text (`column=value` of every column that is not null, by name; instants as
microseconds), its MD5 gives two 64-bit numbers, both are summed over the rows, and SHA-256 of
(rows, sum, sum) is the digest. It detects loss, repetition and damage of rows. It survives compaction and a
column that is added later; it is not meant against an adversary who can choose rows.
"""

import hashlib

import duckdb
import pyarrow as pa

_LOW = (1 << 64) - 1


def row_text(schema: pa.Schema) -> str:
    """SQL expression of a row's canonical text, without `batch`; nulls are left out."""
    parts = []
    for field in sorted(schema, key=lambda field: field.name):
        if field.name == "batch":
            continue
        column = f'"{field.name}"'
        if pa.types.is_timestamp(field.type):
            text = f"epoch_us({column})::varchar"
        elif pa.types.is_nested(field.type):
            text = f"to_json({column})::varchar"
        else:
            text = f"{column}::varchar"
        parts.append(f"'{field.name}=' || {text}")
    return f"concat_ws(chr(31), {', '.join(parts)})"


def of_relation(
    con: duckdb.DuckDBPyConnection, relation: str, schema: pa.Schema
) -> dict[int, tuple[int, str]]:
    """Rows and digest of every batch found in a relation that has the schema's columns."""
    rows = con.execute(
        f"""
        select batch, count(*), sum((m >> 64)::hugeint), sum((m & {_LOW})::hugeint)
        from (select batch, md5_number({row_text(schema)}) as m from {relation})
        group by batch
        """
    ).fetchall()
    return {batch: (n, _hash(n, upper, lower)) for batch, n, upper, lower in rows}


def of_table(table: pa.Table) -> str:
    """Digest of the rows of one batch."""
    with duckdb.connect(":memory:") as con:
        con.execute("set timezone = 'UTC'")
        con.register("given", table)
        return of_relation(con, "given", table.schema)[table["batch"][0].as_py()][1]


def _hash(rows: int, upper: int, lower: int) -> str:
    return hashlib.sha256(f"{rows}:{upper}:{lower}".encode()).hexdigest()
