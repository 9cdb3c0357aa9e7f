"""Declared waves over a recorded Hydra: the state of every package equals what its database says, read by hand."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest

from pipelines import checks, ingest, relations, warehouse
from pipelines.log.store import EventLog
from pipelines.paths import SQL
from pipelines.sources.waves.ingest import ingest_waves
from tests import declared_waves, histories, hydra_world

STAGING, TRUNK = "nixpkgs/staging-next", "nixpkgs/trunk"
WAVES = {
    "15-1.toml": """
        id = "15-1"
        title = "GCC 15"
        declared = 2026-09-01
        started = 2026-09-09
        instance = "hydra.example.org"
        jobsets = ["nixpkgs/staging-next"]
        roots = ["gcc"]
        baseline = "1824010"
    """,
    "16.toml": """
        id = "16"
        title = "Trunk"
        declared = 2026-09-01
        started = 2026-09-12
        instance = "hydra.example.org"
        jobsets = ["nixpkgs/trunk"]
        roots = ["openssl"]
        exclusions = ["nixosTests.**"]
    """,
}
LEDGER = """
    [[resolution]]
    wave = "15"
    package = "gimp"
    resolution = "wont-fix"
    author = "somebody"
    reason = "the new version is not packaged yet"
    date = 2026-09-20
"""
STANDING = {
    "t1": [("15-1", 125, 111, 13, "under_way", True), ("16", 146, 42, 100, "under_way", False)],
    "t2": [("15-1", 125, 111, 13, "under_way", True), ("16", 146, 41, 100, "under_way", True)],
}
"""Wave, packages, passes and open ones by the worst system, standing, whether all is built; at each instant."""
DECIDED_FROM = datetime(2026, 9, 20, tzinfo=UTC).timestamp()
SPANS = {
    "15-1": (STAGING, "1824010", datetime(2026, 9, 9, tzinfo=UTC)),
    "16": (TRUNK, None, datetime(2026, 9, 12, tzinfo=UTC)),
}
Job = tuple[str, str]
"""Attribute and system."""


@pytest.fixture(scope="module", params=["t1", "t2"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, duckdb.DuckDBPyConnection]]:
    """The name of the instant, and the warehouse of its world with two waves declared in files."""
    folder = tmp_path_factory.mktemp(request.param)
    log = EventLog(folder / "log")
    hydra_world.record(log, hydra_world.tables(request.param))
    (folder / "waves").mkdir()
    for name, text in (WAVES | {"resolutions.toml": LEDGER}).items():
        (folder / "waves" / name).write_text(text)
    done = ingest_waves(folder / "waves", log, folder / "quarantine", histories.quiet)
    assert done.batch is not None
    assert done.batch.rows == len(WAVES) + 1
    with warehouse.connect(":memory:") as con:
        declared_waves.build(log, con)
        yield request.param, con


@cache
def told(instant: str, wave: str) -> dict[str, dict[Job, tuple[str, int]]]:
    """Evaluation -> job -> state and build, from the tables of the database alone."""
    jobset, baseline, started = SPANS[wave]
    project, _, name = jobset.partition("/")
    (jobset_id,) = (
        row["id"]
        for row in hydra_world.table(instant, "jobsets").iter_rows(named=True)
        if (row["project"], row["name"]) == (project, name)
    )
    evaluations = {
        row["id"]: int(row["timestamp"])
        for row in hydra_world.table(instant, "jobsetevals").iter_rows(named=True)
        if row["jobset_id"] == jobset_id and row["hasnewbuilds"] == "1"
    }
    builds = {row["id"]: row for row in hydra_world.table(instant, "builds").iter_rows(named=True)}
    members: dict[str, dict[Job, str]] = {evaluation: {} for evaluation in evaluations}
    for row in hydra_world.table(instant, "jobsetevalmembers").iter_rows(named=True):
        if row["eval"] in members:
            build = builds[row["build"]]
            job = build["job"].removesuffix(f".{build['system']}"), build["system"]
            members[row["eval"]][job] = row["build"]
    fallen = _fallen(instant)
    begin = started.timestamp()
    order = sorted(evaluations, key=int)
    wave_evaluations = [one for one in order if evaluations[one] >= begin]
    first = baseline or [one for one in order if evaluations[one] < begin][-1]
    drvs = {job: builds[build]["drvpath"] for job, build in members[first].items()}
    changed = {
        job
        for one in wave_evaluations
        for job in members[one].keys() | members[first].keys()
        if job not in members[one] or drvs.get(job) != builds[members[one][job]]["drvpath"]
    }
    roots = {"15-1": "gcc", "16": "openssl"}
    packages = {
        job
        for job in changed | {job for one in order for job in members[one] if job[0] == roots[wave]}
        if wave != "16" or not job[0].startswith("nixosTests.")
    }
    states: dict[str, dict[Job, tuple[str, int]]] = {}
    seen = set(members[first])
    for one in wave_evaluations:
        states[one] = {}
        seen |= set(members[one])
        for job in packages:
            build = members[one].get(job)
            state = (
                _state(builds[build], drvs.get(job), fallen)
                if build
                else "removed"
                if job in seen
                else "not_reached"
            )
            is_decided = (
                wave == "15-1"
                and job[0] == "gimp"
                and (one == wave_evaluations[-1] or evaluations[one] >= DECIDED_FROM)
            )
            if is_decided and state in ("not_reached", "building", "failing_own", "failing_dependency"):
                state = "wont_fix"
            states[one][job] = (state, int(build or 0))
    return states


def _fallen(instant: str) -> set[str]:
    """Builds of which a step failed in another build, and none failed at the build's own derivation."""
    own = dict(hydra_world.table(instant, "builds").select("id", "drvpath").iter_rows())
    steps = [
        row
        for row in hydra_world.table(instant, "buildsteps").iter_rows(named=True)
        if row["status"] not in (None, "0")
    ]
    elsewhere = {row["build"] for row in steps if row["propagatedfrom"]}
    return elsewhere - {row["build"] for row in steps if row["drvpath"] == own[row["build"]]}


def _state(build: dict[str, str], baseline: str | None, fallen: set[str]) -> str:
    if build["drvpath"] == baseline:
        return "not_reached"
    if build["finished"] != "1":
        return "building"
    code = int(build["buildstatus"])
    if code == 0:
        return "pass"
    if code in (3, 4):
        return "not_reached"
    if code == 9:
        return "removed"
    return "failing_dependency" if code == 2 or build["id"] in fallen else "failing_own"


@pytest.mark.parametrize("wave", sorted(SPANS))
def test_every_package_is_in_the_state_that_the_database_says(
    built: tuple[str, duckdb.DuckDBPyConnection], wave: str
) -> None:
    instant, con = built
    found = con.execute(
        """
        select e.evaluation_id, p.attr, p.system, p.state, coalesce(p.build_id, '0')::bigint
        from core.wave_package_states as p
        inner join core.wave_evaluations as e
            on p.wave = e.wave and p.jobset = e.jobset and p.system = e.system
            and e.turn between p.first_turn and p.last_turn
        where p.wave = $wave
        """,
        {"wave": wave},
    ).fetchall()
    ours: dict[str, dict[Job, tuple[str, int]]] = {}
    for evaluation, attr, system, state, build in found:
        ours.setdefault(evaluation, {})[attr, system] = (state, build)
    theirs = told(instant, wave)
    assert ours.keys() == theirs.keys()
    for evaluation, jobs in theirs.items():
        assert {
            job: (ours[evaluation].get(job), state)
            for job, state in jobs.items()
            if ours[evaluation].get(job) != state
        } == {}
        assert ours[evaluation].keys() == jobs.keys()
    assert len({state for jobs in ours.values() for state, _ in jobs.values()}) >= 5


@pytest.mark.parametrize("wave", sorted(SPANS))
def test_progress_counts_them_by_system_and_by_the_worst(
    built: tuple[str, duckdb.DuckDBPyConnection], wave: str
) -> None:
    instant, con = built
    worst_first = (
        "failing_own",
        "failing_dependency",
        "not_reached",
        "building",
        "wont_fix",
        "removed",
        "pass",
    )
    expected: dict[tuple[str, str], Counter[str]] = {}
    for evaluation, jobs in told(instant, wave).items():
        by_attr: dict[str, str] = {}
        for (attr, system), (state, _) in jobs.items():
            expected.setdefault((evaluation, system), Counter())[state] += 1
            by_attr[attr] = min(by_attr.get(attr, "pass"), state, key=worst_first.index)
        expected[evaluation, "worst-of"] = Counter(by_attr.values())
    columns = ("pass", "failing_own", "failing_dependency", "not_reached", "building", "wont_fix", "removed")
    found = con.execute(
        f"select evaluation_id, system, packages, {', '.join(columns)} from metrics.wave_progress where wave = $wave",
        {"wave": wave},
    ).fetchall()
    counted = {(evaluation, system): counts for evaluation, system, _, *counts in found}
    assert counted == {key: [one[column] for column in columns] for key, one in expected.items()}
    assert {key: sum(counts) for key, counts in counted.items()} == {
        (row[0], row[1]): row[2] for row in found
    }


def test_counts_at_both_instants(built: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    """Headline figures, pinned: packages, passes, open ones, standing."""
    instant, con = built
    found = con.execute(
        "select wave, packages, pass, open_packages, standing, is_complete from metrics.wave_standing order by wave"
    ).fetchall()
    assert found == STANDING[instant]


def test_the_claims_hold(built: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    _, con = built
    known = declared_waves.needed()
    claims = checks.load(SQL / "checks", relations.load(SQL))
    results = [
        result
        for key, relation in known.items()
        if "wave" in key
        for result in checks.run(con, relation, claims.get(key, []))
    ]
    assert len(results) > 15
    assert [result.sentence() for result in results if result.is_broken] == []


def test_what_is_declared_is_recorded_once(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    (tmp_path / "waves").mkdir()
    (tmp_path / "waves" / "15-1.toml").write_text(WAVES["15-1.toml"])
    first = ingest_waves(tmp_path / "waves", log, tmp_path, histories.quiet)
    again = ingest_waves(tmp_path / "waves", log, tmp_path, histories.quiet)
    assert (first.batch is not None, again) == (True, ingest.Ingested("waves", None, 0))
