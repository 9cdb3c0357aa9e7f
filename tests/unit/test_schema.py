"""Columns of the log's tables follow from the structs, and nothing that a source says vanishes on the way."""

from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pytest

from models.events import EVENT_TYPES, Event, GapDeclared, MembershipChanged
from models.parts import MembershipRow
from models.vocabulary import Change
from pipelines.log import schema

AT = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_table_begins_with_batch_and_version_and_has_its_identity(name: str) -> None:
    columns = schema.arrow_schema(name)
    assert columns.names[:2] == ["batch", "version"]
    assert {"source", "observed_at", *EVENT_TYPES[name].id_columns} <= set(columns.names)
    assert columns.field("observed_at").type == pa.timestamp("us", tz="UTC")
    assert len(set(columns.names)) == len(columns.names)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_polars_and_arrow_agree(name: str) -> None:
    empty = schema.polars_schema(name).to_frame().to_arrow(compat_level=pl.CompatLevel.oldest())
    assert empty.cast(schema.arrow_schema(name)).schema == schema.arrow_schema(name)


def test_absent_columns_are_null_and_absent_lists_are_empty() -> None:
    frame = pl.DataFrame({"id": ["a"], "source": ["s"], "observed_at": [AT], "evaluation_id": ["1"]})
    (row,) = schema.conform("evaluation_observed", frame, 3).to_pylist()
    assert (row["batch"], row["version"]) == (3, 1)
    assert row["revision"] is None
    assert (row["systems"], row["totals"], row["gates"]) == ([], [], [])


def test_a_misspelt_column_does_not_vanish() -> None:
    with pytest.raises(KeyError, match="has no field evaluation, jobsett"):
        schema.conform("evaluation_observed", pl.DataFrame({"jobsett": ["a"], "evaluation": ["1"]}), 1)


@pytest.mark.parametrize("value", ["many", 2**63])
def test_a_value_that_does_not_fit_its_column_is_an_error(value: object) -> None:
    frame = pl.DataFrame({"id": ["a"], "ordinal": [value]})
    with pytest.raises(pl.exceptions.PolarsError):
        schema.conform("evaluation_observed", frame, 1)


def test_items_of_an_event_become_rows_that_repeat_what_they_share() -> None:
    event = MembershipChanged(
        source="s",
        observed_at=AT,
        jobset="p/j",
        observation_id="o",
        changes=[
            MembershipRow(system="x", attr="a", change=Change.LISTED, build_id="1"),
            MembershipRow(system="x", attr="b", change=Change.UNLISTED),
        ],
    )
    rows = schema.conform("membership_changed", schema.frame_of([event]), 1).to_pylist()
    assert [(r["observation_id"], r["attr"], r["change"], r["build_id"]) for r in rows] == [
        ("o", "a", "listed", "1"),
        ("o", "b", "unlisted", None),
    ]


def test_structs_and_columns_give_the_same_table() -> None:
    event = GapDeclared(id="g", source="s", observed_at=AT, kind="k", detail="<b>", rows=2)
    columns = pl.DataFrame(
        {"id": ["g"], "source": ["s"], "observed_at": [AT], "kind": ["k"], "detail": ["<b>"], "rows": [2]}
    )
    told: list[Event] = [event]
    assert schema.conform("gap_declared", schema.frame_of(told), 1) == schema.conform(
        "gap_declared", columns, 1
    )
