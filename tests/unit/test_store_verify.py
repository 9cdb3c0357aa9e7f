"""A log that was damaged is found out, in one sentence a fault; one that was only stopped is not damaged."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from pipelines.log import schema, verify
from pipelines.log.store import EMPTY_VERSION, EventLog
from tests.unit.test_store import AT, gaps, renamed


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """Three batches in two tables."""
    log = EventLog(tmp_path / "log")
    for n, names in enumerate(["a", "b", "c"]):
        log.append(gaps(*(f"{names}{i}" for i in range(50))) | renamed(names), f"batch {n}", recorded_at=AT)
    return log


def _file(log: EventLog, batch: int, table: str = "gap_declared") -> Path:
    return next(Path(f) for f in log.files(table) if pl.read_parquet(f)["batch"][0] == batch)


def _rewrite_batches(log: EventLog, change: pl.Expr) -> None:
    rows = pl.read_parquet(log.files("batches"))
    shutil.rmtree(log.path / "batches")
    write_deltalake(
        log.path / "batches", rows.with_columns(change).to_arrow(compat_level=pl.CompatLevel.oldest())
    )


def test_a_sound_log_verifies(log: EventLog) -> None:
    steps: list[str] = []
    found = verify.verify(log, steps.append)
    assert (found.problems, found.unfinished) == ([], [])
    assert (found.batches, found.rows, found.version) == (3, 153, log.version())
    assert steps == ["verifying gap_declared", "verifying job_renamed"]


def test_a_log_that_is_not_there_is_empty_and_sound(tmp_path: Path) -> None:
    assert verify.verify(EventLog(tmp_path / "log")) == verify.Verification(0, 0, EMPTY_VERSION, [], [])


def test_rows_after_the_last_batch_are_unfinished_and_no_problem(log: EventLog) -> None:
    table = schema.conform("gap_declared", gaps("x", "y")["gap_declared"], 4)
    write_deltalake(log.path / "gap_declared", table, mode="append")
    found = verify.verify(log)
    assert found.problems == []
    (sentence,) = found.unfinished
    assert sentence.startswith(f"{log.path}/gap_declared holds 2 rows of a batch that was never finished")
    assert found.rows == 153


def _says(log: EventLog, *said: str) -> None:
    found = verify.verify(log)
    assert len(found.problems) == len(said)
    for problem, words in zip(found.problems, said, strict=True):
        assert words in problem
        assert problem.endswith((": restore it from a copy of the log.", ": use a newer one."))
        assert "\n" not in problem


def test_a_missing_file(log: EventLog) -> None:
    file = _file(log, 2)
    file.unlink()
    _says(log, f"{file} is missing, which the log names")


def test_a_truncated_file(log: EventLog) -> None:
    file = _file(log, 2)
    file.write_bytes(file.read_bytes()[:-100])
    _says(log, f"{file} is damaged")


def test_damaged_bytes_inside_a_file(log: EventLog) -> None:
    file = _file(log, 1)
    content = bytearray(file.read_bytes())
    for place in range(20, len(content) // 3):
        content[place] ^= 0x5A
    file.write_bytes(content)
    problems = verify.verify(log).problems
    assert len(problems) == 1
    assert str(file) in problems[0] or "Batch 1 in" in problems[0]


def test_a_changed_value(log: EventLog) -> None:
    file = _file(log, 3)
    frame = pl.read_parquet(file)
    frame.with_columns(
        detail=pl.when(pl.col("id") == "c7").then(pl.lit("!")).otherwise("detail")
    ).write_parquet(file)
    _says(log, "Batch 3 in " + str(log.path / "gap_declared") + " has other rows than those recorded")


def test_rows_that_were_added_and_removed(log: EventLog) -> None:
    file = _file(log, 3)
    frame = pl.read_parquet(file)
    frame.head(49).write_parquet(file)
    _says(log, "has 49 rows where 50 were recorded")
    pl.concat([frame, frame.head(1)]).write_parquet(file)
    _says(log, "has 51 rows where 50 were recorded")


def test_a_table_that_is_gone(log: EventLog) -> None:
    shutil.rmtree(log.path / "job_renamed")
    _says(log, *(f"Batch {n} in {log.path}/job_renamed has 0 rows where 1 were recorded" for n in (1, 2, 3)))


def test_rows_of_a_batch_that_does_not_name_the_table(log: EventLog) -> None:
    table = schema.conform(
        "wave_tagged", pl.DataFrame({"id": ["w"], "source": ["s"], "observed_at": [AT]}), 2
    )
    write_deltalake(log.path / "wave_tagged", table)
    _says(log, "Batch 2 in " + str(log.path / "wave_tagged") + " has 1 rows where 0 were recorded")


def test_a_damaged_commit(log: EventLog) -> None:
    commit = sorted((log.path / "gap_declared" / "_delta_log").glob("*.json"))[1]
    commit.write_text('{"add": {', encoding="utf-8")
    _says(log, "gap_declared/_delta_log cannot be read")


def test_batches_that_cannot_be_read(log: EventLog) -> None:
    Path(log.files("batches")[0]).write_bytes(b"PAR1")
    _says(log, "batches cannot be read")


def test_a_changed_description(log: EventLog) -> None:
    _rewrite_batches(
        log, pl.when(pl.col("batch") == 2).then(pl.lit("!")).otherwise("description").alias("description")
    )
    _says(log, "Batch 2 of " + str(log.path) + " does not have the hash of its content")


def test_a_broken_chain(log: EventLog) -> None:
    _rewrite_batches(
        log,
        pl.when(pl.col("batch") == 3)
        .then(pl.lit("0" * 64))
        .otherwise("previous_hash")
        .alias("previous_hash"),
    )
    _says(
        log,
        "Batch 3 of " + str(log.path) + " does not follow from the one before it",
        "Batch 3 of " + str(log.path) + " does not have the hash of its content",
    )


def test_a_missing_batch(log: EventLog) -> None:
    rows = pl.read_parquet(log.files("batches")).filter(pl.col("batch") != 2)
    shutil.rmtree(log.path / "batches")
    write_deltalake(log.path / "batches", rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    assert f"{log.path}/batches goes on with batch 3 where 2 should be" in verify.verify(log).problems[0]


def test_a_table_of_a_later_version(log: EventLog) -> None:
    _rewrite_batches(
        log,
        pl.col("tables").list.eval(
            pl.struct(
                name=pl.element().struct.field("name").replace("job_renamed", "job_retold"),
                rows=pl.element().struct.field("rows"),
                digest=pl.element().struct.field("digest"),
            )
        ),
    )
    problems = verify.verify(log).problems
    assert sum("names the table job_retold, which this version does not know" in p for p in problems) == 3
