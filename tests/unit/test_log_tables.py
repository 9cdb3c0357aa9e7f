"""Columns that tables of a batch have in common are handled once, and change nothing in what is written."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.log import digest, schema, tables
from pipelines.log.distinct import identity
from pipelines.log.order import in_order

AT = datetime(2025, 10, 1, tzinfo=UTC)
WORDS = st.lists(st.sampled_from(["a", "b", "a text of more than twelve bytes", ""]), min_size=6, max_size=6)


def builds(rows: int = 3) -> pl.DataFrame:
    """Facts about builds whose ids are told in their order."""
    return pl.DataFrame(
        {"build_id": [f"build-number-{n:04}" for n in range(rows)], "observed_at": [AT] * rows}
    ).with_columns(
        source=pl.lit("ci.example.org"), jobset=pl.lit("nixpkgs/master"), system=pl.lit("x86_64-linux")
    )


def members(of: pl.DataFrame) -> pl.DataFrame:
    """A list that names the same builds, its columns those of the facts."""
    return of.with_columns(observation_id=pl.lit("one"), change=pl.lit("listed"))


def both(*frames: tuple[str, pl.DataFrame]) -> list[tuple[str, object, str]]:
    """What is made of frames, beside what is made of each by itself."""
    made = []
    for (name, frame), (told, table, shown) in zip(frames, tables.tables(frames, 7), strict=True):
        alone = schema.conform(name, in_order(name, frame), 7)
        assert (told, table.schema) == (name, alone.schema)
        assert table.equals(alone)
        assert shown == digest.of_table(alone)
        made.append((told, table, shown))
    return made


def test_what_two_tables_have_in_common_is_converted_and_digested_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = builds()
    seen: list[str] = []
    of_column = digest.of_column
    monkeypatch.setattr(digest, "of_column", lambda one: (seen.append(str(one.type)), of_column(one))[1])
    (_, facts, _), (_, lists, _) = tables.tables(
        [("build_observed", frame), ("membership_changed", members(frame))], 1
    )
    common = ["build_id", "jobset", "observed_at", "source", "system"]
    assert [
        name
        for name in common
        if lists[name].chunk(0).buffers()[1].address == facts[name].chunk(0).buffers()[1].address
    ] == common
    alone = len(set(facts.column_names) - {"batch"}) + len(set(lists.column_names) - {"batch"})
    assert len(seen) <= alone - len(common)


@settings(deadline=None)
@given(WORDS, WORDS, st.permutations(range(6)), st.booleans())
def test_tables_say_the_same_whatever_they_have_in_common(
    attrs: list[str], words: list[str], order: list[int], is_shared: bool
) -> None:
    facts = builds(6).with_columns(attr=pl.Series(attrs), status=pl.Series(words))
    lists = members(facts.select("build_id", "observed_at", "source", "jobset", "system", "attr"))
    if not is_shared:
        lists = lists.with_columns(attr=pl.Series(words))
    both(("membership_changed", lists), ("build_observed", facts))
    both(("membership_changed", lists[order]), ("build_observed", facts))
    both(("membership_changed", lists), ("build_observed", facts[order]))
    # Both have to be put in order, each in its own.
    facts = facts[order]
    lists = members(facts.select("build_id", "observed_at", "source", "jobset", "system", "attr"))
    both(
        ("membership_changed", lists.with_columns(observation_id=pl.Series(words))), ("build_observed", facts)
    )


def test_columns_of_equal_length_and_other_values_are_not_taken_for_each_other() -> None:
    facts = builds().with_columns(variant=pl.lit("cuda"), attr=pl.lit(None, dtype=pl.String))
    lists = members(builds()).with_columns(
        variant=pl.lit(""), attr=pl.Series(["x", "x", "x"]), system=pl.lit("aarch64-linux")
    )
    (_, first, _), (_, second, _) = both(("build_observed", facts), ("membership_changed", lists))
    assert first["system"].to_pylist() != second["system"].to_pylist()


def test_a_column_that_the_table_does_not_have_is_named() -> None:
    with pytest.raises(KeyError, match="membership_changed has no field misspelt"):
        list(tables.tables([("membership_changed", members(builds()).with_columns(misspelt=pl.lit(1)))], 1))


@pytest.mark.parametrize(
    "values",
    [
        pl.Series(["a text of more than twelve bytes", "b", None]),
        pl.Series([3, 1, 2]),
        pl.Series([3, 1, None], dtype=pl.Int8),
        pl.Series([AT, None, AT]),
        pl.Series([AT.date(), None, AT.date()]),
        pl.Series([True, False, None]),
        pl.Series(["same"]).new_from_index(0, 3),
        pl.Series([None], dtype=pl.String).new_from_index(0, 3),
    ],
)
def test_a_column_keeps_its_identity_and_shares_it_with_none(values: pl.Series) -> None:
    key = identity(values)
    assert key is not None
    others = [pl.Series(values.to_list()[::-1], dtype=values.dtype) for _ in range(50)]
    assert identity(values) == identity(values.alias("other")) == key
    assert all(identity(one) != key for one in others)
    assert identity(values.head(2)) != key
    if values.n_unique() > 1:
        assert identity(values[:2]) != identity(values[1:])


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([["a"], ["a"]]),
        pl.Series([{"a": 1}]),
        pl.Series(["a", "b"], dtype=pl.Categorical),
        pl.Series([-0.0]).new_from_index(0, 3),
        pl.Series([], dtype=pl.String),
    ],
)
def test_what_has_no_place_of_its_own_has_no_identity(values: pl.Series) -> None:
    assert identity(values) is None
