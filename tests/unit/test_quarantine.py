"""Rejected input is kept bounded, under names from hashes, and declared once as a gap."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.log import quarantine
from pipelines.sources.base import Rejected

SOURCE = "example.org"
AT = datetime(2024, 5, 1, tzinfo=UTC)


def _rows(path: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in path.iterdir()}


def test_content_and_reason_are_kept_under_the_hash_of_the_content(tmp_path: Path) -> None:
    (gap,) = quarantine.keep([Rejected("a.csv", "line 3: bad date", b"x,y")], tmp_path / "q", SOURCE, AT)
    name = hashlib.sha256(b"x,y").hexdigest()
    assert set(_rows(tmp_path / "q")) == {f"{name}.bin", f"{name}.json"}
    assert (tmp_path / "q" / f"{name}.bin").read_bytes() == b"x,y"
    about = json.loads((tmp_path / "q" / f"{name}.json").read_text())
    assert (about["file"], about["reason"], about["bytes"], about["is_cut"]) == (
        "a.csv",
        "line 3: bad date",
        3,
        False,
    )
    assert (gap.kind, gap.detail, gap.rows, gap.observed_at) == ("input_rejected", "a.csv: bad date", 1, AT)
    assert gap.id.startswith("example.org:gap:input_rejected:")


def test_one_gap_per_file_and_kind_of_reason_counts_its_rows(tmp_path: Path) -> None:
    gaps = quarantine.keep(
        [
            Rejected("a.csv", "line 3: bad date", b"1"),
            Rejected("a.csv", "line 9: bad date", b"2"),
            Rejected("a.csv", "bad date", b"", rows=40),
            Rejected("a.csv", "row 9: bad name", b"2"),
            Rejected("b.csv", "line 3: bad date", b"1"),
            Rejected("b.csv", "line 3: bad date", b"1", jobset="p/j", evaluation_id="7"),
        ],
        tmp_path,
        SOURCE,
        AT,
    )
    assert [(g.detail, g.jobset, g.evaluation_id, g.rows) for g in gaps] == [
        ("a.csv: bad date", None, None, 42),
        ("a.csv: bad name", None, None, 1),
        ("b.csv: bad date", None, None, 1),
        ("b.csv: bad date", "p/j", "7", 1),
    ]
    assert len({g.id for g in gaps}) == 4


def test_keeping_the_same_twice_changes_nothing(tmp_path: Path) -> None:
    rejected = [Rejected("a.csv", f"line {n}: bad", f"{n}".encode()) for n in range(20)]
    first = quarantine.keep(rejected, tmp_path, SOURCE, AT)
    files = _rows(tmp_path)
    again = quarantine.keep(rejected[::-1], tmp_path, SOURCE, datetime(2025, 1, 1, tzinfo=UTC))
    assert [g.id for g in again] == [g.id for g in first]
    assert _rows(tmp_path) == files
    assert len(files) == 40


def test_other_content_gives_another_gap(tmp_path: Path) -> None:
    (one,) = quarantine.keep([Rejected("a", "bad", b"1")], tmp_path, SOURCE, AT)
    (two,) = quarantine.keep([Rejected("a", "bad", b"2")], tmp_path, SOURCE, AT)
    assert one.id != two.id


def test_a_large_reject_is_cut_and_says_so(tmp_path: Path) -> None:
    content = b"z" * (quarantine.KEPT_BYTES + 1)
    quarantine.keep([Rejected("a", "too long", content)], tmp_path, SOURCE, AT)
    name = hashlib.sha256(content).hexdigest()
    assert (tmp_path / f"{name}.bin").stat().st_size == quarantine.KEPT_BYTES
    about = json.loads((tmp_path / f"{name}.json").read_text())
    assert (about["bytes"], about["is_cut"]) == (quarantine.KEPT_BYTES + 1, True)


def test_at_most_a_thousand_contents_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    (gap,) = quarantine.keep(
        [Rejected("a", "bad", f"{n}".encode()) for n in range(1500)], tmp_path, SOURCE, AT
    )
    assert len(list(tmp_path.glob("*.bin"))) == quarantine.KEPT_FILES == 1000
    assert gap.rows == 1500


def test_no_rejects_write_nothing(tmp_path: Path) -> None:
    assert quarantine.keep([], tmp_path / "q", SOURCE, AT) == []
    assert not (tmp_path / "q").exists()


def test_without_any_time_the_gap_is_older_than_everything(tmp_path: Path) -> None:
    (gap,) = quarantine.keep([Rejected("a", "bad", b"1")], tmp_path, SOURCE, None)
    assert gap.observed_at == quarantine.NO_TIME < datetime(1990, 1, 1, tzinfo=UTC)


@given(file=st.text(max_size=400), reason=st.text(max_size=400), content=st.binary(max_size=100))
def test_nothing_from_outside_names_a_path(
    tmp_path_factory: pytest.TempPathFactory, file: str, reason: str, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("outside")
    (gap,) = quarantine.keep(
        [Rejected("../../" + file, "line 1: ../" + reason, content)], root / "q", SOURCE, AT
    )
    written = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    name = hashlib.sha256(content).hexdigest()
    assert written == ([f"q/{name}.bin", f"q/{name}.json"] if content else [])
    assert len(gap.detail) < 700
    assert gap.detail.isprintable()
