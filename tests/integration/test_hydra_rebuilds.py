"""Rebuilds of the recorded Hydra: jobs whose derivation changed, counted from its tables by hand."""

from collections import defaultdict
from pathlib import Path

import duckdb
import polars as pl
import pytest

from models.derivations import id64
from pipelines.log.store import EventLog
from tests import hydra_world
from tests.sql import harness


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder: Path = tmp_path_factory.mktemp("hydra")
    log = EventLog(folder / "log")
    hydra_world.record(log, hydra_world.tables("t2"))
    return harness.build_from(log, "core.rebuilds", "metrics.what_if")


def by_hand(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str, int, int]]:
    """(jobset, system, evaluation, derivation, that before) of jobs in two complete evaluations one after the other."""
    builds = {
        build: (job, system, number(drv), finished == "1" and status == "0")
        for build, job, system, drv, finished, status in hydra_world.table("t2", "builds")
        .select("id", "job", "system", "drvpath", "finished", "buildstatus")
        .iter_rows()
    }
    succeeded = {drv for _, _, drv, is_green in builds.values() if is_green}
    listed: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for evaluation, build in hydra_world.table("t2", "jobsetevalmembers").select("eval", "build").iter_rows():
        job, system, drv, _ = builds[build]
        listed[evaluation, system][job] = drv
    query = """
        select jobset, system, evaluation_id from core.evaluation_systems
        where is_complete order by jobset, system, step
    """
    order: dict[tuple[str, str], list[str]] = defaultdict(list)
    for jobset, system, evaluation in con.sql(query).fetchall():
        order[jobset, system].append(evaluation)
    found = set()
    for (jobset, system), evaluations in order.items():
        good: dict[str, int] = {}
        before: dict[str, int] = {}
        for evaluation in evaluations:
            now = listed[evaluation, system]
            found |= {
                (jobset, system, evaluation, drv, before[job])
                for job, drv in now.items()
                if before.get(job, drv) != drv and good.get(job) != drv
            }
            good |= {job: drv for job, drv in now.items() if drv in succeeded}
            before = now
    return found


def number(drv: str) -> int:
    return id64(drv.rpartition("/")[2][:32])


def test_jobs_whose_derivation_changed_are_rebuilds(con: duckdb.DuckDBPyConnection) -> None:
    query = """
        select jobset, system, attr, evaluation_id, derivation_id64, previous_derivation_id64
        from core.rebuilds where previous_derivation_id64 is not null
    """
    found = {
        (jobset, system, evaluation, new, old)
        for jobset, system, _, evaluation, new, old in con.sql(query).fetchall()
    }
    assert len(found) > 500
    assert found == by_hand(con)


def test_without_derivation_files_nothing_is_attributed(con: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*), count(triggers), count(content), count(is_structural) from core.rebuilds"
    ((rebuilds, *known),) = con.sql(query).fetchall()
    assert rebuilds > 500
    assert known[0] == known[2] == 0


def test_without_recipes_only_batches_can_be_tried(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "select scenario, count(*), min(rebuilds_before - rebuilds_after) from metrics.what_if group by all"
    )
    assert [(scenario, rows > 0, saved >= 0) for scenario, rows, saved in found.fetchall()] == [
        ("batch", True, True)
    ]


def test_costs_are_those_of_builds_that_ran(con: duckdb.DuckDBPyConnection) -> None:
    query = """
        select seconds_basis, count(*), sum(wall_seconds), bool_or(is_executed) from core.rebuilds
        group by seconds_basis order by seconds_basis
    """
    found = {basis: (n, seconds, ran) for basis, n, seconds, ran in con.sql(query).fetchall()}
    assert found["measured"][1] > 0
    assert found["none"][1:] == (0.0, False)
    cached = hydra_world.table("t2", "builds").filter(pl.col("iscachedbuild") == "1").height
    assert cached > 0
