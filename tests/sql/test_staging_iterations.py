"""Iterations of staging-next: found on a recorded Hydra, and on small worlds in which each end of the rule shows."""

from collections.abc import Iterator

import duckdb
import msgspec
import polars as pl
import pytest

from models.events import BuildObserved, Event
from pipelines import checks, relations, warehouse
from pipelines.log.store import EventLog
from pipelines.paths import SQL
from tests import histories, hydra_world
from tests.sql import harness, world

OURS = (
    "core.time_to_fix_durations",
    "core.cohorts",
    "core.staging_comparisons",
    "core.found_waves",
    "core.wave_cohorts",
)
STAGING = "nixpkgs/staging-next"
FOUND = (
    "select first_evaluation_id, last_evaluation_id, evaluations, ended_evaluation_id, is_merged, apart_jobs "
    "from core.found_waves where kind = 'staging_next' and source = $source order by ordinal"
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The recorded Hydra at its later instant, with our relations."""
    log = EventLog(tmp_path_factory.mktemp("recorded") / "log")
    hydra_world.record(log, hydra_world.tables("t2"))
    with histories.build(log) as con:
        warehouse.build(con, relations.load(SQL), only=OURS)
        yield con


def test_the_recorded_hydra_has_one_iteration(recorded: duckdb.DuckDBPyConnection) -> None:
    """It begins where nothing is as in trunk any more and ends with the evaluation of trunk that has its builds."""
    found = recorded.sql("from core.found_waves").to_arrow_table().to_pylist()
    (row,) = [{key: str(value) for key, value in row.items()} for row in found]
    assert row == {
        "source": hydra_world.SOURCE,
        "jobset": STAGING,
        "wave": "staging-next-1824031",
        "kind": "staging_next",
        "first_evaluation_id": "1824031",
        "ordinal": "1824031",
        "began_at": "2026-09-09 17:13:58+00:00",
        "last_evaluation_id": "1824120",
        "last_evaluation_at": "2026-09-18 05:32:32+00:00",
        "ended_evaluation_id": "1824130",
        "ended_at": "2026-09-19 11:35:26+00:00",
        "is_merged": "True",
        "evaluations": "6",
        "systems": "2",
        "jobs": "53",
        "still_failing_jobs": "17",
        "apart_jobs": "249",
    }


def test_comparisons_equal_the_database(recorded: duckdb.DuckDBPyConnection) -> None:
    """Members of both evaluations, joined by job, straight from the tables of that Hydra."""
    members = hydra_world.table("t2", "jobsetevalmembers").join(
        hydra_world.table("t2", "builds").select("job", "drvpath", build="id"), on="build"
    )
    jobs = {key[0]: rows for key, rows in members.partition_by("eval", as_dict=True).items()}
    turns = recorded.sql(
        "select evaluation_id, trunk_evaluation_id, common_jobs, same_jobs from core.staging_comparisons"
    ).fetchall()
    assert len(turns) == 24
    for staging, trunk, common, same in turns:
        both = jobs[staging].join(jobs[trunk], on="job")
        equal = both.filter(pl.col("drvpath") == pl.col("drvpath_right"))
        assert (common, same) == (len(both), len(equal))


def test_its_cohort_are_the_failures_that_began_in_it(recorded: duckdb.DuckDBPyConnection) -> None:
    """As the truth of that Hydra has them: every episode of staging-next that begins in one of its evaluations."""
    during = {1824031, 1824056, 1824071, 1824087, 1824105, 1824120}
    truth = [
        (row["job"], row["fixed_eval"] is not None)
        for row in hydra_world.truth()["t2"]["episodes_definite"]
        if f"{row['project']}/{row['jobset']}" == STAGING and row["first_fail_eval"] in during
    ]
    found = recorded.sql(
        "select attr || '.' || system, cleared_at is not null from core.wave_cohorts"
    ).fetchall()
    assert sorted(found) == sorted(truth)


@pytest.mark.parametrize("key", OURS[1:])
def test_the_claims_hold(recorded: duckdb.DuckDBPyConnection, key: str) -> None:
    loaded = relations.load(SQL)
    claims = checks.load(SQL / "checks", loaded)[key]
    assert [
        result.sentence() for result in checks.run(recorded, loaded[key], claims) if result.is_broken
    ] == []


# A build that both jobsets have is one derivation. Days of trunk are whole, those of staging-next half a day later.
WORLDS = {
    "a change of everything begins one and its merge ends it": (
        """
        jobset nixpkgs/trunk
        day              0 1 2  3
        x86_64-linux a*20  S S S+ S
        """,
        """
        jobset nixpkgs/staging-next
        day              0.5 1.5 2.5 3.5
        id               11  12  13  14
        x86_64-linux a*20  S  S+ S   S
        """,
        [("12", "12", 1, "3", True, 20)],
    ),
    "a change of half of the jobs is none": (
        """
        jobset nixpkgs/trunk
        day              0 1
        x86_64-linux a*20  S S
        """,
        """
        jobset nixpkgs/staging-next
        day              0.5 1.5
        id               11  12
        x86_64-linux a*10  S  S+
        x86_64-linux a10   S  S
        """,
        [],
    ),
    "what has not been merged yet is open": (
        """
        jobset nixpkgs/trunk
        day              0 1
        x86_64-linux a*20  S S
        """,
        """
        jobset nixpkgs/staging-next
        day              0.5 1.5 2.5
        id               11  12  13
        x86_64-linux a*20  S  S+ S
        """,
        [("12", "13", 2, None, None, 20)],
    ),
    "a merge of trunk into the branch while trunk rebuilds all by itself begins with the branch": (
        """
        jobset nixpkgs/trunk
        day              0 1  2
        x86_64-linux a*20  S S+ S
        """,
        """
        jobset nixpkgs/staging-next
        day              0.5 1.5 2.5
        id               11  12  13
        x86_64-linux a*20  S  S  S+
        """,
        [("12", "12", 1, "13", False, 20)],
    ),
    "a merge after which the next one was evaluated already is not seen": (
        """
        jobset nixpkgs/trunk
        day              0 1 2  3
        x86_64-linux a*20  S S S+ S
        """,
        """
        jobset nixpkgs/staging-next
        day              0.5 1.5 1.8 3.5
        id               11  12  13  14
        x86_64-linux a*20  S  S+ S+  S
        """,
        [("12", "14", 3, None, None, 20)],
    ),
    "an evaluation of trunk before the branch rebuilds begins none": (
        """
        jobset nixpkgs/trunk
        day              0 1
        x86_64-linux a*20  S S
        """,
        """
        jobset nixpkgs/staging-next
        day              0.5 1.5
        id               11  12
        x86_64-linux a*20  S  S
        """,
        [],
    ),
}


FIRST = next(iter(WORLDS.values()))


@pytest.fixture(scope="module")
def drawn() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every world in one warehouse, each a source of its own."""
    events = [event for name, world in WORLDS.items() for text in world[:2] for event in _drawn(text, name)]
    trunk, staging, _ = FIRST
    events += [*_drawn(trunk.replace("/trunk", "/unstable"), "unstable"), *_drawn(staging, "unstable")]
    events += [*world.events(trunk, "no derivations"), *world.events(staging, "no derivations")]
    for text in (trunk, staging):
        events += _drawn("coverage failures_only\n" + text.replace("S", "F"), "failures only")
    with harness.build(events) as con:
        yield con


@pytest.mark.parametrize("name", WORLDS)
def test_where_an_iteration_begins_and_ends(drawn: duckdb.DuckDBPyConnection, name: str) -> None:
    assert drawn.sql(FOUND, params={"source": name}).fetchall() == WORLDS[name][2]


def test_unstable_takes_the_place_of_trunk(drawn: duckdb.DuckDBPyConnection) -> None:
    assert drawn.sql(FOUND, params={"source": "unstable"}).fetchall() == FIRST[2]


@pytest.mark.parametrize("source", ["no derivations", "failures only"])
def test_without_derivations_or_with_failures_only_nothing_is_compared(
    drawn: duckdb.DuckDBPyConnection, source: str
) -> None:
    of_it = "where source = $source and jobset = 'nixpkgs/staging-next'"
    assert drawn.sql(
        f"select count(*) from core.evaluations {of_it}", params={"source": source}
    ).fetchall() == [(4,)]
    assert drawn.sql(
        f"select count(*) from core.staging_comparisons {of_it}", params={"source": source}
    ).fetchall() == [(0,)]
    assert drawn.sql(FOUND, params={"source": source}).fetchall() == []


def _drawn(text: str, source: str) -> list[tuple[int, Event]]:
    """A drawn world whose builds tell their derivation: one name, one derivation."""
    return [
        (
            batch,
            msgspec.structs.replace(
                event,
                drv_path=f"/nix/store/{event.build_id.split('.', 1)[0]}-{event.build_id.rsplit('.', 1)[1]}.drv",
            )
            if isinstance(event, BuildObserved)
            else event,
        )
        for batch, event in world.events(text, source)
    ]
