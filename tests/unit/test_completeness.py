"""Verdicts on lists of failures: each threshold at its edge, and when a verdict may not change any more."""

import numpy as np
import polars as pl
import pytest

from pipelines.replay.completeness import LOOKAHEAD, Evidence, judge, list_verdicts, presence


def _evidence(
    listed: int = 0, before: int = 100, vanished: int = 0, same: int = 0, returned: int = 0
) -> Evidence:
    return Evidence(listed, before, vanished, same, returned)


@pytest.mark.parametrize(
    ("seen", "is_incomplete"),
    [
        (_evidence(before=250, same=5), True),
        (_evidence(before=250, same=4), False),
        (_evidence(before=251, same=5), False),
        (_evidence(before=10, same=5), True),
        (_evidence(before=200, returned=20), True),
        (_evidence(before=201, returned=20), False),
        (_evidence(before=100, returned=19), False),
        (_evidence(before=0), False),
    ],
)
def test_by_look_ahead(seen: Evidence, *, is_incomplete: bool) -> None:
    assert seen.incomplete_by_lookahead is is_incomplete


@pytest.mark.parametrize(
    ("seen", "is_incomplete"),
    [
        (_evidence(listed=59, before=100, vanished=20), True),
        (_evidence(listed=60, before=100, vanished=20), False),
        (_evidence(listed=59, before=100, vanished=19), False),
    ],
)
def test_at_once(seen: Evidence, *, is_incomplete: bool) -> None:
    assert seen.incomplete_at_once is is_incomplete


whole_list = np.arange(1, 41)
"""Builds of 40 jobs."""


def _verdicts(*lists: np.ndarray, chain: str = "published") -> list[tuple[bool, bool]]:
    """Incomplete and final, of every list."""
    return [verdict[-2:] for verdict in judge(np.column_stack(lists), chain)]


def test_the_first_list_counts_as_complete_for_good() -> None:
    assert _verdicts(np.zeros(40, dtype=int)) == [(False, True)]


def test_a_list_that_shrank_is_incomplete_at_once_and_provisionally() -> None:
    short = np.where(whole_list > 20, 0, whole_list)
    assert _verdicts(whole_list, short)[1] == (True, False)
    assert _verdicts(whole_list, short, chain="lookahead")[1] == (False, False)


def test_what_comes_back_with_the_same_builds_decides_at_once_and_for_good() -> None:
    short = np.where(whole_list > 35, 0, whole_list)
    assert _verdicts(whole_list, short)[1] == (False, False)
    assert _verdicts(whole_list, short, whole_list)[1:] == [(True, True), (False, False)]


def test_what_comes_back_rebuilt_counts_if_it_is_much() -> None:
    some, many = (np.where(whole_list > 40 - n, 0, whole_list) for n in (19, 20))
    assert _verdicts(whole_list, some, whole_list + 100)[1] == (False, False)
    assert _verdicts(whole_list, many, whole_list + 100)[1] == (True, True)


def test_what_stays_away_is_complete_after_fifteen_later_lists() -> None:
    short = np.where(whole_list > 20, 0, whole_list)
    assert _verdicts(whole_list, *[short] * LOOKAHEAD)[1] == (True, False)
    assert _verdicts(whole_list, *[short] * (LOOKAHEAD + 1))[1] == (False, True)
    assert _verdicts(whole_list, *[short] * (LOOKAHEAD + 1), whole_list)[1] == (False, True)


def test_each_list_is_compared_with_the_last_complete_one() -> None:
    """Two short lists in a row: the second is not measured against the first."""
    short = np.where(whole_list > 20, 0, whole_list)
    assert [incomplete for incomplete, _ in _verdicts(whole_list, short, short, whole_list)] == [
        False,
        True,
        True,
        False,
    ]


def test_final_verdicts_stay_as_later_lists_come() -> None:
    rng = np.random.default_rng(3)
    steps = 60
    lists = [
        np.where(rng.random(40) < (0.3 if rng.random() < 0.2 else 0.95), whole_list, 0) for _ in range(steps)
    ]
    whole = _verdicts(*lists)
    finals = 0
    for n in range(1, steps + 1):
        seen = _verdicts(*lists[:n])
        for step, (incomplete, final) in enumerate(seen):
            if final:
                finals += 1
                assert whole[step] == (incomplete, True)
    assert finals > 500
    assert {incomplete for incomplete, _ in whole} == {True, False}


def test_presence_has_a_build_where_a_job_is_listed() -> None:
    runs = pl.DataFrame(
        {"job": [7, 7, 9], "build_id": ["a", "b", "a"], "first_step": [1, 3, 2], "last_step": [1, 3, 3]}
    )
    assert presence(runs, 3).tolist() == [[1, 0, 2], [0, 1, 1]]


def test_series_are_judged_apart_and_may_list_nothing() -> None:
    rows = [(1, step, None, None, None, None) for step in (1, 2)]
    rows += [(2, 1, job, str(job), 1, 2) for job in range(1, 4)] + [(2, 2, None, None, None, None)]
    names = ["series", "step", "job", "build_id", "first_step", "last_step"]
    types = [pl.Int32, pl.Int32, pl.Int32, pl.String, pl.Int32, pl.Int32]
    given = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    verdicts: pl.DataFrame = pl.from_arrow(list_verdicts(given.to_arrow()))  # type: ignore[assignment]
    assert verdicts.filter(pl.col("chain") == "published").select(
        "series", "step", "listed_jobs", "is_incomplete"
    ).rows() == [
        (1, 1, 0, False),
        (1, 2, 0, False),
        (2, 1, 3, False),
        (2, 2, 3, False),
    ]
    assert verdicts["chain"].value_counts().sort("chain").rows() == [("lookahead", 4), ("published", 4)]
