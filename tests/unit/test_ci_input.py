"""Files from outside are read within bounds, and only where they are."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import input as reading
from pipelines.sources.ci.input import head, open_lines

TEXT = b"one\n\ntwo\r\nthree \r here\nlast"
LINES = [b"one\n", b"\n", b"two\r\n", b"three \r here\n", b"last"]


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_lines_are_those_of_the_content_whatever_the_name(tmp_path: Path, pack) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(pack(TEXT))
    lines = open_lines(path)
    assert list(lines) == LINES
    assert list(lines) == LINES, "every iteration reads anew"
    assert head(path) == TEXT


def test_blocks_are_joined_where_a_line_spans_them(tmp_path: Path) -> None:
    path = tmp_path / "long"
    content = [b"x" * (1024 * 1024 + 7) + b"\n", b"y" * 3 + b"\n", b"z" * (2 * 1024 * 1024)]
    path.write_bytes(b"".join(content))
    assert list(open_lines(path)) == content
    assert len(head(path)) == reading.HEAD_BYTES


def test_a_long_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"short\n" + b"x" * 3_000_000)
    with pytest.raises(BadInput, match=r"line of more than 2,000,000 bytes"):
        list(open_lines(path, max_line_bytes=2_000_000))


@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gzip", "zstd"])
def test_a_bomb_is_refused(tmp_path: Path, pack) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack((b" " * 1023 + b"\n") * 64 * 1024))
    with pytest.raises(BadInput, match="unpacked from"):
        for _ in open_lines(path):
            pass


def test_the_largest_size_holds_for_plain_files_too(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(b"x\n" * 1000)
    with pytest.raises(BadInput, match="more than 1,999 bytes"):
        list(reading.Lines(path, max_bytes=1999))


def test_damaged_compression_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(os.urandom(5000))[:-2000])
    with pytest.raises(BadInput, match="cannot be read to its end"):
        list(open_lines(path))


def test_links_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    for name, why in (
        ("link", "symbolic link"),
        ("pipe", "not a regular file"),
        ("none", "cannot be opened"),
    ):
        with pytest.raises(BadInput, match=why):
            open_lines(tmp_path / name)
    with pytest.raises(BadInput, match="not a regular file"):
        open_lines(tmp_path)


def test_a_file_of_too_many_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINES", 1000)
    path = tmp_path / "ends"
    path.write_bytes(b"\n" * 1001)
    with pytest.raises(BadInput, match="more than 1,000 lines"):
        list(open_lines(path))
