"""Files from outside: recognised by columns, bounded, read row by row."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.sources import fields, files
from pipelines.sources.base import REJECTED_ROWS

FIELDS = (fields.word("name"), fields.instant("at", is_optional=True), fields.digits("id", is_optional=True))
GOOD = b"name,at,id\na,2018-06-14T21:57:18Z,1\nb,,\n"
AT = datetime(2018, 6, 14, 21, 57, 18, tzinfo=UTC)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def reasons(table: files.Table) -> list[str]:
    return [one.reason for one in table.rejected]


def test_values_are_typed_and_empty_text_is_null(tmp_path: Path) -> None:
    table = files.read(write(tmp_path / "x", GOOD), FIELDS)
    assert table.frame.rows() == [(2, "a", AT, "1"), (3, "b", None, None)]
    assert table.frame.schema["at"] == pl.Datetime("us", "UTC")
    assert table.rejected == []


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD + b"\n\n",
        b"extra,id,name,at\n<b>,1,a,2018-06-14T21:57:18Z\n,,b,\n",
        b'name,at,id\n"a","2018-06-14T21:57:18Z","1"\n"b",,\n',
    ],
    ids=["byte order mark", "carriage returns", "blank lines", "other order and columns", "quotes"],
)
def test_ways_of_writing_the_same_table_read_the_same(tmp_path: Path, content: bytes) -> None:
    table = files.read(write(tmp_path / "x", content), FIELDS)
    assert table.frame.drop("line").rows() == [("a", AT, "1"), ("b", None, None)]
    assert table.rejected == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b",,", "name is empty"),
        (b"../../etc,,", "name is not a name"),
        (b"a..b,,", "name is not a name"),
        (b"<script>,,", "name is not a name"),
        (b"a b,,", "name is not a name"),
        (b"-a,,", "name is not a name"),
        ("ä,,".encode(), "name is not a name"),
        (b"a" * 101 + b",,", "name is not a name"),
        (b"a,yesterday,", "at is not a UTC instant"),
        (b"a,2018-06-14,", "at is not a UTC instant"),
        (b"a,2018-02-30T00:00:00Z,", "at is not a UTC instant"),
        (b"a,2018-06-14T24:00:00Z,", "at is not a UTC instant"),
        (b"a,2018-06-14T21:57:60Z,", "at is not a UTC instant"),
        (b"a,2018-06-14T21:57:18+02:00,", "at is not a UTC instant"),
        (b"a,-2018-06-14T21:57:18Z,", "at is not a UTC instant"),
        (b"a,1969-12-31T23:59:59Z,", "at is not a UTC instant"),
        (b"a,2100-01-01T00:00:00Z,", "at is not a UTC instant"),
        ("a,٢٠١٨-06-14T21:57:18Z,".encode(), "at is not a UTC instant"),
        (b"a,,NaN", "id is not a positive whole number"),
        (b"a,,-1", "id is not a positive whole number"),
        (b"a,,0", "id is not a positive whole number"),
        (b"a,,1.0", "id is not a positive whole number"),
        (b"a,,1e9", "id is not a positive whole number"),
        (b"a,,99999999999999999999", "id is not a positive whole number"),
        (b"a,", "another number of fields"),
        (b"a,,,", "another number of fields"),
        (b"\xff,,", "not UTF-8"),
        (b'"a,,', "not well-formed"),
        (b'"a"b,,', "not well-formed"),
        (b"a\rb,,", "not well-formed"),
        (b"a\x00,,", "name is not a name"),
        (b"a" * (files.MAX_LINE_BYTES + 1) + b",,", "longer than 65,536 bytes"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_spoils_nothing(
    tmp_path: Path, row: bytes, reason: str
) -> None:
    table = files.read(write(tmp_path / "x.csv", b"name,at,id\nfirst,,\n" + row + b"\nlast,,\n"), FIELDS)
    assert table.frame["name"].to_list() == ["first", "last"]
    (one,) = table.rejected
    assert one.reason.startswith("line 3: ")
    assert reason in one.reason
    assert one.content == row[: files.MAX_LINE_BYTES]
    assert (one.file, one.rows) == ("x.csv", 1)


def test_a_file_that_was_cut_loses_its_last_row_only(tmp_path: Path) -> None:
    table = files.read(write(tmp_path / "x", GOOD + b"c,,12"), FIELDS)
    assert table.frame["name"].to_list() == ["a", "b"]
    assert reasons(table) == ["line 4: the file ends within this row"]


def test_of_very_many_bad_rows_a_thousand_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    table = files.read(write(tmp_path / "x", b"name,at,id\n" + b"<>,,\n" * 2500 + b"a,,\n"), FIELDS)
    assert table.frame["name"].to_list() == ["a"]
    assert len(table.rejected) == REJECTED_ROWS + 1
    assert sum(one.rows for one in table.rejected) == 2500


def test_rows_that_are_repeated_count_once_and_contradictions_are_rejected(tmp_path: Path) -> None:
    header = b"name,at,id\n"
    lines = [b"a,,1\n", b"a,,2\n", b"b,,\n", b"b,,\n"]
    one = write(tmp_path / "one", header + b"".join(lines))
    two = write(tmp_path / "two", header + b"".join(reversed(lines)))
    for paths in ([one], [two], [one, two], [two, one]):
        table = files.read_all(paths, FIELDS, key=("name",))
        assert sorted(table.frame.drop("line").rows()) == [("a", None, "1"), ("b", None, None)]
        (contradiction,) = table.rejected
        assert contradiction.reason.endswith("contradicts another row of the same name")
        assert b'"id": "2"' in contradiction.content


def test_no_files_give_an_empty_typed_table() -> None:
    table = files.read_all([], FIELDS)
    assert table.frame.height == 0
    assert table.frame.schema["at"] == pl.Datetime("us", "UTC")


def test_files_are_found_by_their_columns_and_not_by_their_names(tmp_path: Path) -> None:
    write(tmp_path / "picture.png", GOOD)
    write(tmp_path / "right.csv", b"name,at\na,\n")
    write(tmp_path / "twice.csv", b"name,name,at,id\n")
    write(tmp_path / "latin.csv", b"name,at,id,\xff\n")
    write(tmp_path / "empty", b"")
    write(tmp_path / "broken.parquet", b"PAR1 and nothing else")
    pq.write_table(pa.table({"name": ["a"], "at": [AT], "id": [1]}), tmp_path / "notes.txt")
    (tmp_path / "folder").mkdir()
    assert [path.name for path in files.find(tmp_path, FIELDS)] == ["notes.txt", "picture.png"]


def test_parquet_columns_are_checked_like_text(tmp_path: Path) -> None:
    berlin = pa.array([AT, None, AT], pa.timestamp("ns", "Europe/Berlin"))
    table = pa.table({"name": ["a", "b", "../c"], "at": berlin, "id": pa.array([7, None, 8], pa.int32())})
    pq.write_table(table, tmp_path / "x")
    read = files.read(tmp_path / "x", FIELDS)
    assert read.frame.rows() == [(2, "a", AT, "7"), (3, "b", None, None)]
    (one,) = read.rejected
    assert one.reason.startswith("line 4: name is not a name")
    assert b"../c" in one.content


def test_parquet_floats_are_no_ids(tmp_path: Path) -> None:
    ids = pa.array([float("nan"), -1.5, float("inf"), None])
    pq.write_table(
        pa.table({"name": list("abcd"), "at": pa.nulls(4, pa.string()), "id": ids}), tmp_path / "x"
    )
    read = files.read(tmp_path / "x", FIELDS)
    assert read.frame["name"].to_list() == ["d"]
    assert len(read.rejected) == 3


def test_parquet_text_that_is_not_utf_8_is_rejected(tmp_path: Path) -> None:
    offsets = pa.py_buffer(b"".join(n.to_bytes(4, "little") for n in (0, 1, 3)))
    names = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"a\xff\xfe"))
    empty = pa.nulls(2, pa.string())
    pq.write_table(pa.table({"name": names, "at": empty, "id": empty}), tmp_path / "x")
    read = files.read(tmp_path / "x", FIELDS)
    assert read.frame["name"].to_list() == ["a"]
    assert reasons(read) == ["line 3: row is not UTF-8"]


def test_a_parquet_column_of_lists_is_bad_input(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": [["a"]], "at": [""], "id": [""]}), tmp_path / "x")
    with pytest.raises(BadInput, match="not a readable Parquet file"):
        files.read(tmp_path / "x", FIELDS)


def test_what_is_too_large_is_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = write(tmp_path / "text", GOOD)
    pq.write_table(pa.table({"name": ["a"] * 3, "at": [""] * 3, "id": [""] * 3}), tmp_path / "columns")
    for limit, value in (("MAX_ROWS", 2), ("MAX_BYTES", len(GOOD) - 1)):
        with monkeypatch.context() as patch:
            patch.setattr(files, limit, value)
            for path in (text, tmp_path / "columns"):
                with pytest.raises(BadInput, match="split it"):
                    files.read(path, FIELDS)
    assert files.read(text, FIELDS).frame.height == 2
    assert files.read(tmp_path / "columns", FIELDS).frame.height == 3


def test_a_small_file_that_unpacks_to_a_huge_one_is_bad_input(tmp_path: Path) -> None:
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["a" * 10_000])
    empty = pa.nulls(100_000, pa.string())
    pq.write_table(
        pa.table({"name": names, "at": empty, "id": empty}), tmp_path / "bomb", use_dictionary=True
    )
    assert (tmp_path / "bomb").stat().st_size < 100_000
    with pytest.raises(BadInput, match=r"unpacks to 1,000,000,000 bytes"):
        files.read(tmp_path / "bomb", FIELDS)


@given(
    rows=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.text(max_size=40).map(lambda text: text.encode()),
            st.lists(
                st.sampled_from(["a", "", '"', "2018-06-14T21:57:18Z", "7", "NaN", "..", "\r"]), max_size=4
            ).map(lambda parts: ",".join(parts).encode()),
        ),
        max_size=12,
    )
)
def test_every_line_is_either_a_row_or_a_reject(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes]
) -> None:
    body = b"\n".join([*rows, b"good,,"])
    path = write(tmp_path_factory.mktemp("fuzz") / "x", b"name,at,id\n" + body + b"\n")
    lines = {n for n, line in enumerate(body.split(b"\n"), start=2) if line not in (b"", b"\r")}
    table = files.read(path, FIELDS)
    rejected = [int(reason.split(":")[0].removeprefix("line ")) for reason in reasons(table)]
    assert sorted([*rejected, *table.frame["line"]]) == sorted(lines)
    assert table.frame["name"].to_list()[-1] == "good"
    for row in table.frame.iter_rows(named=True):
        assert row["name"].isascii()
        assert ".." not in row["name"]
        assert row["at"] is None or fields.EARLIEST <= row["at"] < fields.LATEST
