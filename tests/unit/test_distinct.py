"""What the short cuts over columns say equals what a look at every row says."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.log.distinct import distinct, is_one, repeated
from pipelines.log.order import SORT_COLUMNS, in_order

WORDS = st.none() | st.sampled_from(["", "a", "b", "a/b", "ä"])
COLUMN = st.lists(WORDS, max_size=80) | st.integers(1, 200).map(lambda n: ["a"] * n + ["b"])


@settings(deadline=None)
@given(COLUMN)
def test_one_value_and_distinct_values_are_those_of_the_column(told: list[str | None]) -> None:
    as_told = pl.Series("word", told, dtype=pl.String)
    for values in (as_told, as_told.sort(), as_told.sort(nulls_last=True)):
        assert is_one(values) == (len(set(told)) < 2)
        assert len(distinct(values)) == len(set(told))
        assert set(distinct(values)) == set(told)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, st.integers(0, 2)), min_size=1, max_size=8), WORDS, st.booleans())
def test_one_value_is_told_of_columns_however_they_were_made(
    told: list[tuple[str | None, int]], word: str | None, is_sorted: bool
) -> None:
    """That a column is sorted is taken from polars: it must not say so of one that is not."""
    rows = pl.DataFrame(told, schema={"a": pl.String, "n": pl.Int64}, orient="row")
    rows = (rows.sort("a") if is_sorted else rows).with_columns(one=pl.lit(word, dtype=pl.String))
    made = [
        rows.select(
            pl.coalesce("one", "a"),
            b=pl.coalesce("a", "one"),
            c=pl.col("one").fill_null(pl.col("a")),
            d=pl.when(pl.col("n") > 0).then("a").otherwise("one"),
            e=pl.when(pl.col("n") > 0).then("one"),
            f=pl.concat_str("one", "a", separator="/"),
            g=pl.col("a").shift(fill_value="a"),
            h=pl.col("a").str.replace("b", ""),
            i=pl.col("n").replace_strict({0: "b", 1: "a"}, default=None, return_dtype=pl.String),
        ),
        pl.concat([rows, rows[::-1], rows.drop("one"), rows.sort("a")], how="diagonal_relaxed"),
        rows.filter(pl.col("n") > 0),
        rows.sort("n", "a"),
        rows.sort("a", "n", nulls_last=True)[::-1],
        rows.join(rows.select("n", other="a"), on="n", how="left", maintain_order="left"),
        rows.group_by("n").agg(pl.col("a").max()),
    ]
    for values in (column for frame in made for column in frame.get_columns()):
        assert is_one(values) == (len(set(values.to_list())) < 2)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, st.integers(0, 3)), max_size=30), st.sampled_from([1, 2, 3]))
def test_rows_are_repeated_where_an_equal_one_is_there(
    told: list[tuple[str | None, str | None, int]], width: int
) -> None:
    rows = pl.DataFrame(told, schema={"a": pl.String, "b": pl.String, "n": pl.Int64}, orient="row")
    keys = [row[:width] for row in told]
    assert repeated(rows, rows.columns[:width]).to_list() == [keys.count(key) > 1 for key in keys]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), WORDS, WORDS, st.integers(0, 9).map(str)), max_size=30),
    st.booleans(),
)
def test_rows_of_a_batch_are_in_order_whether_or_not_they_came_so(
    told: list[tuple[int, str | None, str | None, str]], is_sorted: bool
) -> None:
    names = ["observed_at", "observation_id", "system", "build_id"]
    rows = pl.DataFrame(
        told, schema=dict(zip(names, (pl.Int64, pl.String, pl.String, pl.String), strict=True)), orient="row"
    ).with_columns(attr=pl.col("build_id") + "x", change=pl.lit("listed"))
    by = [name for name in SORT_COLUMNS["membership_changed"] if name in rows.columns]
    expected = rows.sort([*by, "change"], nulls_last=True)
    given_rows = expected if is_sorted else rows
    assert in_order("membership_changed", given_rows).equals(expected)
