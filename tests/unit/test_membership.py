"""Listings that were recorded out of order are restated against their predecessors; others pass as they are."""

import polars as pl

from pipelines.replay.membership import COLUMNS, in_order

SCHEMA = {
    "observation": pl.Int32,
    "base": pl.Int32,
    "edge": pl.String,
    "series": pl.Int32,
    "job": pl.Int32,
    "change": pl.String,
    "build_id": pl.String,
}
Row = tuple[int, int | None, str, int, int | None, str, str | None]


def _covers(*observations: tuple[int, int | None, str], series: tuple[int, ...] = (1,)) -> list[Row]:
    return [(*about, number, None, "covers", None) for about in observations for number in series]


def _in_order(rows: list[Row]) -> list[tuple]:
    given = pl.DataFrame(rows, schema=SCHEMA, orient="row").to_arrow()
    restated: pl.DataFrame = pl.from_arrow(in_order(given))  # type: ignore[assignment]
    assert restated.columns == COLUMNS
    return sorted(restated.rows(), key=repr)


KEY: list[Row] = [(1, None, "key_frame", 1, 10, "listed", "a"), (1, None, "key_frame", 1, 11, "listed", "b")]


def test_what_came_in_order_is_passed_on_as_it_is() -> None:
    rows = [*KEY, (2, 1, "in_order", 1, 10, "rebuilt", "c"), (2, 1, "in_order", 1, 11, "unlisted", None)]
    rows += _covers((1, None, "key_frame"), (2, 1, "in_order"))
    assert _in_order(rows) == [
        (1, True, 10, "listed", "a"),
        (1, True, 11, "listed", "b"),
        (2, False, 10, "rebuilt", "c"),
        (2, False, 11, "unlisted", None),
    ]


def test_what_came_late_is_stated_whole_and_so_is_what_no_longer_follows() -> None:
    """3 was recorded against 1, then 2 came late and was recorded against 3."""
    rows = [
        *KEY,
        (3, 1, "out_of_order", 1, 10, "rebuilt", "c"),
        (2, 3, "out_of_order", 1, 11, "unlisted", None),
        (2, 3, "out_of_order", 1, 12, "listed", "d"),
        *_covers((1, None, "key_frame"), (2, 3, "out_of_order"), (3, 1, "out_of_order")),
    ]
    assert [row for row in _in_order(rows) if row[0] > 1] == [
        (2, True, 10, "listed", "c"),
        (2, True, 12, "listed", "d"),
        (3, True, 10, "listed", "c"),
        (3, True, 11, "listed", "b"),
    ]


def test_branches_of_one_listing_do_not_disturb_each_other() -> None:
    rows = [
        *KEY,
        (5, 1, "out_of_order", 1, 10, "unlisted", None),
        (3, 1, "out_of_order", 1, 11, "rebuilt", "x"),
        (4, 5, "out_of_order", 1, 10, "listed", "y"),
        *_covers(
            (1, None, "key_frame"), (3, 1, "out_of_order"), (4, 5, "out_of_order"), (5, 1, "out_of_order")
        ),
    ]
    assert [row for row in _in_order(rows) if row[0] > 1] == [
        (3, True, 10, "listed", "a"),
        (3, True, 11, "listed", "x"),
        (4, True, 10, "listed", "y"),
        (4, True, 11, "listed", "b"),
        (5, True, 11, "listed", "b"),
    ]


def test_a_system_that_is_not_covered_drops_out_on_the_way() -> None:
    rows: list[Row] = [
        (1, None, "key_frame", 1, 10, "listed", "a"),
        (1, None, "key_frame", 2, 20, "listed", "b"),
        (4, 1, "out_of_order", 1, 10, "rebuilt", "c"),
        (3, 4, "out_of_order", 2, 21, "listed", "d"),
        *_covers((1, None, "key_frame"), (3, 4, "out_of_order"), series=(1, 2)),
        *_covers((4, 1, "out_of_order")),
    ]
    assert [row for row in _in_order(rows) if row[0] > 1] == [
        (3, True, 10, "listed", "c"),
        (3, True, 21, "listed", "d"),
        (4, True, 10, "listed", "c"),
    ]


def test_what_waits_for_its_base_is_left_out_with_all_that_follows_from_it() -> None:
    rows = [
        *KEY,
        (2, None, "pending", 1, 10, "rebuilt", "c"),
        (4, 2, "out_of_order", 1, 10, "rebuilt", "d"),
        *_covers((1, None, "key_frame"), (2, None, "pending"), (4, 2, "out_of_order")),
    ]
    assert {row[0] for row in _in_order(rows)} == {1}


def test_nothing_gives_nothing() -> None:
    assert _in_order([]) == []
