"""Regressions of the bundled history of trunk: how many notices folding leaves, and that none is ever taken back."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests import histories, regression_worlds

BURSTS = ["1819139", "1821583", "1823116"]
START = "1818108"


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The whole history of trunk."""
    log = histories.ingest_all([histories.TRUNK], tmp_path_factory.mktemp("trunk"))
    with regression_worlds.build(log) as con:
        yield con


def test_each_step_of_folding_leaves_fewer_notices(trunk: duckdb.DuckDBPyConnection) -> None:
    steps = """
        select sum(failures), sum(untold_root_failures), sum(root_failures), sum(root_jobs), sum(entries), sum(notices)
        from metrics.notice_volume where jobset = 'nixpkgs/trunk'
    """
    assert trunk.sql(steps).fetchall() == [(24_302, 0, 24_302, 11_904, 7_587, 6_763)]


def test_in_half_of_the_weeks_132_notices_stand_for_275_failures(trunk: duckdb.DuckDBPyConnection) -> None:
    medians = """
        select count(*), median(failures), median(root_jobs), median(entries), median(notices)
        from metrics.notice_volume where jobset = 'nixpkgs/trunk' and is_whole
    """
    assert trunk.sql(medians).fetchall() == [(39, 275, 174, 146, 132)]


def test_cohorts_are_the_three_bursts_and_the_start_of_the_series(trunk: duckdb.DuckDBPyConnection) -> None:
    found = """
        select first_bad_evaluation_id, is_series_start from metrics.regressions where kind = 'burst' order by 1
    """
    assert trunk.sql(found).fetchall() == [(START, True), *((burst, False) for burst in BURSTS)]


def test_a_source_without_revisions_has_no_range_of_commits(trunk: duckdb.DuckDBPyConnection) -> None:
    known = """
        select count(*), count(first_bad_revision), count(last_good_evaluation_id), count(*) filter (is_last_good_seen)
        from metrics.regressions
    """
    assert trunk.sql(known).fetchall() == [(7_587, 0, 7_587, 0)]


def test_nothing_that_was_told_two_months_before_the_end_was_taken_back_since(
    trunk: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Although verdicts on completeness have become final since."""
    log = histories.ingest_all([histories.cut_trunk(tmp_path / "cut", "2026-03-29")], tmp_path / "var")
    with regression_worlds.build(log) as con:
        earlier = regression_worlds.told(con)
    whole = regression_worlds.told(trunk)
    assert (len(earlier), len(whole)) == (4_724, 6_763)
    assert {name: whole.get(name) for name in earlier} == earlier
