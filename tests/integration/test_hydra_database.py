"""A Hydra's own database, in a real PostgreSQL: read-only, incremental, and the same as its exported tables."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.bench.postgres import Cluster
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.sources.hydra import database, database_ingest, database_state, exported
from pipelines.sources.hydra.postgres import snapshot
from pipelines.sources.hydra.tables import SCHEMAS, Tables
from tests import hydra_world
from tests.postgres import database as made
from tests.postgres import execute, export, fill

URL = "https://hydra.example.org"
SOURCE = "hydra.example.org"
FIRST = hydra_world.as_of("t1")
SECOND = hydra_world.as_of("t2")
RESTARTED = 309000000
"""A build of an old evaluation that succeeded."""


@pytest.fixture(scope="module")
def at_t1(postgres: Cluster) -> str:
    """A database as at t1, not to be written to."""
    return made(postgres, "t1", "t1")


@pytest.fixture(scope="module")
def at_t2(postgres: Cluster) -> str:
    """The same as at t2."""
    return made(postgres, "t2", "t2")


@pytest.fixture
def changing(postgres: Cluster, at_t1: str) -> Iterator[str]:
    """A database as at t1 of the test's own."""
    execute(postgres.dsn, "create database own template t1")
    yield at_t1.replace("/t1?", "/own?")
    execute(postgres.dsn, "drop database own with (force)")


def _newest(tables: Tables) -> dict[str, pl.DataFrame]:
    """What is known in the end, without when each row was seen; carried builds tell no derivation."""
    builds = (
        tables.builds.sort("build_id", "observed_at")
        .group_by("build_id", maintain_order=True)
        .agg(
            pl.all().last(),
            drv=pl.col("drv_path").drop_nulls().last(),
            nix=pl.col("nix_name").drop_nulls().last(),
        )
        .drop("observed_at", "drv_path", "nix_name")
    )
    final = {name: getattr(tables, name).unique() for name in ("evaluations", "members", "constituents")}
    return {
        "builds": builds,
        "evaluations": final["evaluations"].drop("observed_at").sort("evaluation_id"),
        "members": final["members"].sort("evaluation_id", "build_id"),
        "constituents": final["constituents"].sort("aggregate", "constituent"),
    }


def _ingest(origin: str | Path, var: Path, now: datetime | None) -> list[str]:
    log = EventLog(var / "log")
    said: list[str] = []
    database_ingest.ingest_database(origin, URL, [], var, log, var / "quarantine", said.append, now)
    return said


def _logged(var: Path) -> pl.DataFrame:
    return EventLog(var / "log").scan("build_observed").drop("batch").collect()


def test_what_is_read_is_what_the_tables_say(at_t2: str) -> None:
    read, _ = database.read(at_t2, [], {}, SECOND)
    plain = hydra_world.tables("t2")
    members = plain.members.select("build_id").unique()
    finished = plain.builds.filter("is_finished").select("build_id", "build_status", of_build="drv_path")
    is_own = (pl.col("type") == 0) & (pl.col("drv_path") == pl.col("of_build"))
    expected = {
        "evaluations": plain.evaluations.with_columns(
            evaluation_errors=pl.when(pl.col("evaluation_errors") != "").then("evaluation_errors")
        ),
        "members": plain.members,
        "builds": plain.builds.join(members, on="build_id", how="semi"),
        "steps": plain.steps.join(finished, on="build_id")
        .filter((pl.col("status") != 0) & (pl.col("build_status") != 0) | is_own)
        .drop("build_status", "of_build")
        .join(members, on="build_id", how="semi")
        .with_columns(pl.col("machine").str.replace(r"^.*@", "")),
        "constituents": plain.constituents,
    }
    for name, frame in expected.items():
        keys = [column for column in frame.columns if frame[column].dtype.is_integer()]
        assert_frame_equal(getattr(read, name).sort(keys), frame.sort(keys))
        assert frame.height > 50


@pytest.mark.parametrize("instant", ["t1", "t2"])
def test_database_and_export_give_equal_tables(at_t1: str, at_t2: str, instant: str, tmp_path: Path) -> None:
    read, state = database.read(at_t1 if instant == "t1" else at_t2, [], {}, SECOND)
    with exported.opened(export(instant, tmp_path / "export"), {}) as origin:
        assert origin.rejected == []
        told, state_of_export = database.collected(database.readings(origin, [], {}, SECOND), {})
    for name in SCHEMAS:
        assert_frame_equal(getattr(read, name), getattr(told, name))
    for name, position in state.items():
        other = state_of_export[name]
        assert_frame_equal(position.builds, other.builds)
        assert position.last_stop == other.last_stop
        assert position.unfinished == other.unfinished


def test_the_second_run_reads_only_what_changed(changing: str, postgres: Cluster, at_t2: str) -> None:
    first, state = database.read(changing, [], {}, FIRST)
    fill(postgres, changing, "t2")
    with snapshot(changing) as origin:
        pieces = list(database.readings(origin, [], state, SECOND))
    second, after = database.collected(iter(pieces), state)
    whole, from_nothing = database.read(at_t2, [], {}, SECOND)
    both = {name: pl.concat([getattr(first, name), getattr(second, name)]) for name in SCHEMAS}
    for name, frame in _newest(whole).items():
        assert_frame_equal(_newest(Tables(**both))[name], frame)
    rows = {table: sum(piece.rows[table] for piece in pieces) for table in pieces[0].rows}
    before, now = hydra_world.tables("t1"), hydra_world.tables("t2")
    changed = now.builds.drop("observed_at").join(
        before.builds.drop("observed_at"),
        on=now.builds.drop("observed_at").columns,
        how="anti",
        nulls_equal=True,
    )
    assert rows["evaluations"] == whole.evaluations.height - first.evaluations.height
    assert rows["members"] == whole.members.height - first.members.height
    # Every build that changed, and besides them those that stopped within the hour before or wait still.
    assert set(changed["build_id"]) <= {n for piece in pieces for n in piece.tables.builds["build_id"]}
    assert changed.height <= rows["builds"] <= changed.height + 60
    assert rows["builds"] < whole.builds.height / 20
    assert {name: position.last_evaluation for name, position in after.items()} == {
        name: position.last_evaluation for name, position in from_nothing.items()
    }


def test_pieces_are_bounded_and_give_the_same(at_t2: str) -> None:
    whole, state = database.read(at_t2, [], {}, SECOND)
    with snapshot(at_t2) as origin:
        pieces = list(database.readings(origin, [], {}, SECOND, piece_members=600))
    largest = whole.members.group_by("evaluation_id").len()["len"].max()
    assert len(pieces) > 15
    assert max(piece.rows["members"] for piece in pieces) <= 600 + largest
    parts, after = database.collected(iter(pieces), {})
    for name, frame in _newest(whole).items():
        assert_frame_equal(_newest(parts)[name], frame)
    assert sum(piece.rows["builds"] for piece in pieces) == whole.builds.height
    for name, position in state.items():
        assert_frame_equal(after[name].builds.drop("observed_at"), position.builds.drop("observed_at"))


def test_a_restart_is_seen_though_it_keeps_its_status(changing: str) -> None:
    _, state = database.read(changing, [], {}, FIRST)
    later = FIRST + timedelta(hours=1)
    execute(changing, f"update builds set finished = 0, iscachedbuild = 0 where id = {RESTARTED}")
    tables, state = database.read(changing, [], state, later)
    seen = tables.builds.filter(pl.col("build_id") == RESTARTED)
    assert seen.select("is_finished", "build_status", "observed_at").row(0) == (False, 0, later)
    # It ends as a result from the cache with an old time of stopping: found because it was unfinished.
    execute(changing, f"update builds set finished = 1, buildstatus = 1 where id = {RESTARTED}")
    tables, state = database.read(changing, [], state, later + timedelta(hours=1))
    seen = tables.builds.filter(pl.col("build_id") == RESTARTED)
    assert seen.select("is_finished", "build_status").row(0) == (True, 1)
    tables, _ = database.read(changing, [], state, later + timedelta(hours=2))
    assert RESTARTED not in tables.builds["build_id"]


def test_what_is_committed_while_it_reads_is_seen_by_the_next_run(changing: str, tmp_path: Path) -> None:
    """Between two pieces the log is written, which takes its time; all pieces are of one instant."""
    _ingest(changing, tmp_path / "alone", FIRST)
    said: list[str] = []

    def meanwhile(line: str) -> None:
        if not said:
            execute(
                changing,
                f"update builds set finished = 0 where id = {RESTARTED}",
                "update builds set buildstatus = 1 where buildstatus = 0 and id % 2 = 0",
                "delete from jobsetevalmembers where build % 3 = 0",
                "delete from jobsetevals where id % 4 = 0",
            )
        said.append(line)

    log = EventLog(tmp_path / "beside" / "log")
    given = (URL, [], tmp_path / "beside", log, tmp_path / "beside" / "quarantine")
    database_ingest.ingest_database(changing, *given, meanwhile, FIRST)
    assert len(said) > 4
    for event_type, key in {
        "build_observed": ["build_id"],
        "evaluation_observed": ["id"],
        "membership_changed": ["observation_id", "attr", "system", "variant"],
    }.items():
        beside, alone = (
            EventLog(tmp_path / name / "log").scan(event_type).sort(key).collect()
            for name in ("beside", "alone")
        )
        assert_frame_equal(beside, alone)
    database_ingest.ingest_database(changing, *given, said.append, FIRST + timedelta(hours=1))
    newest = log.scan("build_observed").filter(pl.col("build_id") == str(RESTARTED)).collect()
    assert newest.sort("observed_at")["status"].to_list() == ["succeeded", "queued"]


def test_the_very_next_ids_are_new(changing: str) -> None:
    """An evaluation and a build that follow the newest ones read, without an id between."""
    _, state = database.read(changing, ["nixpkgs/trunk"], {}, FIRST)
    position = state["nixpkgs/trunk"]
    last, build, jobset = position.last_evaluation, position.last_build, position.jobset_id
    copied = []
    for table, number in (("builds", build), ("jobsetevals", last)):
        copied += [
            f"delete from {table} where id = {number + 1}",
            f"create temporary table copy_of_{table} as select * from {table} where id = {number}",
            f"update copy_of_{table} set id = {number + 1}",
            f"insert into {table} select * from copy_of_{table}",
        ]
    copied += [
        f"delete from jobsetevalmembers where eval = {last + 1}",
        f"insert into jobsetevalmembers (eval, build, isnew) values ({last + 1}, {build + 1}, 1)",
    ]
    execute(changing, *copied)
    tables, after = database.read(changing, ["nixpkgs/trunk"], state, FIRST + timedelta(hours=1))
    assert tables.members.rows() == [(last + 1, build + 1)]
    assert tables.evaluations["evaluation_id"].to_list() == [last + 1]
    assert build + 1 in tables.builds["build_id"]
    position = after["nixpkgs/trunk"]
    assert (position.last_evaluation, position.last_build) == (last + 1, build + 1)
    assert position.jobset_id == jobset


def test_what_was_stored_later_than_it_stopped_is_read(changing: str) -> None:
    """A restart that ended and was stored after the last run, with a time of stopping from before it."""
    _, state = database.read(changing, [], {}, FIRST)
    stop = state["nixos/trunk-combined"].last_stop - 3000
    execute(
        changing,
        f"update builds set buildstatus = 1, stoptime = {stop} where id = {RESTARTED} and finished = 1",
    )
    tables, _ = database.read(changing, [], state, FIRST + timedelta(hours=1))
    seen = tables.builds.filter(pl.col("build_id") == RESTARTED)
    assert seen.select("is_finished", "build_status").rows() == [(True, 1)]


@pytest.mark.parametrize(
    "place", [(database_state, "save"), (database_ingest, "record")], ids=["log, no state", "neither"]
)
def test_a_kill_between_log_and_state_repeats_and_loses_nothing(
    changing: str,
    postgres: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[ModuleType, str],
) -> None:
    _ingest(changing, tmp_path / "straight", FIRST)
    fill(postgres, changing, "t2")
    _ingest(changing, tmp_path / "straight", SECOND)
    fill(postgres, changing, "t1")
    kept: list[int] = []
    step = getattr(*place)

    def killed(*given: object) -> object:
        kept.append(1)
        if len(kept) == 3:
            raise KeyboardInterrupt
        return step(*given)

    with monkeypatch.context() as patch:
        patch.setattr(*place, killed)
        with pytest.raises(KeyboardInterrupt):
            _ingest(changing, tmp_path / "killed", FIRST)
    again = _ingest(changing, tmp_path / "killed", FIRST)
    assert any("nixpkgs/lib-flake" in line for line in again)
    assert not [line for line in again if "nixpkgs/cuda: 7" in line]
    fill(postgres, changing, "t2")
    _ingest(changing, tmp_path / "killed", SECOND)
    order = ["build_id", "observed_at"]
    assert_frame_equal(_logged(tmp_path / "killed").sort(order), _logged(tmp_path / "straight").sort(order))
    observed = [
        EventLog(tmp_path / name / "log").scan("evaluation_observed").drop("batch").sort("id").collect()
        for name in ("killed", "straight")
    ]
    assert_frame_equal(*observed)


def test_root_causes_reach_the_log_and_addresses_do_not(at_t2: str, tmp_path: Path) -> None:
    _ingest(at_t2, tmp_path, SECOND)
    logged = _logged(tmp_path)
    steps = hydra_world.tables("t2").steps
    roots = {
        str(build): str(root)
        for build, root in steps.filter(pl.col("propagated_from").is_not_null() & (pl.col("status") != 0))
        .select("build_id", "propagated_from")
        .iter_rows()
    }
    told = logged.filter(pl.col("propagated_from_build").is_not_null(), pl.col("cause") == "dependency")
    assert told.height > 100
    assert all(
        roots[build] == root for build, root in told.select("build_id", "propagated_from_build").iter_rows()
    )
    others = logged.filter(
        pl.col("status").is_in(["timed-out", "output-limit-exceeded"]), pl.col("cause") == "dependency"
    )
    assert others.height > 0, "a dependency's failure under a code of its own"
    errors = hydra_world.tables("t2").evaluations.select(
        pl.col("evaluation_id").cast(pl.String), "evaluation_errors"
    )
    errors = errors.filter(pl.col("evaluation_errors") != "").sort("evaluation_id")
    assert errors.height == 3
    kept = EventLog(tmp_path / "log").scan("evaluation_observed").select(errors.columns).drop_nulls()
    assert_frame_equal(kept.sort("evaluation_id").collect(), errors)
    texts = 0
    for event_type in ("build_observed", "evaluation_observed", "membership_changed", "gap_declared"):
        shown = EventLog(tmp_path / "log").scan(event_type).collect().write_ndjson()
        texts += len(shown)
        assert "@" not in shown
    assert texts > 1_000_000
    state = database_state.load(tmp_path, SOURCE)
    assert all("@" not in position.builds.write_ndjson() for position in state.values())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if b"-maint@" in path.read_bytes()]


def test_addresses_in_texts_and_logins_in_inputs_are_left_out(changing: str) -> None:
    execute(
        changing,
        "update evaluationerrors set errormsg = "
        "repeat('x', 15000) || ' ask jane.doe+nix@example.org ' || repeat('y', 90000)",
        "update jobsetevalinputs set uri = 'https://user:token@example.org/nixpkgs.git' where name = 'nixpkgs'",
        "update jobsetevals set flake = 'git+ssh://git@example.org/flake' where flake is not null",
    )
    tables, _ = database.read(changing, [], {}, FIRST)
    texts = tables.evaluations["evaluation_errors"].drop_nulls()
    assert texts.str.contains("ask (address left out) ", literal=True).all()
    assert texts.str.len_chars().max() == 20_000 - len("jane.doe+nix@example.org") + len("(address left out)")
    inputs = tables.evaluations.select(pl.col("inputs").explode()).unnest("inputs")
    assert set(inputs.filter(pl.col("name") == "nixpkgs")["uri"]) == {"https://example.org/nixpkgs.git"}
    assert set(tables.evaluations["flake"].drop_nulls()) == {"git+ssh://example.org/flake"}


def test_of_alternatives_of_an_input_the_first_counts(changing: str, at_t1: str) -> None:
    columns = "eval, name, type, uri, value, dependency, path, sha256hash"
    execute(
        changing,
        f"insert into jobsetevalinputs ({columns}, altnr, revision) "
        f"select {columns}, 1, repeat('f', 40) from jobsetevalinputs",
    )
    evaluations = [database.read(dsn, [], {}, FIRST)[0].evaluations for dsn in (changing, at_t1)]
    assert evaluations[0]["revision"].n_unique() > 10
    assert_frame_equal(*evaluations)


def test_a_renamed_jobset_goes_on_under_the_name_it_was_read_by(changing: str) -> None:
    _, state = database.read(changing, ["nixpkgs/unstable"], {}, FIRST)
    assert set(state) == {"nixpkgs/trunk"}
    execute(
        changing,
        "update jobsets set name = 'master' where project = 'nixpkgs' and name = 'trunk'",
        "insert into jobsetrenames (project, from_, to_) values ('nixpkgs', 'trunk', 'master')",
    )
    _, after = database.read(changing, ["nixpkgs/unstable"], state, FIRST)
    assert set(after) == {"nixpkgs/trunk"}
    with snapshot(changing) as origin:
        assert list(database.chosen(origin, ["nixpkgs/trunk"], {}, ["nixpkgs/trunk"])) == ["nixpkgs/trunk"]
        assert list(database.chosen(origin, ["nixpkgs/trunk"], {}, [])) == ["nixpkgs/master"]
        with pytest.raises(BadInput, match="has no jobset nixpkgs/nothing; it has nixos/release"):
            database.chosen(origin, ["nixpkgs/nothing"], {}, [])


def test_idle_runs_append_nothing(at_t2: str, tmp_path: Path) -> None:
    _ingest(at_t2, tmp_path, SECOND)
    version = EventLog(tmp_path / "log").version()
    _ingest(at_t2, tmp_path, SECOND + timedelta(hours=6))
    assert EventLog(tmp_path / "log").version() == version
