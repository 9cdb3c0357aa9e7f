"""Digests of rows that do not depend on their order or on the files they lie in.

Each row becomes a text (instants as microseconds, null told apart from empty), its MD5 gives two 64-bit
numbers, both are summed over the rows, and SHA-256 of (rows, sum, sum) is the digest. It detects loss,
repetition and damage of rows and survives compaction; it is not meant against an adversary who can choose rows.
"""

import hashlib

import duckdb
import pyarrow as pa


def row_text(schema: pa.Schema) -> str:
    """SQL expression of a row's canonical text, without `batch`."""
    parts = []
    for field in schema:
        if field.name == "batch":
            continue
        column = f'"{field.name}"'
        if pa.types.is_timestamp(field.type):
            text = f"epoch_us({column})::varchar"
        elif pa.types.is_nested(field.type):
            text = f"to_json({column})::varchar"
        else:
            text = f"{column}::varchar"
        parts.append(f"coalesce({text}, chr(0))")
    return f"concat_ws(chr(31), {', '.join(parts)})"


def of_relation(con: duckdb.DuckDBPyConnection, relation: str, schema: pa.Schema) -> dict[int, tuple[int, str]]:
    """Rows and digest of every batch found in a relation that has the schema's columns."""
    rows = con.execute(
        f"""
        select batch, count(*), sum(md5_number_upper(t)::hugeint), sum(md5_number_lower(t)::hugeint)
        from (select batch, {row_text(schema)} as t from {relation})
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
