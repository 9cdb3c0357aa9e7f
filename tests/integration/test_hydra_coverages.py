"""One jobset, two coverages: a live crawl goes on where the bundled reports of haskell-updates end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import ingest
from pipelines.log import state
from pipelines.log.store import EventLog
from pipelines.sources.haskell_updates import JOBSET, SOURCE
from pipelines.sources.hydra.statuses import STATUSES
from pipelines.sources.hydra.tables import SCHEMAS, Tables
from tests import histories, hydra_world

CODES = {word: code for code, (word, _) in sorted(STATUSES.items(), reverse=True)}
Job = tuple[str, str]
EPISODES = """
    select attr, system, broken_evaluation_id, broken_at, cleared_evaluation_id, outcome, evaluations,
        has_own_failure, is_left_censored, first_build_id, last_build_id, last_red_at
    from core.failure_episodes
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 60 reports, on 22 evaluations."""
    return histories.cut_haskell(tmp_path_factory.mktemp("cut") / "reports", pl.col("snapshot") < 60)


@pytest.fixture(scope="module")
def before(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """What the reports alone say."""
    log = histories.ingest_all([reports], tmp_path_factory.mktemp("before"))
    with histories.build(log) as con:
        yield con


def _failing(before: duckdb.DuckDBPyConnection) -> list[Job]:
    """Jobs that fail by themselves up to the last report, in an episode whose beginning was seen."""
    return before.sql(
        """
        select attr, system from core.failure_episodes
        where outcome = 'open' and has_own_failure and not is_left_censored and last_red_at = observed_until_at
        order by all
        """
    ).fetchall()


def _live(log: EventLog, before: duckdb.DuckDBPyConnection) -> Tables:
    """Two evaluations in full after the last reported one: the builds that were listed, and as many green ones.

    Of the failing jobs the first is green by a new build in the second evaluation, the second is in neither
    evaluation, and the build of the third is restarted and succeeds. All else stays as it was reported.
    """
    fixed, absent, restarted = _failing(before)[:3]
    base = state.newest(log, SOURCE, JOBSET)
    assert base is not None
    newest = (
        state.facts(log, SOURCE, JOBSET, base.listing["build_id"])
        .sort("observed_at", "status")
        .unique("build_id", keep="last", maintain_order=True)
    )
    last_id, last_at, seen_at = before.sql(
        "select max(ordinal), max(evaluation_at), max(last_observed_at) from core.evaluations"
    ).fetchall()[0]
    rows: list[dict[str, Any]] = []
    members: list[tuple[int, int]] = []

    def build(number: int, job: Job, code: int, evaluations: tuple[int, ...], at: datetime) -> None:
        rows.append(
            {
                "build_id": number,
                "job": f"{job[0]}.{job[1]}",
                "system": job[1],
                "is_finished": True,
                "build_status": code,
                "queued_at": last_at,
                "observed_at": at,
            }
        )
        members.extend((last_id + n, number) for n in evaluations)

    listed = base.listing.join(newest, on="build_id").sort("attr", "system")
    first_at = seen_at + timedelta(hours=1)
    for n, (attr, system, number, word) in enumerate(
        listed.select("attr", "system", "build_id", "status").iter_rows()
    ):
        job = attr, system
        code = CODES.get(word, 0)
        if job == fixed:
            build(int(number), job, code, (1,), first_at)
            build(900_000_000, job, 0, (2,), first_at)
        elif job == restarted:
            build(int(number), job, code, (1, 2), first_at)
            build(int(number), job, 0, (), first_at + timedelta(hours=2))
        elif job != absent:
            build(int(number), job, code, (1, 2), first_at)
        build(910_000_000 + n, (f"green{n}", system), 0, (1, 2), first_at)
    project, _, jobset = JOBSET.partition("/")
    named = {"project": project, "jobset": jobset}
    evaluations = [
        {
            **named,
            "evaluation_id": last_id + n,
            "evaluated_at": last_at + timedelta(days=n),
            "inputs": [],
            "observed_at": first_at + timedelta(minutes=n),
        }
        for n in (1, 2)
    ]
    return Tables(
        evaluations=_table("evaluations", evaluations),
        members=pl.DataFrame(members, schema=SCHEMAS["members"], orient="row"),
        builds=_table("builds", [{**named, **row} for row in rows]),
    )


def _table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = SCHEMAS[name]
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema=schema)


def test_episodes_run_on_across_the_change(
    reports: Path, before: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fixed, absent, restarted, *lasting = _failing(before)
    assert len(lasting) > 20
    log = histories.ingest_all([reports], tmp_path)
    live = _live(log, before)
    hydra_world.record(log, live, SOURCE)
    first, second = (str(number) for number in live.evaluations["evaluation_id"].sort())
    old = {row[:3]: row for row in before.sql(EPISODES).fetchall()}
    with histories.build(log) as con:
        assert con.sql(
            f"select coverage, is_complete from core.evaluations where evaluation_id in ('{first}', '{second}')"
        ).fetchall() == [("full", True), ("full", True)]
        new = {row[:3]: row for row in con.sql(EPISODES).fetchall()}
        bases = con.sql("select status_basis, count(*) from core.job_intervals group by all").fetchall()
    assert {basis for basis, _ in bases} == {"as_observed", "latest"}
    # No episode of the reports began anew, and those that had ended are as they were.
    assert old.keys() <= new.keys()
    for key, row in old.items():
        if row[5] != "open":
            assert new[key] == row
    was_open = {key[:2]: row for key, row in old.items() if row[5] == "open"}
    by_job = {job: new[row[:3]] for job, row in was_open.items()}
    for job in lasting:
        row, earlier = by_job[job], was_open[job]
        assert (row[4], row[5], row[6]) == (None, "open", earlier[6] + 2)
        assert row[3] == earlier[3]
        assert row[9] == earlier[9]
    assert by_job[fixed][4:7] == (second, "fixed", was_open[fixed][6] + 1)
    assert by_job[absent][4:6] == (None, "open")
    # Its build succeeded in the end: in the first evaluation that is asked build by build it is green.
    assert by_job[restarted][4:6] == (first, "fixed")


def test_reports_that_come_after_the_crawl_change_nothing(
    reports: Path, before: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    log = histories.ingest_all([reports], tmp_path / "in-order")
    live = _live(log, before)
    hydra_world.record(log, live, SOURCE)
    part = histories.cut_haskell(tmp_path / "part", pl.col("snapshot") < 40, reports)
    late = histories.ingest_all([part], tmp_path / "late")
    hydra_world.record(late, live, SOURCE)
    ingest.history(reports, late, tmp_path / "late" / "quarantine", histories.quiet)
    with histories.build(log) as one, histories.build(late) as other:
        assert histories.unequal(histories.contents(one), histories.contents(other)) == []
