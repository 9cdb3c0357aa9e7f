"""Digests of batches: blind to order and files, not to loss, repetition or change of a row."""

from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pytest

from pipelines.log import digest, schema
from pipelines.log.order import in_order

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
    ordered = in_order("evaluation_observed", frame)
    return digest.of_table(schema.conform("evaluation_observed", ordered, 4))


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


def test_rows_of_equal_ids_have_one_order() -> None:
    twice = pl.concat([FRAME, FRAME.with_columns(evaluation_id=pl.lit("9"), revision=pl.lit(None))])
    assert len({_digest(twice.sample(fraction=1, shuffle=True, seed=seed)) for seed in range(8)}) == 1


def test_texts_do_not_run_into_each_other() -> None:
    one, other = (
        FRAME.with_columns(evaluation_id=pl.Series(ids)) for ids in (["1", "23", "4"], ["12", "3", "4"])
    )
    assert _digest(one) != _digest(other)


def test_a_slice_has_the_digest_of_its_rows() -> None:
    table = schema.conform("evaluation_observed", FRAME, 4)
    assert digest.of_table(table.slice(1)) == _digest(FRAME.tail(2))
    assert digest.of_table(pa.concat_tables([table.slice(0, 1), table.slice(1)])) == _digest(FRAME)


def test_a_column_that_is_added_later_leaves_old_digests_as_they_are() -> None:
    table = schema.conform("evaluation_observed", FRAME, 4)
    wider = table.append_column(pa.field("colour", pa.string()), [pa.nulls(3, pa.string())])
    moved = wider.select([*reversed(wider.column_names)])
    assert digest.of_table(moved) == digest.of_table(table)


def test_the_digest_of_known_rows_is_known() -> None:
    """It is written into every log: a change of the method would make all of them fail."""
    assert _digest(FRAME) == "fbaeee79d3064dc9f4d9864cabdce27e861116ff22fbf9c4cfa488d00a2b22de"
