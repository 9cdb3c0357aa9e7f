"""What is made of a recorded Hydra equals what its own database says of it (`truth.json`), at both instants."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import ingest
from pipelines.log.store import EventLog
from pipelines.sources.hydra.ingest import ingest_hydra
from pipelines.sources.hydra.statuses import STATUSES
from tests import crawling, histories, hydra_world, replay_server
from tests.crawling import AS_OF, Time

Warehouses = dict[str, duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouses]:
    """A warehouse per instant, and `both`: t1, then t2 on top of it; `http`: so too, crawled from a server."""
    built: Warehouses = {}
    for name, instants in {"t1": ["t1"], "t2": ["t2"], "both": ["t1", "t2"], "http": ["t1", "t2"]}.items():
        folder = tmp_path_factory.mktemp(name)
        log = EventLog(folder / "log")
        with replay_server.serve() as server:
            for instant in instants:
                if name == "http":
                    server.instant = instant
                    asked, clock = crawling.instance(server.url), Time(AS_OF[instant]).clock()
                    ingest_hydra(asked, (), folder, log, folder / "q", lambda _: None, clock.now, clock)
                else:
                    hydra_world.record(log, hydra_world.tables(instant))
        built[name] = histories.build(log, also=("staging.aggregate_observed",))
    yield built
    for con in built.values():
        con.close()


def _truth(name: str) -> dict[str, Any]:
    return hydra_world.truth()[name if name in ("t1", "t2") else "t2"]


def _jobset(row: dict[str, Any]) -> str:
    return f"{row['project']}/{row['jobset']}"


@pytest.mark.parametrize("name", ["t1", "t2", "both", "http"])
def test_evaluations_and_their_statuses_are_those_of_the_database(warehouses: Warehouses, name: str) -> None:
    told = warehouses[name].sql(
        """
        select e.evaluation_id::bigint, c.status, sum(c.jobs)::bigint
        from replay.step_counts as c
        inner join replay.steps as p using (series, step)
        inner join replay.evaluations as e using (evaluation)
        group by all
        """
    )
    counted: dict[int, dict[str, int]] = {}
    for evaluation, status, jobs in told.fetchall():
        counted.setdefault(evaluation, {})[status] = jobs
    expected = {}
    for row in _truth(name)["evals"]:
        if row["hasnewbuilds"]:
            words = Counter({"queued": row["unfinished"]} if row["unfinished"] else {})
            for code, jobs in row["by_status"].items():
                words[STATUSES.get(int(code), ("unknown", ""))[0]] += jobs
            expected[row["eval"]] = dict(words)
    assert counted == expected


@pytest.mark.parametrize("name", ["t1", "t2", "both", "http"])
def test_systems_of_evaluations_are_those_of_the_database(warehouses: Warehouses, name: str) -> None:
    told = warehouses[name].sql(
        """
        select
            e.jobset, e.evaluation_id::bigint, e.revision, epoch(e.evaluation_at)::bigint,
            s.system, s.total_jobs, s.listed_jobs, s.green_jobs, s.total_jobs - s.unfinished_jobs
        from core.evaluation_systems as s
        inner join core.evaluations as e using (source, jobset, evaluation_id)
        """
    )
    assert sorted(told.fetchall()) == sorted(
        (
            _jobset(row),
            row["eval"],
            row["nixpkgs_revision"],
            row["timestamp"],
            system,
            of["members"],
            of["members"],
            of["succeeded"],
            of["finished"],
        )
        for row in _truth(name)["evals"]
        if row["hasnewbuilds"]
        for system, of in row["by_system"].items()
    )


@pytest.mark.parametrize("name", ["t1", "t2", "both", "http"])
@pytest.mark.parametrize("preset", ["hydra-any-nonzero", "hydra-definite"])
def test_failure_episodes_are_those_of_the_database(warehouses: Warehouses, name: str, preset: str) -> None:
    con = warehouses[name]
    histories.use_preset(con, preset)
    told = con.sql(
        """
        select
            jobset, attr, system, broken_evaluation_id::bigint, epoch(broken_at)::bigint,
            first_build_id::bigint, evaluations, is_left_censored,
            case when outcome = 'fixed' then cleared_evaluation_id::bigint end,
            case when outcome = 'fixed' then (epoch(cleared_at) - epoch(broken_at))::bigint end,
            outcome = 'open'
        from core.failure_episodes
        """
    ).fetchall()
    histories.use_preset(con, "headline")
    expected = [
        (
            _jobset(row),
            row["job"].removesuffix(f".{row['system']}"),
            row["system"],
            row["first_fail_eval"],
            row["first_fail_ts"],
            row["first_fail_build"],
            row["failing_evals_seen"],
            row["left_censored"],
            row["fixed_eval"],
            row["seconds_to_fix"],
            row["fixed_eval"] is None,
        )
        for row in _truth(name)[f"episodes_{preset.removeprefix('hydra-').replace('-', '_')}"]
    ]
    assert len(told) > 260
    assert sorted(told, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("name", ["t1", "t2", "both", "http"])
def test_jobs_come_and_go_as_in_the_database(warehouses: Warehouses, name: str) -> None:
    jobs: dict[tuple[str, int], set[str]] = {}
    for jobset, evaluation, job in _jobs(warehouses[name]).iter_rows():
        jobs.setdefault((jobset, evaluation), set()).add(job)
    told = [
        (jobset, before, after, change, job)
        for (jobset, before), (other, after) in pairwise(sorted(jobs))
        if jobset == other
        for change, of in (
            ("removed", jobs[jobset, before] - jobs[jobset, after]),
            ("added", jobs[jobset, after] - jobs[jobset, before]),
        )
        for job in of
    ]
    expected = [
        (_jobset(row), row["from_eval"], row["to_eval"], row["change"], row["job"])
        for row in _truth(name)["job_changes"]
    ]
    kinds = {change for *_, change, _ in expected}
    assert sorted(one for one in told if one[3] in kinds) == sorted(expected)


def _jobs(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """jobset, evaluation, job as Hydra names it; of every evaluation, from the replayed intervals."""
    names = (
        pl.concat([hydra_world.tables(instant).builds for instant in hydra_world.INSTANTS])
        .select("job", "build_id")
        .unique()
    )
    listed = con.sql(
        """
        select e.jobset, e.evaluation_id::bigint as evaluation, i.build_id::bigint as build_id
        from replay.intervals as i
        inner join replay.steps as p on i.series = p.series and p.step between i.first_step and i.last_step
        inner join replay.evaluations as e on p.evaluation = e.evaluation
        """
    ).pl()
    return listed.join(names, on="build_id").select("jobset", "evaluation", "job")


@pytest.mark.parametrize("name", ["t1", "t2", "both", "http"])
def test_runs_of_aggregates_are_those_of_the_database(warehouses: Warehouses, name: str) -> None:
    """Aggregates are builds like others; how many of their constituents are green follows from the facts."""
    newest = dict(
        warehouses[name]
        .sql(
            """
            select build_id::bigint, (status, arg_max(source_status, observed_at))
            from replay.build_facts inner join staging.build_observed using (source, build_id, status)
            where until_at is null
            group by build_id, status
            """
        )
        .fetchall()
    )
    constituents = dict(
        warehouses[name]
        .sql("select build_id::bigint, constituents::bigint[] from staging.aggregate_observed")
        .fetchall()
    )
    # Over HTTP the constituents of these aggregates alone were recorded.
    assert len(constituents) == {"t1": 36, "t2": 39, "both": 39, "http": 15}[name]
    for row in _truth(name)["green_runs"]:
        status, word = newest[row["build"]]
        assert (status != "queued") == bool(row["finished"])
        assert not row["finished"] or word == str(row["buildstatus"])
        if name == "http" and row["build"] not in constituents:
            continue
        of = constituents[row["build"]]
        assert len(of) == row["constituents"]
        assert sum(newest[one][0] == "succeeded" for one in of) == row["constituents_ok"]
    aggregates = _jobs(warehouses[name]).filter(
        pl.col("job").is_in([row["aggregate"] for row in _truth(name)["green_runs"]])
    )
    assert aggregates.height == len(_truth(name)["green_runs"])


def test_the_later_world_on_top_of_the_earlier_one_is_the_later_world(warehouses: Warehouses) -> None:
    """What differs is when things were seen, and nothing else."""
    for relation, seen in {
        "core.evaluations": "first_observed_at, last_observed_at",
        "core.evaluation_systems": "first_observed_at",
        "core.job_intervals": "",
        "core.failure_episodes": "",
        "core.gaps": "",
    }.items():
        select = f"select *{f' exclude ({seen})' if seen else ''} from {relation}"
        both, alone = (sorted(map(repr, warehouses[name].sql(select).fetchall())) for name in ("both", "t2"))
        assert both == alone, relation
        assert both or relation == "core.gaps"


def test_what_is_known_is_not_recorded_again(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    first = hydra_world.record(log, hydra_world.tables("t1"))
    again = hydra_world.record(log, hydra_world.tables("t1", later=timedelta(hours=1)))
    less = hydra_world.record(log, hydra_world.tables("t1", later=timedelta(hours=2), with_steps=False))
    assert (first.batch is not None, again, less) == (
        True,
        ingest.Ingested("hydra", None, 0),
        ingest.Ingested("hydra", None, 0),
    )


def test_a_limit_that_a_dependency_ran_into_is_no_own_failure(warehouses: Warehouses) -> None:
    """Code 11 is given to dependents as well: the database's steps tell, and only its own counts."""
    told = (
        warehouses["t2"]
        .sql(
            """
        select
            bool_or(b.cause = 'own' and b.status <> 'timed-out') as has_own_build,
            any_value(e.has_own_failure),
            bool_or(b.source_status = '11' and b.cause = 'dependency')
        from core.failure_episodes as e
        inner join core.job_intervals as i using (source, jobset, attr, system, variant)
        inner join staging.build_observed as b on i.build_id = b.build_id and i.source = b.source
        where i.status_class = 'red' and i.first_at between e.broken_at and e.last_red_at
        group by e.jobset, e.attr, e.system, e.broken_at
        """
        )
        .fetchall()
    )
    assert all(own == said for own, said, _ in told)
    assert sum(limit for *_, limit in told) > 5
