"""The log on disk: batches, their chain, what a reader sees, one writer at a time."""

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipelines import warehouse
from pipelines.errors import Busy
from pipelines.log import compact, schema, verify
from pipelines.log.store import EMPTY_VERSION, EventLog, chain_hash

AT = datetime(2024, 5, 1, tzinfo=UTC)


def gaps(*names: str) -> dict[str, pl.DataFrame]:
    """Facts of one small table."""
    rows = [{"id": name, "source": "s", "observed_at": AT, "kind": "k", "detail": name} for name in names]
    return {"gap_declared": pl.DataFrame(rows)}


def renamed(*names: str) -> dict[str, pl.DataFrame]:
    """Facts of another."""
    rows = [
        {"id": n, "source": "s", "observed_at": AT, "jobset": "p/j", "from_attr": n, "to_attr": "b"}
        for n in names
    ]
    return {"job_renamed": pl.DataFrame(rows)}


def ids(log: EventLog, name: str = "gap_declared", last_batch: int | None = None) -> list[str]:
    """Ids of the rows that a reader sees."""
    return sorted(log.scan(name, last_batch).collect()["id"])


def test_an_empty_log_can_be_read(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "nowhere" / "log")
    assert (log.batches(), log.version(), log.files("gap_declared")) == ([], EMPTY_VERSION, [])
    assert log.scan("gap_declared").collect().schema == schema.polars_schema("gap_declared")


def test_batches_are_numbered_described_and_chained(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    first = log.append(gaps("a", "b") | renamed("r"), "first")
    second = log.append(gaps("c"), "second")
    assert first is not None
    assert second is not None
    assert log.batches() == [first, second]
    assert [(n, rows) for n, rows, _ in first.tables] == [("gap_declared", 2), ("job_renamed", 1)]
    assert (first.previous_hash, second.previous_hash) == (EMPTY_VERSION, first.hash)
    assert log.version() == second.hash == chain_hash(2, "second", second.tables, first.hash)
    assert ids(log) == ["a", "b", "c"]
    assert ids(log, last_batch=1) == ["a", "b"]


def test_the_version_does_not_depend_on_when_or_where(tmp_path: Path) -> None:
    for place, moment in (("a", AT), ("b", datetime(2030, 1, 1, tzinfo=UTC))):
        EventLog(tmp_path / place).append(gaps("x"), "same", recorded_at=moment)
    assert EventLog(tmp_path / "a").version() == EventLog(tmp_path / "b").version()
    assert EventLog(tmp_path / "a").batches()[0].recorded_at == AT


def test_nothing_to_append_makes_no_batch(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    assert log.append({}, "nothing") is None
    assert log.append({"gap_declared": gaps("a")["gap_declared"].clear()}, "nothing") is None
    assert log.batches() == []


def test_an_unknown_event_type_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    with pytest.raises(KeyError, match="no such event type: gaps"):
        log.append(gaps("a") | {"gaps": pl.DataFrame({"id": ["a"]})}, "wrong")
    assert not (tmp_path / "log").exists()


class Stopped(BaseException):
    """Stands for the end of a process."""


@pytest.mark.parametrize("is_first_batch", [True, False])
def test_rows_of_a_batch_that_was_not_finished_do_not_exist_and_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_first_batch: bool
) -> None:
    log = EventLog(tmp_path / "log")
    if not is_first_batch:
        log.append(gaps("before"), "before")
    version = log.version()
    write = EventLog._write

    def stopping(self: EventLog, name: str, table: pa.Table, batch: int) -> None:
        if name == "batches":
            raise Stopped
        write(self, name, table, batch)

    with monkeypatch.context() as patch:
        patch.setattr(EventLog, "_write", stopping)
        for _ in range(2):
            with pytest.raises(Stopped):
                log.append(gaps("lost") | renamed("lost"), "stopped")
    kept = [] if is_first_batch else ["before"]
    assert (log.version(), ids(log), ids(log, "job_renamed")) == (version, kept, [])
    log.append(gaps("after"), "after")
    assert (ids(log), ids(log, "job_renamed")) == ([*sorted(["after", *kept])], [])
    assert pl.read_parquet(log.files("gap_declared"))["id"].sort().to_list() == sorted(["after", *kept])


def test_compaction_does_not_adopt_rows_of_an_unfinished_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path / "log")
    log.append(gaps("a"), "first")
    log.append(gaps("b"), "second")
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.log.store.chain_hash", _stop)
        with pytest.raises(Stopped):
            log.append(gaps("lost"), "stopped")
    compact.compact(log, retention_hours=0)
    assert pl.read_parquet(log.files("gap_declared"))["id"].sort().to_list() == ["a", "b"]
    log.append(gaps("c"), "third")
    assert ids(log) == ["a", "b", "c"]


def _stop(*_: object) -> str:
    raise Stopped


def _append(path: Path, answers: "multiprocessing.Queue[str]") -> None:
    try:
        with EventLog(path).writer_lock():
            answers.put("got it")
    except Busy as error:
        answers.put(str(error))


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[str] = context.Queue()
    with log.writer_lock():
        _run(context, log.path, answers)
        said = answers.get(timeout=30)
        assert "is writing the event log" in said
        assert "wait until it has finished" in said
        with pytest.raises(Busy):
            compact.compact(log)
    _run(context, log.path, answers)
    assert answers.get(timeout=30) == "got it"


def _run(
    context: multiprocessing.context.SpawnContext, path: Path, answers: "multiprocessing.Queue[str]"
) -> None:
    process = context.Process(target=_append, args=(path, answers))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == 0


def test_a_log_with_checkpoints_is_read_and_compacted(tmp_path: Path) -> None:
    """Delta writes one every 100 commits; readers, writers and compaction must see through it."""
    log = EventLog(tmp_path / "log")
    for n in range(6):
        log.append(gaps(str(n)), f"batch {n}")
        if n == 3:
            for name in ("gap_declared", "batches"):
                DeltaTable(log.path / name).create_checkpoint()
    assert ids(log) == list("012345")
    assert ids(log, last_batch=2) == ["0", "1"]
    version = log.version()
    assert compact.compact(log, retention_hours=0).version == version
    log.append(gaps("6"), "batch 6")
    assert ids(log) == list("0123456")
    assert ids(log, last_batch=2) == ["0", "1"]


def test_a_field_that_structs_get_later_does_not_spoil_older_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path / "log")
    newer = schema.arrow_schema("gap_declared")
    older = newer.remove(newer.get_field_index("occurred_at")).remove(newer.get_field_index("rows") - 1)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "arrow_schema", lambda _: older)
        patch.setattr(schema, "polars_schema", lambda _: pl.from_arrow(older.empty_table()).schema)
        log.append(gaps("a"), "by an older program")
    log.append(gaps("b"), "by a newer one")
    assert log.scan("gap_declared").sort("id").select("id", "rows").collect().rows() == [
        ("a", None),
        ("b", None),
    ]
    assert verify.verify(log).problems == []
    with warehouse.connect(":memory:") as con:
        warehouse.attach_log(con, log)
        assert con.execute('select id, "rows" from log.gap_declared order by id').fetchall() == [
            ("a", None),
            ("b", None),
        ]
    compact.compact(log, retention_hours=0)
    assert verify.verify(log).problems == []
    assert ids(log) == ["a", "b"]
