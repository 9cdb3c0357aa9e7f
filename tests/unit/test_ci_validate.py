"""What `validate` says of a file, for people at a terminal of 80 columns."""

from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci.validate import SHOWN, validate
from tests.ci_events import COMMIT, event, finished, job, put, retracted, started


def test_a_good_file_has_no_fault(tmp_path: Path) -> None:
    lines = [started(), job("a"), job("b", "failed"), finished(counts={"succeeded": 1, "failed": 1})]
    report = validate(put(tmp_path, "good.ndjson", lines))
    assert (report.runs, report.jobs, report.complaints) == (1, 2, [])
    assert list(report.lines()) == ["good.ndjson: generic events, 1 run, 2 jobs, no fault"]


def test_every_fault_is_told_by_line_field_seen_and_expected(tmp_path: Path) -> None:
    lines = [
        job("a", commit=COMMIT),
        b"{broken\n",
        job("", "green", commit="x"),
        job("a", commit=COMMIT, time="2025-10-01T03:11:00Z", source_status="other"),
        job("b", commit="5" * 40),
        job("c", run="r-2"),
        event("x", "i", {}, type="com.example.x.v1"),
    ]
    report = validate(put(tmp_path, "bad.ndjson", lines))
    told = [(one.line, one.field) for one in report.complaints]
    assert told == [
        (2, ""), (3, "data.attr"), (3, "data.commit"), (3, "data.status"), (4, "id"), (5, "data.commit"),
        (0, "data.commit"),
    ]  # fmt: skip
    text = list(report.lines())
    assert all(len(line) <= 80 for line in text)
    assert text[3:6] == [
        "line 3: data.attr",
        '  seen:     ""',
        "  expected: 1 to 512 characters without control characters, not all blank",
    ]
    assert text[-2:] == [
        "1 event of type com.example.x.v1 would be left alone",
        "bad.ndjson: generic events, 2 runs, 2 jobs, 7 faults",
    ]
    assert "  expected: unique: another event of this id says something else" in text
    assert "  expected: the commit of its run" in text


def test_a_retraction_alone_is_no_fault(tmp_path: Path) -> None:
    assert validate(put(tmp_path, "back.ndjson", [retracted("x")])).complaints == []


def test_many_faults_are_counted(tmp_path: Path) -> None:
    report = validate(put(tmp_path, "bad.ndjson", [job("a", commit=COMMIT), *[b"{}\n"] * 500]))
    assert len({one.line for one in report.complaints}) == 500
    assert any(line.startswith("... and ") for line in report.lines())
    assert sum(line.startswith("line ") for line in report.lines()) == SHOWN


@pytest.mark.parametrize("content", [b"", b"\0\1", b"\x1f\x8b\x08cut"])
def test_a_file_that_cannot_be_read_is_one_fault(tmp_path: Path, content: bytes) -> None:
    report = validate(put(tmp_path, "odd", [content]))
    assert [(one.line, one.field) for one in report.complaints] == [(0, "")]
    assert all(len(line) <= 80 for line in report.lines())


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        validate(tmp_path / "none")


def test_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    report = validate(put(tmp_path, "bad.ndjson", [job("a\x1b[31m\n", "\x1b[2J" * 100, commit=COMMIT)]))
    assert all(line.isprintable() and len(line) <= 80 for line in report.lines())
