"""Channels over the recorded Hydra: what `sql/` says of them equals a walk over its own database."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.log.store import EventLog
from pipelines.sources.channels.ingest import ingest_declared
from tests import histories, hydra_world
from tests.integration import channel_walk as walk
from tests.integration.channel_world import CHANNELS, DECLARED, RELATIONS, TOLERANCE, turns


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("channels")
    (folder / "channels.toml").write_text(DECLARED)
    log = EventLog(folder / "log")
    hydra_world.record(log, hydra_world.tables("t2"))
    ingest_declared(folder / "channels.toml", log, folder / "quarantine")
    with histories.build(log, also=RELATIONS) as built:
        yield built


@pytest.mark.parametrize("channel", CHANNELS)
def test_verdicts_are_those_of_the_database(con: duckdb.DuckDBPyConnection, channel: str) -> None:
    told = con.execute(
        """
        select evaluation_id::bigint, revision, verdict, blocking_red_jobs, blocking_neutral_jobs
        from core.channel_verdicts where channel = ? order by turn
        """,
        [channel],
    ).fetchall()
    assert len(told) == 13
    assert told == [
        (e.id, e.revision, verdict, len(reds), spare) for e, verdict, reds, spare in turns(channel)
    ]


def test_the_world_has_every_verdict() -> None:
    """The comparison above is worth something: each verdict is there, and stalls that end and that last."""
    verdicts = {verdict for channel in CHANNELS for _, verdict, _, _ in turns(channel)}
    assert verdicts == {"green", "blocked", "unknown"}
    assert {stall.ended is None for channel in CHANNELS for stall in walk.stalls(turns(channel))} == {
        True,
        False,
    }


@pytest.mark.parametrize("channel", CHANNELS)
def test_simulated_advances_are_to_green_evaluations(con: duckdb.DuckDBPyConnection, channel: str) -> None:
    age = int(1.5 * 86400) if channel == "most-of-unstable" else 0
    until = int(hydra_world.as_of("t2").timestamp())
    told = con.execute(
        """
        select evaluation_id::bigint, revision, epoch(advanced_at)::bigint, is_first_sight
        from core.channel_advances where channel = ? and basis = 'simulated' order by advanced_at
        """,
        [channel],
    ).fetchall()
    assert told == [
        (e.id, e.revision, e.at + age, place == 0)
        for place, (e, verdict, _, _) in enumerate(turns(channel))
        if verdict == "green" and e.at + age <= until
    ]


@pytest.mark.parametrize("channel", CHANNELS)
def test_blockers_their_causes_and_what_a_fix_would_have_saved(
    con: duckdb.DuckDBPyConnection, channel: str
) -> None:
    tolerance = TOLERANCE.get(channel, 0)
    told = con.execute(
        """
        select
            stall_evaluation_id::bigint, attr, system, evaluations, is_open, cause,
            round(saved_days * 86400)::bigint, round(cause_saved_days * 86400)::bigint,
            round(stall_days * 86400)::bigint, would_advance_evaluation_id::bigint
        from metrics.channel_blockers where channel = ? order by all
        """,
        [channel],
    ).fetchall()
    expected = []
    for stall in walk.stalls(turns(channel)):
        for name in sorted({name for reds in stall.reds for name in reds}):
            roots = [reds[name] for reds in stall.reds if name in reds]
            root = max(dict.fromkeys(roots), key=roots.count)
            without = [
                evaluation.id
                for evaluation, reds, spare in zip(stall.evaluations, stall.reds, stall.spare, strict=True)
                if name in reds and len(reds) - 1 + spare <= tolerance
            ]
            last = stall.ended or stall.evaluations[-1]
            expected.append(
                (
                    stall.evaluations[0].id,
                    *name,
                    len(roots),
                    stall.ended is None,
                    " ".join(root),
                    stall.saved(tolerance, without={name}),
                    stall.saved(tolerance, root=root),
                    last.at - stall.evaluations[0].at,
                    without[0] if without else None,
                )
            )
    assert told == sorted(expected)


def test_one_openssl_blocks_two_channels_and_its_reach_is_told(con: duckdb.DuckDBPyConnection) -> None:
    """The headline of the recorded world: seven constituents are red because of one failure, and a fix saves all."""
    (darwin,) = con.sql(
        """
        select distinct
            cause, cause_basis, cause_jobs, cause_reach_jobs, saved_days, round(cause_saved_days, 2), is_open
        from metrics.channel_blockers where channel = 'darwin'
        """
    ).fetchall()
    assert darwin == ("openssl aarch64-darwin", "propagated", 5, 98, 0.0, 8.56, True)


def test_the_break_lies_between_the_last_good_and_the_first_bad_commit(
    con: duckdb.DuckDBPyConnection,
) -> None:
    told = con.sql(
        """
        select jobset, attr, system, first_bad_evaluation_id::bigint, last_good_evaluation_id::bigint,
            first_bad_revision, last_good_revision, last_good_basis
        from metrics.channel_blockers
        """
    ).fetchall()
    assert len(told) > 20
    for jobset, attr, system, bad, good, bad_revision, good_revision, basis in told:
        told_by = {e.id: e for e in walk.evaluations(jobset)}
        builds = {
            e.id: next((one for one in e.builds.values() if one.name == (attr, system)), None)
            for e in told_by.values()
        }
        between = [builds[e] for e in told_by if good < e < bad]
        broken, green = builds[bad], builds[good]
        assert broken is not None
        assert green is not None
        assert (broken.is_red, green.status) == (True, 0)
        assert not any(one is not None and (one.is_red or one.status == 0) for one in between)
        assert (bad_revision, good_revision, basis) == (
            told_by[bad].revision,
            told_by[good].revision,
            "green",
        )


def test_leaving_out_the_only_blocker_advances_when_it_was_said_to(con: duckdb.DuckDBPyConnection) -> None:
    """Plasma alone blocks in some evaluations: a channel without it advances exactly there, and never later."""
    advances = {
        channel: {
            one
            for (one,) in con.execute(
                "select evaluation_id::bigint from core.channel_advances where channel = ?", [channel]
            ).fetchall()
        }
        for channel in ("tested-parts", "tested-parts-without")
    }
    said = con.sql(
        """
        select would_advance_evaluation_id::bigint, evaluations_alone
        from metrics.channel_blockers
        where channel = 'tested-parts' and attr = 'nixos.tests.plasma6' order by stalled_at
        """
    ).fetchall()
    more = advances["tested-parts-without"] - advances["tested-parts"]
    assert advances["tested-parts"] < advances["tested-parts-without"]
    assert said == [(1824078, 1), (1824127, 5)]
    assert {one for one, _ in said} <= more
    assert len(more) == sum(alone for _, alone in said)


def test_needed_jobs_are_those_because_of_which_the_selection_is_red(con: duckdb.DuckDBPyConnection) -> None:
    needed = con.sql(
        "select channel, attr, system from core.channel_selections where role = 'needed' group by all order by all"
    ).fetchall()
    assert needed == [("most-of-unstable", "openssl", "aarch64-darwin")]


def test_the_same_declarations_and_answers_in_another_order_give_equal_tables(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    log = EventLog(tmp_path / "log")
    old = DECLARED.replace("declared = 2026-09-01", "declared = 2026-08-01").replace(
        "tolerance = 7", "tolerance = 1"
    )
    for text in (DECLARED, old):
        (tmp_path / "channels.toml").write_text(text)
        ingest_declared(tmp_path / "channels.toml", log, tmp_path / "quarantine")
    for instant in ("t1", "t2"):
        hydra_world.record(log, hydra_world.tables(instant))
    with histories.build(log, also=RELATIONS) as other:
        for relation in (
            "core.channel_verdicts",
            "core.channel_advances",
            "core.channel_stalls",
            "metrics.channel_blockers",
        ):
            query = f"select * from {relation} order by all"
            assert other.sql(query).fetchall() == con.sql(query).fetchall(), relation
