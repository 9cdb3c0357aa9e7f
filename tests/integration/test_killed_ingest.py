"""An ingest that is killed leaves a log that verifies, and the next run completes it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from pipelines.log import verify
from pipelines.log.store import EventLog
from pipelines.paths import ROOT
from tests import histories

KILLS, PARTS = 50, 2


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The 57-evaluation sample (one system, last reports, as shipped) in two folders, oldest first."""
    folder = tmp_path_factory.mktemp("parts")
    is_last = pl.col("as_of") == pl.col("as_of").max().over("eval_id")
    whole = histories.cut_haskell(folder / "whole", histories.sample_window() & is_last)
    for name in ("platform_counts.parquet", "job_observations.parquet"):
        frame = pl.read_parquet(whole / name).filter(pl.col("platform") == "x86_64-linux")
        frame.write_parquet(whole / name)
    names = pl.read_parquet(whole / "snapshots.parquet").sort("as_of")["snapshot"]
    size = -(-names.len() // PARTS)
    return [
        histories.cut_haskell(
            folder / f"part{n}", pl.col("snapshot").is_in(names[n * size : (n + 1) * size].implode()), whole
        )
        for n in range(PARTS)
    ]


@pytest.fixture(scope="module")
def undisturbed(parts: list[Path], tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """The parts, ingested without a disturbance."""
    return histories.ingest_all(parts, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def nursery(parts: list[Path]) -> Iterator[subprocess.Popen[str]]:
    """A process that forks ingesting children."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.killed", *map(str, parts)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate(timeout=60)


def _run(nursery: subprocess.Popen[str], var: Path, kill_after: float | None) -> tuple[int, float]:
    """Ingest below `var` in a child, killed so many seconds after it took the lock; status and seconds."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{var}\n")
    nursery.stdin.flush()
    child = int(nursery.stdout.readline())
    while not (var / "log.lock").exists():
        time.sleep(0.001)
    began = time.monotonic()
    if kill_after is not None:
        time.sleep(kill_after)
        # It may have ended by now, but it is not waited for yet: the id is still its own.
        os.kill(child, signal.SIGKILL)
    nursery.stdin.write("\n")
    nursery.stdin.flush()
    status = int(nursery.stdout.readline())
    return status, time.monotonic() - began


def _completes(parts: list[Path], var: Path, undisturbed: EventLog) -> EventLog:
    """The next run finishes with the log of an undisturbed run: the same batches, the same version."""
    log = histories.ingest_all(parts, var)
    assert log.version() == undisturbed.version()
    return log


def _assert_sound(log: EventLog) -> None:
    found = verify.verify(log)
    assert (found.problems, found.unfinished) == ([], [])


def test_kills_at_fifty_random_moments(
    nursery: subprocess.Popen[str],
    parts: list[Path],
    undisturbed: EventLog,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, duration = _run(nursery, tmp_path / "measured", None)
    assert status == 0
    assert EventLog(tmp_path / "measured" / "log").version() == undisturbed.version()
    tables = _tables(undisturbed)
    rng = random.Random(50)
    left: Counter[int] = Counter()
    with_rows = 0
    for n in range(KILLS):
        var = tmp_path / str(n)
        status, _ = _run(nursery, var, rng.uniform(0, duration))
        if status == 0:
            duration *= 0.8  # The machine has become faster than when it was measured.
        found = verify.verify(EventLog(var / "log"))
        assert found.problems == []
        left[found.batches] += status != 0
        with_rows += bool(found.unfinished)
        log = _completes(parts, var, undisturbed)
        if n % 5 == 0:
            _assert_sound(log)
            assert histories.unequal(_tables(log), tables) == []
    with capsys.disabled():
        killed = sum(left.values())
        print(
            f"\nkilled {killed} of {KILLS} ingests, by batches finished {dict(sorted(left.items()))}, "
            f"{with_rows} with rows of an unfinished batch"
        )
    assert sum(left.values()) >= KILLS // 2
    assert len([batches for batches, kills in left.items() if kills]) >= 2


@pytest.mark.parametrize("writes", range(1, 10))
def test_a_stop_after_every_single_write(
    writes: int,
    parts: list[Path],
    undisturbed: EventLog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process stops right after a table was written: also where a random kill seldom hits."""

    class Stopped(BaseException):
        """Stands for the end of the process."""

    done = 0
    write = EventLog._write

    def stopping(self: EventLog, name: str, table: pa.Table, batch: int) -> None:
        nonlocal done
        write(self, name, table, batch)
        done += 1
        if done == writes:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(EventLog, "_write", stopping)
        with pytest.raises(Stopped):
            histories.ingest_all(parts, tmp_path)
    log = EventLog(tmp_path / "log")
    found = verify.verify(log)
    assert found.problems == []
    unfinished = len(found.unfinished)
    assert unfinished == (writes - sum(len(b.tables) + 1 for b in log.batches()))
    _assert_sound(_completes(parts, tmp_path, undisturbed))


def _tables(log: EventLog) -> dict[str, tuple[int, int]]:
    con = histories.build(log)
    tables = histories.contents(con)
    con.close()
    return tables
