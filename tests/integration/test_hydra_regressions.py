"""Regressions of a recorded Hydra: failures are folded into the very roots that its own database names."""

from collections.abc import Iterator
from functools import cache

import duckdb
import polars as pl
import pytest

from pipelines.log.store import EventLog
from tests import hydra_world, regression_worlds

Warehouses = dict[str, duckdb.DuckDBPyConnection]
FAILED = ("1", "2", "6", "7", "8", "10", "11", "12")
"""Codes of builds that are red."""
FALLEN = {"t1": 378, "t2": 399, "both": 399}
"""Builds that failed because of another one."""
FOLDED = {"t1": 332, "t2": 399, "both": 399}
"""Of those, as jobs: at the first instant some stand in evaluations only that are not complete yet."""
NOTICES = {"t1": (257, 34, 34, 21), "t2": (265, 37, 37, 25), "both": (265, 37, 37, 25)}
"""Failures that began, root jobs, entries, and entries that are told."""


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouses]:
    """A warehouse per instant, and `both`: t1, then t2 on top of it."""
    built = {}
    for name, instants in {"t1": ["t1"], "t2": ["t2"], "both": ["t1", "t2"]}.items():
        log = EventLog(tmp_path_factory.mktemp(name) / "log")
        for instant in instants:
            hydra_world.record(log, hydra_world.tables(instant))
        built[name] = regression_worlds.build(log)
    yield built
    for con in built.values():
        con.close()


@cache
def database_roots(instant: str) -> dict[str, tuple[str, str]]:
    """Build that failed because of another derivation -> build in which that failed, and its derivation.

    Read from the steps alone: `propagatedfrom` is followed until a build names none.
    """
    builds = {row["id"]: row for row in hydra_world.table(instant, "builds").iter_rows(named=True)}
    steps: dict[str, dict[str, str]] = {}
    rows = hydra_world.table(instant, "buildsteps").sort(pl.col("stepnr").cast(pl.Int64))
    for step in rows.iter_rows(named=True):
        build = builds[step["build"]]
        counts = (
            step["status"] == build["buildstatus"]
            or build["buildstatus"] in ("2", "8")
            or step["status"] == "8"
        )
        if step["status"] not in (None, "0", "13") and counts:
            steps[step["build"]] = step

    def root(build: str) -> tuple[str, str]:
        step = steps.get(build)
        if step is None or not step["propagatedfrom"]:
            return build, step["drvpath"] if step else builds[build]["drvpath"]
        place, derivation = root(step["propagatedfrom"])
        # The root may have been given another derivation since: the step names the one that failed.
        is_last = place == step["propagatedfrom"] and derivation == builds[place]["drvpath"]
        return place, step["drvpath"] if is_last and step["drvpath"] != builds[build][
            "drvpath"
        ] else derivation

    red = {name for name, row in builds.items() if row["finished"] == "1" and row["buildstatus"] in FAILED}
    found = {name: root(name) for name in red & steps.keys()}
    # Where its own derivation failed, here or in another build of it, a build did not fall.
    return {name: of for name, of in found.items() if of[1] != builds[name]["drvpath"]}


@pytest.mark.parametrize("name", ["t1", "t2", "both"])
def test_every_fallen_build_has_the_root_that_the_database_names(warehouses: Warehouses, name: str) -> None:
    instant = "t2" if name == "both" else name
    found = warehouses[name].sql(
        "select distinct build_id, root_build_id, root_derivation from core.root_causes order by all"
    )
    ours = {build: (root, derivation) for build, root, derivation in found.fetchall()}
    wanted = database_roots(instant)
    assert len(ours) == FALLEN[name]
    assert ours.keys() == wanted.keys()
    assert {build: of[1] for build, of in ours.items()} == {build: of[1] for build, of in wanted.items()}
    # Three fell because a build failed at an input that is another job's: that job's own build is the root then.
    drvs = dict(hydra_world.table(instant, "builds").select("id", "drvpath").iter_rows())
    others = {build for build in ours if ours[build][0] != wanted[build][0]}
    assert len(others) == 3
    assert all(drvs[ours[build][0]] == wanted[build][1] for build in others)


@pytest.mark.parametrize("name", ["t1", "t2", "both"])
def test_every_fallen_job_is_folded_into_the_entry_of_its_root(warehouses: Warehouses, name: str) -> None:
    """And into no other: an entry's root is the job, or the name of the derivation, that the database names."""
    instant = "t2" if name == "both" else name
    wanted = database_roots(instant)
    rows = hydra_world.table(instant, "builds").select("id", "drvpath", "job", "system").iter_rows(named=True)
    builds = {row["id"]: row for row in rows}
    jobs_of: dict[str, set[str]] = {}
    for row in builds.values():
        jobs_of.setdefault(row["drvpath"], set()).add(row["job"].removesuffix(f".{row['system']}"))
    folded = warehouses[name].sql(
        """
        select distinct jobset, attr, system, build_id, kind, root
        from core.regression_jobs where role = 'fallout'
        """
    )
    rows = folded.fetchall()
    assert len(rows) == FOLDED[name]
    for *_, build, kind, root in rows:
        place, derivation = wanted[build]
        if kind == "derivation":
            assert derivation not in jobs_of
            assert derivation.endswith(f"-{root}.drv")
        else:
            # Several jobs may build the derivation; where it was replaced since, the job of its build is the root.
            assert root in jobs_of.get(derivation, set()) | jobs_of[builds[place]["drvpath"]]


@pytest.mark.parametrize("name", ["t1", "t2", "both"])
def test_folding_leaves_as_many_notices_as_roots_that_are_confirmed(
    warehouses: Warehouses, name: str
) -> None:
    steps = warehouses[name].sql(
        "select sum(failures), sum(root_jobs), sum(entries), sum(notices) from metrics.notice_volume"
    )
    assert steps.fetchall() == [NOTICES[name]]


def test_what_was_told_is_told_again_when_more_evaluations_come(warehouses: Warehouses) -> None:
    earlier, later = (regression_worlds.told(warehouses[name]) for name in ("t1", "both"))
    assert len(earlier) == 21
    assert {name: later.get(name) for name in earlier} == earlier
    assert len(later) == 25


def test_the_range_of_commits_ends_at_the_evaluations_revisions(warehouses: Warehouses) -> None:
    """Of every entry of a job, the revisions are those of the last green evaluation and the first red one."""
    con = warehouses["t2"]
    revisions = {
        (f"{row['project']}/{row['jobset']}", str(row["eval"])): row["nixpkgs_revision"]
        for row in hydra_world.truth()["t2"]["evals"]
    }
    rows = con.sql(
        """
        select jobset, first_bad_evaluation_id, first_bad_revision, last_good_evaluation_id, last_good_revision,
            is_last_good_seen
        from metrics.regressions where kind = 'job'
        """
    ).fetchall()
    assert len(rows) == 23
    for jobset, bad, bad_revision, good, good_revision, is_seen in rows:
        assert is_seen
        assert int(good) < int(bad)
        assert revisions[jobset, bad] == bad_revision
        assert revisions[jobset, good] == good_revision
    assert sum(row[2] is not None for row in rows) == len(rows)


def test_suspects_changed_between_the_evaluations_and_once_made_the_job_fall(warehouses: Warehouses) -> None:
    """No graph is recorded; what a job needs is known from the steps that name where it fell from."""
    con = warehouses["t2"]
    told = con.sql(
        """
        select s.jobset, s.entry, s.suspect, r.system, r.good_evaluation_id, r.began_evaluation_id, r.attr
        from core.regression_suspects as s
        inner join core.regression_jobs as r using (source, jobset, entry)
        where r.role = 'own' order by all
        """
    ).fetchall()
    suspects = {row[1:3] for row in told}
    assert suspects == {
        ("job/1824078/tested", "nixos.tests.installer.lvm"),
        ("job/1824097/magma-cuda", "cudaPackages.cudatoolkit"),
        ("job/1824071/wine", "llvm"),
        ("job/1824183/zed", "openssl"),
    }
    builds = {row["id"]: row for row in hydra_world.table("t2", "builds").iter_rows(named=True)}
    members: dict[str, dict[str, str]] = {}
    for evaluation, build, _ in hydra_world.table("t2", "jobsetevalmembers").iter_rows():
        members.setdefault(evaluation, {})[builds[build]["job"]] = builds[build]["drvpath"]
    roots = [
        (builds[build]["job"], builds[place]["job"]) for build, (place, _) in database_roots("t2").items()
    ]
    proved = set()
    for _, entry, suspect, system, good, bad, attr in told:
        names = {suspect, f"{suspect}.{system}"}
        changed = {members[good].get(name) != members[bad].get(name) for name in names}
        once = any(job in (attr, f"{attr}.{system}") and root in names for job, root in roots)
        if once and True in changed:
            proved.add((entry, suspect))
    assert proved == suspects
