"""Intervals of shares in SQL: against the formula in plain Python, and clusters against independent observations."""

import math
from collections.abc import Iterator
from statistics import NormalDist

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import warehouse

Z = NormalDist().inv_cdf(0.975)
CLUSTERS = st.lists(
    st.integers(1, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=12
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse.connect(":memory:") as opened:
        yield opened


def effective(con: duckdb.DuckDBPyConnection, clusters: list[tuple[int, int]]) -> float | None:
    sums = [
        sum(k for k, _ in clusters),
        sum(n for _, n in clusters),
        sum(k * k for k, _ in clusters),
        sum(k * n for k, n in clusters),
        sum(n * n for _, n in clusters),
        len(clusters),
    ]
    return con.execute("select effective_n(?, ?, ?, ?, ?, ?)", sums).fetchall()[0][0]


def wilson(con: duckdb.DuckDBPyConnection, share: float, n: float) -> tuple[float, float]:
    return con.execute("select wilson_low(?, ?), wilson_high(?, ?)", [share, n, share, n]).fetchall()[0]


@given(st.floats(0, 1), st.floats(1, 10_000))
def test_the_ends_are_those_of_wilson(share: float, n: float) -> None:
    with warehouse.connect(":memory:") as con:
        low, high = wilson(con, share, n)
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    assert low == pytest.approx(max(middle - half, 0), abs=1e-9)
    assert high == pytest.approx(min(middle + half, 1), abs=1e-9)


def test_a_worked_example(con: duckdb.DuckDBPyConnection) -> None:
    assert wilson(con, 0.1, 100) == pytest.approx((0.05522914, 0.17436566), abs=1e-7)


@given(CLUSTERS)
def test_clusters_are_worth_at_most_what_they_hold(clusters: list[tuple[int, int]]) -> None:
    with warehouse.connect(":memory:") as con:
        found = effective(con, clusters)
    k, n = sum(k for k, _ in clusters), sum(n for _, n in clusters)
    if len(clusters) < 2:
        assert found is None
    elif k in (0, n):
        assert found == len(clusters)
    else:
        share = k / n
        between = sum((of - share * size) ** 2 for of, size in clusters)
        variance = len(clusters) / (len(clusters) - 1) * between / n**2
        independent = share * (1 - share) / n
        wanted = n if variance <= independent else n * independent / variance
        assert found == pytest.approx(wanted, rel=1e-9)


def test_clusters_that_are_all_or_nothing_count_once_each(con: duckdb.DuckDBPyConnection) -> None:
    clusters = [(10, 10)] * 5 + [(0, 10)] * 5
    assert effective(con, clusters) == pytest.approx(9.0)


def test_without_clusters_that_differ_every_observation_counts(con: duckdb.DuckDBPyConnection) -> None:
    assert effective(con, [(1, 2)] * 50) == 100
