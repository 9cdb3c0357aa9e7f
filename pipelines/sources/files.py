"""Careful reading of delimited and Parquet files that come from outside.

Nothing here knows what the columns mean. A file is recognised by its columns, never by its name; it is
bounded in size; each value is checked against its field (`pipelines.sources.fields`); a row that does not fit
is rejected with its line and the reason and never spoils the row beside it. A quoted field cannot span lines,
so that one stray quote costs one row, and a last line without its line end counts as cut off.

    table = files.read(path, [fields.word("channel"), fields.instant("detected_at", is_optional=True)])
    table.frame     # `line` and the fields, typed
    table.rejected  # one Rejected a row, reason "line 17: detected_at is not a UTC instant ..."
"""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.errors import BadInput
from pipelines.sources.base import REJECTED_ROWS, Rejected
from pipelines.sources.fields import Field

MAX_BYTES = 256 * 1024 * 1024
"""Largest file that is read, also when it is unpacked; the histories read so have less than 2 MB."""
MAX_ROWS = 1_000_000
MAX_LINE_BYTES = 64 * 1024
_PARQUET = b"PAR1"


@dataclass(frozen=True)
class Table:
    """Rows that fit, with `line` (1 is a file's header, or the row before the first), and the others."""

    frame: pl.DataFrame
    rejected: list[Rejected]


def columns(path: Path) -> list[str]:
    """Columns that a file says it has; none for what is neither Parquet nor delimited text."""
    if not path.is_file():
        return []
    with path.open("rb") as file:
        head = file.readline(MAX_LINE_BYTES)
    if head.startswith(_PARQUET):
        try:
            return list(pq.read_schema(path).names)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            return []
    try:
        (names,) = csv.reader([head.decode("utf-8-sig").rstrip("\r\n")], strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError):
        return []
    return names


def find(folder: Path, wanted: Iterable[Field]) -> list[Path]:
    """Files directly in a folder that have the columns of all wanted fields, each once, by name."""
    names = {field.name for field in wanted}
    found = []
    for path in sorted(folder.iterdir()):
        have = columns(path)
        if names <= set(have) and len(set(have)) == len(have):
            found.append(path)
    return found


def read(path: Path, fields: Sequence[Field]) -> Table:
    """Read the fields of a file. Raises BadInput if it is too large or cannot be read at all."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadInput(f"{path} has {size:,} bytes, more than the {MAX_BYTES:,} that are read: split it.")
    names = [field.name for field in fields]
    with path.open("rb") as file:
        is_parquet = file.read(len(_PARQUET)) == _PARQUET
    raw, contents, rejects = _parquet_rows(path, names) if is_parquet else _delimited_rows(path, names)
    faults = [
        pl.when(pl.col(f.name).is_not_null() & f.parse(pl.col(f.name)).is_null())
        .then(pl.lit(f"{f.name} is not {f.what}"))
        .when(pl.col(f.name).is_null() & pl.lit(not f.is_optional))
        .then(pl.lit(f"{f.name} is empty"))
        for f in fields
    ]
    judged = raw.with_columns(_fault=pl.coalesce(faults))
    rejects += judged.filter(pl.col("_fault").is_not_null()).select("line", "_fault").rows()
    frame = judged.filter(pl.col("_fault").is_null()).select(
        "line", *(f.parse(pl.col(f.name)).alias(f.name) for f in fields)
    )
    return Table(frame, _rejected(path.name, sorted(rejects), contents))


def read_all(paths: Sequence[Path], fields: Sequence[Field], key: Sequence[str] = ()) -> Table:
    """Read several files of one kind as one; rows that are repeated count once.

    Of rows that agree in `key` (empty text is a value) but not in the rest, the first by content is kept and
    the others are rejected, whatever the order of the rows.
    """
    names = [field.name for field in fields]
    tables = [(path.name, read(path, fields)) for path in paths]
    empty = pl.DataFrame(schema={"line": pl.Int64} | dict.fromkeys(names, pl.String))
    typed = empty.select("line", *(field.parse(pl.col(field.name)).alias(field.name) for field in fields))
    frames = [table.frame.with_columns(file=pl.lit(name)) for name, table in tables]
    rows = pl.concat([typed.with_columns(file=pl.lit("")), *frames])
    rejected = [one for _, table in tables for one in table.rejected]
    distinct = rows.unique(names, keep="first", maintain_order=True)
    if not key:
        return Table(distinct.drop("file"), rejected)
    ordered = distinct.sort(names, nulls_last=True)
    is_first = pl.struct(key).is_first_distinct()
    others = ordered.filter(~is_first)
    for row in others.head(REJECTED_ROWS).iter_rows(named=True):
        reason = f"line {row['line']}: contradicts another row of the same {', '.join(key)}"
        content = {name: row[name] for name in names}
        rejected.append(Rejected(row["file"], reason, json.dumps(content, default=str).encode()))
    if others.height > REJECTED_ROWS:
        reason = f"contradicts another row of the same {', '.join(key)}"
        rejected.append(Rejected("several files", reason, b"", rows=others.height - REJECTED_ROWS))
    return Table(ordered.filter(is_first).drop("file"), rejected)


def unknown(frame: pl.DataFrame, ids: set[str]) -> pl.DataFrame:
    """Rows whose id is not among those known."""
    return frame.join(
        pl.DataFrame({"id": sorted(ids)}, schema={"id": pl.String}),
        on="id",
        how="anti",
        maintain_order="left",
    )


_Rows = tuple[pl.DataFrame, Callable[[int], bytes], list[tuple[int, str]]]


def _delimited_rows(path: Path, names: list[str]) -> _Rows:
    """Rows of a comma-separated file as text, how to get a line's bytes, and the lines that are no rows."""
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    is_cut = lines[-1] != b""
    header = columns(path)
    if not set(names) <= set(header):
        lacking = ", ".join(sorted(set(names) - set(header)))
        raise BadInput(f"{path} lacks the columns {lacking}: fetch the file again.")
    if len(lines) > MAX_ROWS:
        raise BadInput(f"{path} has {len(lines):,} lines, over the {MAX_ROWS:,} that are read: split it.")
    places = [header.index(name) for name in names]
    rows: list[tuple[int | str | None, ...]] = []
    rejects: list[tuple[int, str]] = []
    for number, line in enumerate(lines[1:], start=2):
        if line in (b"", b"\r"):
            continue
        if is_cut and number == len(lines):
            rejects.append((number, "the file ends within this row"))
            continue
        values = _fields(line, len(header))
        if isinstance(values, str):
            rejects.append((number, values))
        else:
            rows.append((number, *(values[place] or None for place in places)))
    schema = {"line": pl.Int64} | dict.fromkeys(names, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row"), lambda number: lines[number - 1], rejects


def _fields(line: bytes, expected: int) -> list[str] | str:
    """Fields of one line, or why it is no row."""
    if len(line) > MAX_LINE_BYTES:
        return f"row is longer than {MAX_LINE_BYTES:,} bytes"
    try:
        (values,) = csv.reader([line.decode().removesuffix("\r")], strict=True)
    except UnicodeDecodeError:
        return "row is not UTF-8"
    except (csv.Error, ValueError):
        return "row is not well-formed: quotes or control characters"
    return values if len(values) == expected else "row has another number of fields than the header"


def _parquet_rows(path: Path, names: list[str]) -> _Rows:
    """Rows of a Parquet file as text. Its types are not trusted: a float gives `NaN` or `1.0`, no id."""
    try:
        metadata = pq.read_metadata(path)
        unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        if unpacked > MAX_BYTES or metadata.num_rows > MAX_ROWS:
            raise BadInput(
                f"{path} unpacks to {metadata.num_rows:,} rows of {unpacked:,} bytes, too much: split it."
            )
        # Not `pq.read_table`: that imports pandas, which costs a second.
        # Repeated text stays packed until its size is known.
        with pq.ParquetFile(path, read_dictionary=names) as file:
            table = file.read(columns=names)
        unpacked = sum(_unpacked_bytes(table[name]) for name in names)
        if unpacked > MAX_BYTES:
            raise BadInput(f"{path} unpacks to {unpacked:,} bytes of text, too much: split it.")
        text = {name: _text(table[name]) for name in names}
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise BadInput(f"{path} is not a readable Parquet file ({said}): fetch it again.") from error
    bad = sorted({row for _, rows in text.values() for row in rows})
    columns_of = {name: values for name, (values, _) in text.items()}
    frame = pl.DataFrame(columns_of, schema=dict.fromkeys(names, pl.String))
    frame = frame.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)) for name in names)
    numbered = frame.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.Int64))
    usable = numbered.filter(~pl.col("line").is_in([row + 2 for row in bad]))

    def content(number: int) -> bytes:
        return json.dumps(frame.row(number - 2, named=True), sort_keys=True).encode()

    return usable, content, [(row + 2, "row is not UTF-8") for row in bad]


def _unpacked_bytes(column: pa.ChunkedArray) -> int:
    """Bytes of a column's text when every repetition is written out."""
    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    lengths = (pc.take(pc.binary_length(chunk.dictionary), chunk.indices) for chunk in column.chunks)  # type: ignore[attr-defined]
    return sum(pc.sum(pc.cast(one, pa.int64())).as_py() or 0 for one in lengths)  # type: ignore[attr-defined]


def _text(column: pa.ChunkedArray) -> tuple[list[str | None], list[int]]:
    """A column as text, and the rows whose bytes are no UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        seconds = column.cast(pa.timestamp("s", "UTC" if column.type.tz else None), safe=False)
        column = pc.strftime(seconds, format="%Y-%m-%dT%H:%M:%SZ")  # type: ignore[attr-defined]
    elif not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        column = column.cast(pa.string())
    values: list[str | None] = []
    bad: list[int] = []
    raw: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    for row, value in enumerate(raw):
        shown = None if value is None else value.decode(errors="replace")
        values.append(shown)
        if shown is not None and shown.encode() != value:
            bad.append(row)
    return values, bad


def _rejected(file: str, rejects: list[tuple[int, str]], content: Callable[[int], bytes]) -> list[Rejected]:
    """One reject a row for the first thousand of each reason; the others are counted."""
    seen: dict[str, int] = {}
    kept = []
    for line, reason in rejects:
        seen[reason] = seen.get(reason, 0) + 1
        if seen[reason] <= REJECTED_ROWS:
            kept.append(Rejected(file, f"line {line}: {reason}", content(line)[:MAX_LINE_BYTES]))
    for reason, rows in sorted(seen.items()):
        if rows > REJECTED_ROWS:
            kept.append(Rejected(file, reason, b"", rows=rows - REJECTED_ROWS))
    return kept
