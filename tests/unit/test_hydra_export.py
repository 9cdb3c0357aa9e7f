"""Exported tables of a Hydra: narrower exports, bad rows, bad files."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.sources.hydra import database, database_ingest, database_state, exported
from pipelines.sources.hydra.database_state import State
from pipelines.sources.hydra.tables import Tables
from tests.postgres import export

URL = "https://hydra.example.org"
NOW = datetime(2026, 9, 28, 12, tzinfo=UTC)


def _read(folder: Path, state: State | None = None) -> tuple[Tables, State, dict[str, int]]:
    """Tables and state of an export; rejected rows by file and reason."""
    known = {name: position.jobset_id for name, position in (state or {}).items()}
    with exported.opened(folder, known) as origin:
        tables, after = database.collected(database.readings(origin, [], state or {}, NOW), state or {})
        return tables, after, {f"{one.file}: {one.reason}": one.rows for one in origin.rejected}


def _change(folder: Path, table: str, change: Callable[[list[str]], list[str]]) -> None:
    """Replace the lines of a table, and write it without compression."""
    packed = folder / f"{table}.csv.gz"
    lines = gzip.decompress(packed.read_bytes()).decode().splitlines(keepends=True)
    (folder / f"{table}.csv").write_text("".join(change(lines)), encoding="utf-8")
    packed.unlink()


def _narrow(instant: str, target: Path, whole: Path) -> Path:
    """The export of selects in place of whole tables: no jobsets, no inputs, revision beside the evaluation."""
    target.mkdir()

    def told(name: str) -> pl.DataFrame:
        return pl.read_csv(whole / f"{name}.csv.gz", infer_schema=False)

    def write(name: str, frame: pl.DataFrame) -> None:
        frame.write_csv(target / f"{name}.csv")

    inputs = told("jobsetevalinputs").filter(pl.col("name") == "nixpkgs").select("eval", "revision", "uri")
    names = told("jobsets").select("project", jobset="name", jobset_id="id")
    evaluations = (
        told("jobsetevals")
        .join(names, on="jobset_id")
        .join(inputs, left_on="id", right_on="eval", how="left")
    )
    write(
        "jobsetevals",
        evaluations.select(
            "id", "project", "jobset", "timestamp", "hasnewbuilds", "nrbuilds", "flake", "revision", "uri"
        ),
    )
    for name in ("jobsetevalmembers", "aggregateconstituents"):
        write(name, told(name))
    write("builds", told("builds").select(list(exported.TABLES["builds"].columns)))
    write("buildsteps", told("buildsteps").select(list(exported.TABLES["buildsteps"].columns)))
    return target


def test_narrower_exports_tell_the_same(tmp_path: Path) -> None:
    whole = export("t1", tmp_path / "whole")
    tables, state, _ = _read(whole)
    narrow, narrow_state, rejected = _read(_narrow("t1", tmp_path / "narrow", whole))
    assert rejected == {}
    for name in ("members", "builds", "steps", "constituents"):
        assert_frame_equal(getattr(narrow, name), getattr(tables, name))
    kept = tables.evaluations.columns[:6]
    assert_frame_equal(narrow.evaluations.select(kept), tables.evaluations.select(kept))
    named = narrow.evaluations["inputs"].list.eval(pl.element().struct.field("name")).explode().drop_nulls()
    assert set(named) == {"nixpkgs"}
    assert {name: one.jobset_id for name, one in state.items()} == {
        name: one.jobset_id for name, one in narrow_state.items()
    }


def test_an_export_of_what_is_new_goes_on_where_the_last_ended(tmp_path: Path) -> None:
    whole, state, _ = _read(export("t1", tmp_path / "t1"))
    later = export("t2", tmp_path / "t2")
    expected, _, _ = _read(later, state)
    narrow = _narrow("t2", tmp_path / "narrow", later)
    last = {"eval": whole.evaluations["evaluation_id"].max(), "build": whole.builds["build_id"].max()}
    stop = min(position.last_stop for position in state.values() if position.last_stop) - 3600
    for table, wanted in {
        "jobsetevals": pl.col("id") > last["eval"],
        "jobsetevalmembers": pl.col("eval") > last["eval"],
        "builds": (pl.col("id") > last["build"]) | (pl.col("stoptime") > stop) | (pl.col("finished") == 0),
    }.items():
        pl.read_csv(narrow / f"{table}.csv").filter(wanted).write_csv(narrow / f"{table}.csv")
    tables, _, rejected = _read(narrow, state)
    assert rejected == {}
    assert_frame_equal(tables.members, expected.members)
    assert set(tables.evaluations["evaluation_id"]) == set(expected.evaluations["evaluation_id"])
    assert set(tables.builds["build_id"]) == set(expected.builds["build_id"])


def test_the_time_of_an_export_is_the_newest_in_it(tmp_path: Path) -> None:
    with exported.opened(export("t1", tmp_path / "t1"), {}) as origin:
        assert origin.newest() == datetime(2026, 9, 26, 10, 47, 30, tzinfo=UTC)


def test_bad_rows_are_counted_and_their_evaluations_wait(tmp_path: Path) -> None:
    folder = export("t1", tmp_path / "t1")
    good, _, _ = _read(folder)
    lost = good.builds.filter(pl.col("build_id").is_in([309000000, 309000002, 309000004]))[
        "build_id"
    ].to_list()

    def spoil(lines: list[str]) -> list[str]:
        spoiled = []
        for line in lines:
            if line.startswith(f"{lost[0]},"):
                line = line.replace(f"{lost[0]},1,", f"{lost[0]},yes,", 1)
            elif line.startswith(f"{lost[1]},"):
                line = line.rsplit(",", 3)[0] + "\n"
            elif line.startswith(f"{lost[2]},"):
                line = line.rstrip("\n") + ",more\n"
            spoiled.append(line)
        number, finished, rest = spoiled[-1].split(",", 2)
        return [*spoiled, ",".join([number, str(1 - int(finished)), rest]), "\n"]

    _change(folder, "builds", spoil)
    tables, state, rejected = _read(folder)
    assert rejected == {
        "builds.csv: row with a key that the file holds twice": 1,
        "builds.csv: row with a value that is missing or no number": 1,
        "builds.csv: row with missing columns": 1,
        "builds.csv: row with too many columns": 1,
    }
    holding = good.members.filter(pl.col("build_id").is_in(lost))["evaluation_id"].unique()
    assert holding.len() > 1
    assert set(tables.evaluations["evaluation_id"]) == set(good.evaluations["evaluation_id"]) - set(holding)
    assert state["nixos/trunk-combined"].pending == set(holding)
    # Once the rows are right, the evaluations that waited are read.
    repaired, after, _ = _read(export("t1", tmp_path / "again"), state)
    assert set(repaired.evaluations["evaluation_id"]) == set(holding)
    assert not after["nixos/trunk-combined"].pending


def test_rejects_are_a_gap_without_their_content(tmp_path: Path) -> None:
    folder = export("t1", tmp_path / "t1")
    _change(folder, "builds", lambda lines: [*lines, "1,1,someone@example.org\n"])
    for _ in range(2):
        log = EventLog(tmp_path / "log")
        database_ingest.ingest_database(
            folder, URL, [], tmp_path / "var", log, tmp_path / "quarantine", lambda _: None, None
        )
    gaps = log.scan("gap_declared").collect()
    assert gaps.select("kind", "detail", "rows").rows() == [
        ("input_rejected", "builds.csv: row with missing columns", 1)
    ]
    assert not [
        p for p in tmp_path.rglob("*") if p.is_file() and p.parent != folder and b"someone@" in p.read_bytes()
    ]


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        ("jobsetevals", None, "holds no jobsetevals.csv or jobsetevals.csv.gz: export the table there"),
        ("builds", b"", "builds.csv has no column buildstatus"),
        ("builds", b"id,finished\n1,1\n", "builds.csv has no column buildstatus"),
        ("builds", b"\x00\xff\xfe" * 1000, "builds.csv cannot be read as CSV"),
        ("jobsets", None, "names no jobsets: export jobsets.csv"),
    ],
)
def test_unusable_files_are_one_sentence(
    tmp_path: Path, table: str, content: bytes | None, message: str
) -> None:
    folder = export("t1", tmp_path / "t1")
    (folder / f"{table}.csv.gz").unlink()
    if content is not None:
        (folder / f"{table}.csv").write_bytes(content)
    with pytest.raises(BadInput, match=message) as raised:
        _read(folder)
    assert "\n" not in str(raised.value)


def test_a_cut_compressed_file_is_one_sentence(tmp_path: Path) -> None:
    folder = export("t1", tmp_path / "t1")
    path = folder / "builds.csv.gz"
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(BadInput, match=r"builds\.csv\.gz cannot be read as CSV \(.*\): export it again"):
        _read(folder)


def test_quotes_and_line_breaks_are_those_of_copy(tmp_path: Path) -> None:
    folder = export("t1", tmp_path / "t1")
    text = 'a "quoted"\nsecond line, with a comma'
    row = io.StringIO()
    csv.writer(row, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(["900000", text, "1"])

    def tell(lines: list[str]) -> list[str]:
        return [row.getvalue() if line.startswith("900000,") else line for line in lines]

    _change(folder, "evaluationerrors", tell)
    tables, _, rejected = _read(folder)
    assert rejected == {}
    assert tables.evaluations.filter(pl.col("evaluation_id") == 1824000)["evaluation_errors"][0] == text


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    _, state, _ = _read(export("t1", tmp_path / "t1"))
    database_state.save(tmp_path, "hydra.example.org", state)
    back = database_state.load(tmp_path, "hydra.example.org")
    assert back.keys() == state.keys()
    for name, position in state.items():
        assert_frame_equal(back[name].builds, position.builds)
        assert (back[name].unfinished, back[name].last_stop) == (position.unfinished, position.last_stop)
    path = database_state.place(tmp_path, "hydra.example.org")
    told = path.read_text(encoding="utf-8")
    assert "@" not in told
    next(path.with_suffix("").glob("*.parquet")).write_bytes(b"")
    with pytest.raises(BadInput, match="delete it, and the database is read from its beginning"):
        database_state.load(tmp_path, "hydra.example.org")
    for content in (told[:100], json.dumps(json.loads(told) | {"source": "another"})):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(BadInput, match="delete it, and the database is read from its beginning"):
            database_state.load(tmp_path, "hydra.example.org")
