"""Relations on the graph of derivations that are about times, rates and updates."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest
from msgspec import structs

from models.events import BuildObserved, EvaluationObserved, Event, PackageUpdated, SourceDeclared
from models.vocabulary import Cause, Coverage, Unit
from tests import graphs
from tests.graphs import AT, SYSTEM
from tests.sql import harness

DAY = timedelta(days=1)


def build(
    attr: str, number: int, stopped_at: datetime, seconds: int = 60, **changed: object
) -> BuildObserved:
    told = BuildObserved(
        source="ci",
        jobset="p/main",
        build_id=f"{attr}.{number}",
        attr=attr,
        system=SYSTEM,
        observed_at=stopped_at,
        status="succeeded",
        source_status="0",
        is_finished=True,
        cause=Cause.UNKNOWN,
        started_at=stopped_at - timedelta(seconds=seconds),
        stopped_at=stopped_at,
        time_kind="measured",
    )
    return structs.replace(told, **changed)


def evaluated(jobset: str, coverage: Coverage) -> EvaluationObserved:
    return EvaluationObserved(
        id=f"ci:evaluation:{jobset}:1:x",
        source="ci",
        observed_at=AT,
        jobset=jobset,
        evaluation_id="1",
        ordinal=1,
        observation_key="x",
        unit=Unit.JOB,
        coverage=coverage,
        listed_statuses=["all"],
        systems=[SYSTEM],
    )


def updated(attr: str, at: datetime, number: int, *, on_main: bool = True) -> PackageUpdated:
    return PackageUpdated(
        source="set",
        observed_at=AT,
        occurred_at=at,
        attr=attr,
        from_version="1",
        to_version="2",
        revision=f"{number:040x}",
        is_on_main_branch=on_main,
    )


def given() -> list[Event]:
    """Builds of two jobsets, and a package set with a history of its updates."""
    timed = [build("seven", n, AT + n * DAY, seconds=100 * n) for n in range(1, 8)]
    others = [
        build("cached", 1, AT + DAY, is_cached=True),
        build("file", 1, AT + DAY, time_kind="file"),
        build("unkind", 1, AT + DAY, time_kind=None),
        build("failed", 1, AT + DAY, status="failed", cause=Cause.OWN),
        build("twice", 1, AT + DAY, seconds=50),
        structs.replace(build("twice", 1, AT + DAY, seconds=70), observed_at=AT + 2 * DAY),
    ]
    busy = [build("busy", n, AT + 40 * DAY + timedelta(minutes=n), jobset="p/long") for n in range(30)]
    early = [build("early", n, AT + n * DAY, jobset="p/long") for n in range(40)]
    short = [build("short", n, AT + timedelta(hours=n), jobset="p/short") for n in range(5)]
    listed = [build("listed", n, AT + n * DAY, jobset="p/failures") for n in range(5)]
    window = SourceDeclared(
        id="set:source:updates",
        source="set",
        observed_at=AT,
        dataset="updates",
        title="Updates",
        covers="package_updated",
        first_at=AT - 400 * DAY,
        last_at=AT,
        licence="none",
    )
    return [
        *timed,
        *others,
        *busy,
        *early,
        *short,
        *listed,
        evaluated("p/main", Coverage.FULL),
        evaluated("p/long", Coverage.FULL),
        evaluated("p/short", Coverage.FULL),
        evaluated("p/failures", Coverage.FAILURES_ONLY),
        *graphs.events("app\npython3Packages.six\npython27Packages.six\nquiet", "set", first=9000),
        *graphs.events("lone", "unwatched", first=9100),
        window,
        updated("app", AT - DAY, 1),
        updated("app", AT - 2 * DAY, 2),
        updated("app", AT - 3 * DAY, 3, on_main=False),
        updated("app", AT - 366 * DAY, 4),
        updated("app", AT + DAY, 5),
        updated("python.pkgs.six", AT - DAY, 6),
        updated("pythonPackages.six", AT - 4 * DAY, 7),
        updated("app", AT - DAY, 1),
    ]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with harness.build([(1, event) for event in given()]) as built:
        yield built


def test_a_build_time_is_the_median_of_the_last_five_known_ones(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "select attr, seconds, builds, last_stopped_at from core.build_seconds where attr <> 'busy'"
    )
    by_attr = {row[0]: row[1:] for row in found.fetchall()}
    assert by_attr["seven"] == (500.0, 5, AT + 7 * DAY)
    # Of a build that was told twice the newest telling counts, once.
    assert by_attr["twice"] == (70.0, 1, AT + DAY)
    assert not {"cached", "file", "unkind", "failed"} & set(by_attr)


def test_a_rate_is_of_the_last_28_days(con: duckdb.DuckDBPyConnection) -> None:
    sql = """
        select window_days, finished_builds, builds_per_day, busiest_day_builds
        from core.build_rates where source = 'ci' and jobset = 'p/long'
    """
    ((days, finished, rate, busiest),) = con.sql(sql).fetchall()
    # 30 on the last day, and one each on the 27 days before it that lie within 28 days of the last.
    assert (days, finished, busiest) == (28, 57, 30)
    assert rate == pytest.approx(57 / 28)


def test_failures_count_as_finished_and_cached_results_do_not(con: duckdb.DuckDBPyConnection) -> None:
    sql = "select finished_builds, builds_per_day from core.build_rates where source = 'ci' and jobset = 'p/main'"
    assert con.sql(sql).fetchall() == [(9, pytest.approx(9 / 6))]


def test_no_rate_is_known_from_less_than_a_day_or_a_list_of_failures(con: duckdb.DuckDBPyConnection) -> None:
    sql = """
        select jobset, builds_per_day, busiest_day_builds from core.build_rates
        where source = 'ci' and jobset in ('p/short', 'p/failures') order by jobset
    """
    assert con.sql(sql).fetchall() == [("p/failures", None, None), ("p/short", None, None)]


def test_updates_are_those_of_the_year_before_on_the_main_branch(con: duckdb.DuckDBPyConnection) -> None:
    sql = "select attr, updates, last_updated_at from core.package_moves where source = 'set' order by attr"
    assert con.sql(sql).fetchall() == [
        ("app", 2, AT - DAY),
        ("python27Packages.six", 2, AT - DAY),
        ("python3Packages.six", 2, AT - DAY),
        ("quiet", 0, None),
    ]


def test_without_a_history_of_the_year_updates_are_unknown(con: duckdb.DuckDBPyConnection) -> None:
    sql = "select attr, updates, last_updated_at from core.package_moves where source = 'unwatched'"
    assert con.sql(sql).fetchall() == [("lone", None, None)]
