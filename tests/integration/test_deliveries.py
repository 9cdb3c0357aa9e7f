"""The same history brought in other pieces, in another order, or later as a longer copy."""

import random
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import ingest
from pipelines.log import compact, verify
from pipelines.log.store import EventLog
from tests import histories

Tables = dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All reports on the 57 evaluations of the shipped sample."""
    return histories.cut_haskell(tmp_path_factory.mktemp("sample") / "whole", histories.sample_window())


@pytest.fixture(scope="module")
def undisturbed(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """The sample, ingested at once."""
    return histories.ingest_all([sample], tmp_path_factory.mktemp("undisturbed"))


def _contents(log: EventLog, **how: int) -> Tables:
    con = histories.build(log, **how)  # type: ignore[arg-type]
    tables = histories.contents(con)
    con.close()
    return tables


@pytest.fixture(scope="module")
def tables(undisturbed: EventLog) -> Tables:
    """What is built from it."""
    return _contents(undisturbed)


def test_the_sample_holds_what_it_should(tables: Tables) -> None:
    assert tables["core.evaluations"][0] == 57
    assert tables["core.failure_episodes"][0] > 1000
    assert tables["replay.intervals"][0] > 5000


def test_a_shuffled_sample_in_several_ingests_gives_equal_tables(
    sample: Path, undisturbed: EventLog, tables: Tables, tmp_path: Path
) -> None:
    """Reports in random order, some in two of the six pieces, rows of the files shuffled."""
    rng = random.Random(57)
    snapshots = pl.read_parquet(sample / "snapshots.parquet")["snapshot"].to_list()
    rng.shuffle(snapshots)
    cuts = sorted(rng.sample(range(1, len(snapshots)), 5))
    pieces = [snapshots[a:b] for a, b in zip([0, *cuts], [*cuts, len(snapshots)], strict=True)]
    log = EventLog(tmp_path / "var" / "log")
    appended = []
    for n, piece in enumerate(pieces):
        wanted = piece + rng.sample(snapshots, 10)
        folder = histories.cut_haskell(
            tmp_path / f"piece{n}", pl.col("snapshot").is_in(pl.Series(wanted).implode()), sample
        )
        for name in ("snapshots.parquet", "platform_counts.parquet", "job_observations.parquet"):
            frame = pl.read_parquet(folder / name)
            frame.sample(fraction=1, shuffle=True, seed=n).write_parquet(folder / name)
        appended.append(ingest.history(folder, log, tmp_path / "quarantine", histories.quiet))
    assert all(ingested.batch is not None and not ingested.rejected for ingested in appended)
    assert histories.observations(log).equals(histories.observations(undisturbed))
    assert histories.unequal(_contents(log), tables) == []
    assert verify.verify(log).problems == []


def test_a_log_replays_to_equal_tables_with_any_number_of_threads(undisturbed: EventLog) -> None:
    one = _contents(undisturbed, threads=1)
    assert one == _contents(undisturbed, threads=4)
    assert one == _contents(undisturbed, threads=4)


def test_the_real_histories_replay_to_equal_tables_on_one_thread(
    real_log: EventLog, real: duckdb.DuckDBPyConnection
) -> None:
    assert histories.unequal(_contents(real_log, threads=1), histories.contents(real)) == []


def test_the_same_folder_again_appends_nothing(sample: Path, undisturbed: EventLog, tmp_path: Path) -> None:
    before = undisturbed.version()
    again = ingest.history(sample, undisturbed, tmp_path, histories.quiet)
    assert again.batch is None
    assert again.sentence().endswith("nothing new")
    assert undisturbed.version() == before


def test_the_same_steps_give_the_same_version_wherever_they_are_made(
    sample: Path, undisturbed: EventLog, tmp_path: Path
) -> None:
    assert histories.ingest_all([sample], tmp_path).version() == undisturbed.version()


def test_compaction_keeps_rows_digests_version_and_tables(sample: Path, tmp_path: Path) -> None:
    parts = [
        histories.cut_haskell(tmp_path / f"part{n}", pl.col("snapshot") % 4 == n, sample) for n in range(4)
    ]
    log = histories.ingest_all(parts, tmp_path / "var")
    version, tables = log.version(), _contents(log)
    kept = compact.compact(log)
    observed = next(table for table in kept.tables if table.name == "build_observed")
    assert (observed.files_before, observed.files_after, observed.removed) == (4, 1, 0)
    assert kept.version == version
    assert verify.verify(log).problems == []
    emptied = compact.compact(log, retention_hours=0)
    assert next(table for table in emptied.tables if table.name == "build_observed").removed == 4
    assert len(list((log.path / "build_observed").glob("*.parquet"))) == 1
    assert all(table.removed == 0 for table in compact.compact(log, retention_hours=0).tables)
    assert verify.verify(log).problems == []
    assert (log.version(), _contents(log)) == (version, tables)
    assert ingest.history(sample, log, tmp_path / "quarantine", histories.quiet).batch is None


def test_a_longer_copy_of_haskell_appends_only_what_is_new(tmp_path: Path) -> None:
    window = histories.sample_window()
    longer = histories.cut_haskell(tmp_path / "longer", window)
    names = pl.read_parquet(longer / "snapshots.parquet").sort("as_of")["snapshot"]
    shorter = histories.cut_haskell(
        tmp_path / "shorter", pl.col("snapshot").is_in(names.head(100).implode()), longer
    )
    # A snapshot number is the copy's own: a longer copy may number otherwise.
    for name in ("snapshots.parquet", "platform_counts.parquet", "job_observations.parquet"):
        frame = pl.read_parquet(longer / name)
        frame.with_columns(pl.col("snapshot") + 1000).write_parquet(longer / name)
    _holds_for_a_longer_copy(shorter, longer, tmp_path, new_observations=58)


def test_a_longer_copy_of_trunk_appends_only_what_is_new(tmp_path: Path) -> None:
    """The newest list of the shorter copy is of an evaluation that is polled again: the longer one revises it."""
    shorter = histories.cut_trunk(tmp_path / "shorter", "2025-11-01")
    longer = histories.cut_trunk(tmp_path / "longer", "2025-12-10")
    newest = pl.read_csv(shorter / "observations.csv").filter(pl.col("jobset") == "trunk")["eval_id"].max()
    failures = pl.read_parquet(shorter / "failures.parquet")
    kept = failures.filter((pl.col("eval_id") != newest) | (pl.col("build_id") % 10 != 0))
    kept.write_parquet(shorter / "failures.parquet")
    assert failures.height > kept.height
    polls = [pl.read_csv(folder / "observations.csv") for folder in (longer, shorter)]
    lists = [pl.read_csv(folder / "eval_systems.csv")["eval_id"].n_unique() for folder in (longer, shorter)]
    new = polls[0].height - polls[1].height + lists[0] - lists[1]
    _holds_for_a_longer_copy(shorter, longer, tmp_path, new_observations=new + 1, revised=str(newest))


def _holds_for_a_longer_copy(
    shorter: Path, longer: Path, tmp_path: Path, *, new_observations: int, revised: str = ""
) -> None:
    log = histories.ingest_all([shorter], tmp_path / "grown")
    early = histories.build(log)
    first = histories.observations(log)
    added = ingest.history(longer, log, tmp_path / "quarantine", histories.quiet)
    assert added.batch is not None
    appended = {name: rows for name, rows, _ in added.batch.tables}
    assert appended["evaluation_observed"] == new_observations
    second = histories.observations(log)
    assert second.height == first.height + new_observations
    assert second.join(first, on=second.columns, how="semi", nulls_equal=True).height == first.height
    assert ingest.history(longer, log, tmp_path / "quarantine", histories.quiet).batch is None

    late = histories.build(log)
    _nothing_final_changed(early, late)
    direct = histories.ingest_all([longer], tmp_path / "direct")
    if not revised:
        assert second.equals(histories.observations(direct))
        assert histories.unequal(histories.contents(late), _contents(direct)) == []
    else:
        # The grown log also keeps the list that was revised; what follows from the lists that count is equal.
        con = histories.build(direct)
        ours, theirs = (c.execute(f"{EPISODES} order by all").fetchall() for c in (late, con))
        assert ours == theirs
        con.close()
    early.close()
    late.close()


EPISODES = """
    select attr, system, broken_evaluation_id, broken_at, cleared_evaluation_id, cleared_at, outcome, evaluations,
        is_left_censored, is_provisional, first_build_id, last_build_id
    from core.failure_episodes
"""


def _nothing_final_changed(early: duckdb.DuckDBPyConnection, late: duckdb.DuckDBPyConnection) -> None:
    verdicts = "select jobset, evaluation_id, system, is_complete from core.evaluation_systems"
    final = set(early.execute(f"{verdicts} where is_verdict_final").fetchall())
    assert len(final) >= 99
    assert final <= set(late.execute(verdicts).fetchall())
    settled = set(early.execute(f"{EPISODES} where cleared_at is not null and not is_provisional").fetchall())
    assert len(settled) > 200
    assert settled <= set(late.execute(EPISODES).fetchall())
