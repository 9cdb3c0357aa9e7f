"""What lies in an inbox and what is told of it: nothing is passed over in silence."""

import json
import os
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.sources.ci import inbox, known
from pipelines.sources.ci import ingest as reading
from pipelines.sources.ci.runs import Reading, Told
from tests.ci_events import COMMIT, PLACE, ingest, job, put, started

DRV = "/nix/store/" + "0" * 32 + "-hello-2.12.drv"
EVALUATED = {"attr": "hello", "attrPath": ["hello"], "drvPath": DRV, "system": "x86_64-linux"}
LISTED = [json.dumps(EVALUATED).encode() + b"\n"]


def _observations(var: Path) -> pl.DataFrame:
    return EventLog(var / "log").scan("evaluation_observed").sort("observed_at", "id").collect()


def _gaps(var: Path) -> list[str]:
    return sorted(EventLog(var / "log").scan("gap_declared").collect()["detail"])


def test_a_file_of_which_more_is_told_is_read_again(tmp_path: Path):
    put(tmp_path / "inbox", "eval.jsonl", LISTED)
    for told in (Told(source=PLACE, run_id="7"), Told(source=PLACE, run_id="7", commit=COMMIT, exit_code=0)):
        ingest(tmp_path, told=told)
        assert ingest(tmp_path, told=told) == []
    seen = _observations(tmp_path)
    assert seen["revision"].to_list() == [None, COMMIT]
    assert seen["coverage"].to_list() == ["named", "full"]


def test_a_sidecar_that_comes_later_is_read(tmp_path: Path):
    put(tmp_path / "inbox", "eval.jsonl", LISTED)
    ingest(tmp_path, told=Told(source=PLACE, run_id="7"))
    put(tmp_path / "inbox", "eval.jsonl.told.toml", [f'commit = "{COMMIT}"\n'.encode()])
    ingest(tmp_path, told=Told(source=PLACE, run_id="7"))
    assert _observations(tmp_path)["revision"].to_list() == [None, COMMIT]


def test_what_is_appended_while_a_file_is_read_is_read_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = put(tmp_path / "inbox", "log.ndjson", [started(), job("a")])
    read = reading.read

    def slow(*told: Any) -> tuple[str, Reading]:
        done = read(*told)
        with path.open("ab") as file:
            file.write(job("b"))
        return done

    monkeypatch.setattr(reading, "read", slow)
    ingest(tmp_path)
    monkeypatch.undo()
    ingest(tmp_path)
    assert _observations(tmp_path)["listed_rows"].to_list() == [1, 2]
    assert ingest(tmp_path) == []


def test_what_is_told_must_be_of_use(tmp_path: Path):
    put(tmp_path / "inbox", "eval.jsonl", LISTED)
    with pytest.raises(BadInput, match="commit is not a full commit of 40 hex digits"):
        ingest(tmp_path, told=Told(source=PLACE, commit="HEAD"))
    with pytest.raises(BadInput, match="source is not the address that names the CI"):
        ingest(tmp_path, told=Told(source="my ci"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('commit = "HEAD"', "commit is not a full commit of 40 hex digits in small letters"),
        ('system = "linux"', "system is not a Nix system as x86_64-linux"),
        ('source = "https://hydra.nixos.org"', "hydra.nixos.org is read by itself"),
        ("exit_code = true", "exit_code is not `int | null`, got `bool`"),
        ("file_at = 2026-02-01T00:00:00", "file_at needs a time zone"),
        ("# " + "x" * inbox.MAX_SIDECAR_BYTES, "is not a small regular file"),
    ],
)
def test_a_sidecar_of_no_use_leaves_its_file_out(tmp_path: Path, line: str, why: str):
    put(tmp_path / "inbox", "eval.jsonl", LISTED)
    put(tmp_path / "inbox", "eval.jsonl.told.toml", [line.encode()])
    ingest(tmp_path, told=Told(source=PLACE))
    assert _observations(tmp_path).is_empty()
    (gap,) = _gaps(tmp_path)
    assert why in gap


def test_names_and_folders_that_cannot_be_read_are_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    box = tmp_path / "inbox"
    deep = box.joinpath(*"abcdefghijklmnopqr")
    put(deep, "deep.ndjson", [started(), job("deep")])
    put(box / "locked", "locked.ndjson", [started(), job("locked")])
    put(box, "good.ndjson", [started("r-2"), job("good", run="r-2")])
    (box / os.fsdecode(b"\xff.ndjson")).write_bytes(started("r-3"))
    scan = os.scandir

    def denied(folder: Path):
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(inbox.os, "scandir", denied)
    ingest(tmp_path)
    assert _observations(tmp_path)["evaluation_id"].to_list() == ["r-2"]
    assert [gap.partition(":")[0] for gap in _gaps(tmp_path)] == [
        "locked",
        "q",
        "\N{REPLACEMENT CHARACTER}.ndjson",
    ]
    assert ingest(tmp_path)[0].batch is None


def test_small_groups_say_what_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for n in range(3):
        put(
            tmp_path / "inbox",
            f"{n}.ndjson",
            [started(f"r-{n}"), job("a", run=f"r-{n}"), job("b", run=f"r-{n}")],
        )
    assert len(ingest(tmp_path)) == 1
    monkeypatch.setattr(reading, "GROUP_JOBS", 1)
    (tmp_path / "inbox").rename(tmp_path / "other")
    (tmp_path / "small").mkdir()
    assert len(ingest(tmp_path / "small", tmp_path / "other")) == 3
    whole, small = (_observations(var).drop("batch") for var in (tmp_path, tmp_path / "small"))
    assert small.equals(whole)


@pytest.mark.parametrize("results", [(True, False), (False, True)], ids=["broke", "mended"])
@pytest.mark.parametrize("calls", ["01", "0 1", "1 0"], ids=["together", "in order", "late"])
def test_of_results_without_times_that_of_the_newer_file_counts(
    tmp_path: Path, results: tuple[bool, bool], calls: str
):
    """A file of nix-fast-build tells no time: a success of yesterday must not hide the failure of today."""
    told = Told(source=PLACE, run_id="7", system="x86_64-linux")
    for call in calls.split():
        for number in call:
            ok = results[int(number)]
            step = {
                "type": "BUILD",
                "attr": "a",
                "success": ok,
                "error": None if ok else "build exited with 1",
            }
            path = put(tmp_path / "inbox", f"{number}.json", [json.dumps({"results": [step]}).encode()])
            at = 1_700_000_000 + 1000 * int(number)
            os.utime(path, (at, at))
        ingest(tmp_path, told=told)
    log = EventLog(tmp_path / "log")
    newest = _observations(tmp_path).row(-1, named=True)
    before = known.Past(log).runs(PLACE, ["7"])["7"]
    assert before.observation_id == newest["id"]
    last = known.Past(log).jobs(PLACE, PLACE, "7", before)
    assert last["status"].to_list() == ["succeeded" if results[1] else "failed"]
    builds = log.scan("build_observed").sort("occurred_at").collect()
    assert builds["status"].to_list()[-1] == last["status"][0]
    assert set(builds["time_kind"]) == {"file"}


def test_a_sidecar_that_is_a_link_leaves_its_file_out(tmp_path: Path):
    put(tmp_path / "inbox", "eval.jsonl", LISTED)
    put(tmp_path, "elsewhere.toml", [f'commit = "{COMMIT}"\n'.encode()])
    (tmp_path / "inbox" / "eval.jsonl.told.toml").symlink_to(tmp_path / "elsewhere.toml")
    ingest(tmp_path, told=Told(source=PLACE))
    assert _observations(tmp_path).is_empty()
    (gap,) = _gaps(tmp_path)
    assert "is not a small regular file" in gap


def test_a_file_that_was_changed_in_the_instant_of_its_reading_is_read_again(tmp_path: Path):
    """Same size, time and number on the disk: what is as new as the state itself may have changed since."""
    later = time.time() + 3600
    for attr in ("hello", "olleh"):
        path = tmp_path / "inbox" / "eval.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(LISTED[0].replace(b"hello", attr.encode()))
        os.utime(path, (later, later))
        ingest(tmp_path, told=Told(source=PLACE))
    assert _observations(tmp_path).height == 2


def test_a_folder_of_more_files_than_anyone_reads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inbox, "MAX_FILES", 2)
    for n in range(3):
        put(tmp_path / "inbox", f"{n}.ndjson", [started()])
    with pytest.raises(BadInput, match="more than 2 files"):
        ingest(tmp_path)
    assert _observations(tmp_path).is_empty()
