"""Digests of batches: blind to order and files, not to loss, repetition or change of a row."""

from datetime import UTC, datetime

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from pipelines.log import digest, schema

AT = datetime(2024, 5, 1, tzinfo=UTC)
FRAME = pl.DataFrame(
    {
        "id": ["a", "b", "c"],
        "source": "s",
        "observed_at": AT,
        "evaluation_id": ["1", "2", "3"],
        "revision": [None, "", "r"],
        "systems": [[], ["x"], ["x", "y"]],
        "listed_rows": [None, 0, -1],
    }
)


def _digest(frame: pl.DataFrame) -> str:
    return digest.of_table(schema.conform("evaluation_observed", frame, 4))


def test_order_does_not_matter() -> None:
    assert _digest(FRAME) == _digest(FRAME.reverse())


@pytest.mark.parametrize(
    "changed",
    [
        FRAME.head(2),
        pl.concat([FRAME, FRAME.head(1)]),
        pl.concat([FRAME.head(2), FRAME.head(1)]),
        FRAME.with_columns(evaluation_id=pl.Series(["1", "2", "4"])),
        FRAME.with_columns(revision=pl.Series(["", "", "r"])),
        FRAME.with_columns(revision=pl.Series([None, None, "r"])),
        FRAME.with_columns(observed_at=pl.lit(AT) + pl.duration(microseconds=1)),
        FRAME.with_columns(systems=pl.Series([[], ["x"], ["y", "x"]])),
        FRAME.with_columns(listed_rows=pl.Series([0, 0, -1])),
        FRAME.with_columns(source=pl.col("evaluation_id"), evaluation_id=pl.col("source")),
    ],
)
def test_every_change_of_a_row_shows(changed: pl.DataFrame) -> None:
    assert _digest(changed) != _digest(FRAME)


def test_batches_of_one_relation_are_told_apart() -> None:
    one = schema.conform("evaluation_observed", FRAME.head(1), 1)
    two = schema.conform("evaluation_observed", FRAME.tail(2), 2)
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.register("given", pa.concat_tables([two, one]))
        found = digest.of_relation(con, "given", one.schema)
    assert found == {1: (1, digest.of_table(one)), 2: (2, digest.of_table(two))}


def test_a_column_that_is_added_later_leaves_old_digests_as_they_are() -> None:
    table = schema.conform("evaluation_observed", FRAME, 4)
    wider = table.append_column(pa.field("colour", pa.string()), [pa.nulls(3, pa.string())])
    moved = wider.select([*reversed(wider.column_names)])
    assert digest.of_table(moved) == digest.of_table(table)


def test_the_digest_of_known_rows_is_known() -> None:
    """It is written into every log: a change of the method would make all of them fail."""
    assert _digest(FRAME) == "383917ac2af79f19d30d29869ecad0b23494af1eaba1bcef50a76967d883b541"
