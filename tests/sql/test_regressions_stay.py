"""Entries that readers were told of stay as they were told when more evaluations come."""

import random
from collections.abc import Iterator

import duckdb
import pytest

from tests import regression_worlds
from tests.sql import harness, world

WORLDS = 14
EVALUATIONS = 10
FIRST = 3
"""Evaluations of the shortest beginning of a world."""
JOBS = ("a", "b", "py.c", "py.d")
SYSTEMS = ("aarch64-linux", "x86_64-linux")
LETTERS = "SSSFFFFDT.U"
COVERAGES = ("full", "failures_only", "failures_with_totals")


def grid(number: int, evaluations: int) -> str:
    """The first evaluations of a random world, always the same ones."""
    chance = random.Random(number)
    rows = []
    for system in SYSTEMS:
        for job in JOBS:
            letters = [chance.choice(LETTERS) for _ in range(EVALUATIONS)]
            again = [chance.choice(("", "", "+")) for _ in range(EVALUATIONS)]
            cells = [letter + mark * (letter != ".") for letter, mark in zip(letters, again, strict=True)]
            rows.append(f"{system} {job} {' '.join(cells[:evaluations])}")
    days = [str(chance.choice((1, 1, 2, 9)) + 3 * n) for n in range(EVALUATIONS)]
    return "\n".join(
        [f"coverage {COVERAGES[number % 3]}", f"day {' '.join(sorted(days, key=int)[:evaluations])}", *rows]
    )


@pytest.fixture(scope="module")
def beginnings() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every beginning of every world, each a source of its own: `world/evaluations`."""
    given = [
        event
        for number in range(WORLDS)
        for evaluations in range(FIRST, EVALUATIONS + 1)
        for event in world.events(grid(number, evaluations), f"{number}/{evaluations}")
    ]
    with harness.build(given, *regression_worlds.WANTED) as con:
        yield con


@pytest.mark.parametrize("number", range(WORLDS))
def test_what_was_told_is_never_taken_back_or_renamed(
    beginnings: duckdb.DuckDBPyConnection, number: int
) -> None:
    by_length: dict[int, dict[tuple[str, str], tuple[object, ...]]] = {}
    for (source, jobset, entry), told in regression_worlds.told(beginnings).items():
        of, _, evaluations = source.partition("/")
        if int(of) == number:
            by_length.setdefault(int(evaluations), {})[jobset, entry] = told
    whole = by_length[EVALUATIONS]
    assert len(whole) > 1
    for evaluations in range(FIRST, EVALUATIONS):
        told = by_length.get(evaluations, {})
        assert {name: whole.get(name) for name in told} == told, f"after {evaluations} evaluations"


def test_the_worlds_tell_of_much(beginnings: duckdb.DuckDBPyConnection) -> None:
    """Beginnings without entries would prove nothing."""
    counted = beginnings.sql(
        """
        select count(*), count(confirmed_at), count(*) filter (where outcome = 'open'),
            count(*) filter (where systems like '% %')
        from metrics.regressions
        """
    ).fetchall()[0]
    assert min(counted) > 60, counted
