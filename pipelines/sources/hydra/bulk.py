"""A file that holds the array of `/eval/ID/builds`: hundreds of megabytes as a table, a piece at a time.

A piece ends where an object of the array ends. That place is guessed, as Hydra writes `},{` there, and looked
for with care only where the guess was wrong: a piece that is cut elsewhere does not decode. So memory holds one
piece and the table, never the file.
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import FileIO
from pathlib import Path

import msgspec
import polars as pl

from pipelines.sources.base import Rejected
from pipelines.sources.hydra.decode import BadAnswer, Build, read
from pipelines.sources.hydra.tables import BUILDS, INSTANT

PIECE = 512 * 1024
"""Bytes read at once: what is decoded stays in the processor's cache."""
LONGEST_OBJECT = 16 * 1024 * 1024
ROWS = 10_000
"""Rows that are turned into columns at once."""

_COLUMNS: dict[str, tuple[str, pl.DataType]] = {
    "id": ("build_id", pl.Int64()),
    "project": ("project", pl.String()),
    "jobset": ("jobset", pl.String()),
    "job": ("job", pl.String()),
    "system": ("system", pl.String()),
    "finished": ("is_finished", pl.Int64()),
    "timestamp": ("queued_at", pl.Int64()),
    "buildstatus": ("build_status", pl.Int64()),
    "starttime": ("started_at", pl.Int64()),
    "stoptime": ("stopped_at", pl.Int64()),
    "drvpath": ("drv_path", pl.String()),
}
"""Field of `decode.Build` -> column of the table, and the type in which it is collected."""
_FIELDS = [_COLUMNS[name] for name in Build.__struct_fields__]
_BUILDS = msgspec.json.Decoder(list[Build])
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_OPEN, _CLOSE, _COMMA = b"[],"


@dataclass(frozen=True)
class _Collected:
    """What was decoded so far: frames, the columns of the next one, and rejects."""

    file: str
    frames: list[pl.DataFrame] = field(default_factory=list)
    columns: list[list[object]] = field(default_factory=lambda: [[] for _ in _COLUMNS])
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, rows: list[Build]) -> None:
        """Take builds."""
        for column, told in zip(
            self.columns, zip(*map(msgspec.structs.astuple, rows), strict=True), strict=False
        ):
            column.extend(told)
        if len(self.columns[0]) >= ROWS:
            self.flush()

    def add_one_by_one(self, objects: list[msgspec.Raw]) -> None:
        """Take objects of which some are no builds: those are rejected, each with its reason."""
        for one in objects:
            try:
                self.add([read(bytes(one), Build)])
            except BadAnswer as error:
                self.rejected.append(Rejected(self.file, str(error), bytes(one)))

    def flush(self) -> None:
        """Turn the collected rows into a frame."""
        named = zip(_FIELDS, self.columns, strict=True)
        self.frames.append(pl.DataFrame([pl.Series(name, values, kind) for (name, kind), values in named]))
        for column in self.columns:
            column.clear()


def builds_file(
    path: Path, observed_at: datetime, *, piece: int = PIECE
) -> tuple[pl.DataFrame, list[Rejected]]:
    """Rows of `tables.BUILDS` in the file's order, and the objects that are no usable builds with the reason.

    `nix_name` is left out: nothing reads it. Raises BadAnswer for a file that is no complete JSON array: of such
    a file nothing is used.
    """
    collected = _Collected(path.name)
    with FileIO(path) as file, _without_collector():
        _read(file, collected, piece)
        collected.flush()
    instants = [
        pl.from_epoch(name, time_unit="s").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
        for name in ("queued_at", "started_at", "stopped_at")
    ]
    frame = pl.concat(collected.frames).with_columns(
        *instants,
        is_finished=pl.col("is_finished") == 1,
        is_cached=pl.lit(None, pl.Boolean),
        nix_name=pl.lit(None, pl.String),
        observed_at=pl.lit(observed_at, INSTANT),
    )
    return frame.select(list(BUILDS)), collected.rejected


@contextmanager
def _without_collector() -> Iterator[None]:
    """No search for reference cycles: among millions of short-lived rows there are none, and it costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(file: FileIO, collected: _Collected, piece: int) -> None:
    """Decode a file piece by piece. A later piece begins at a comma, in place of which a `[` is put."""
    # Always the same memory: fresh pages for each piece cost as much as a quarter of the decoding.
    buffer = bytearray(4 * piece)
    have, expected, name = 0, _OPEN, collected.file
    while True:
        # Twice as much each time nothing ends: what is looked at again and again stays bounded.
        wanted = max(piece, have)
        if have + wanted >= len(buffer):
            buffer += bytes(have + wanted)
        with memoryview(buffer) as whole, whole[have : have + wanted] as free:
            told = file.readinto(free) or 0
        have += told
        place = _SPACE.match(buffer, 0, have).end()  # type: ignore[union-attr]
        if place == have:
            if not told:
                raise BadAnswer(f"{name} ends before its array of builds does: nothing of it is used.")
            continue
        if expected == _COMMA and buffer[place] == _CLOSE:
            if (bytes(buffer[place + 1 : have]) + file.read(piece)).strip():
                raise BadAnswer(f"{name} goes on after its array of builds: nothing of it is used.")
            return
        if buffer[place] != expected:
            seen = bytes(buffer[place : min(have, place + 40)]).decode("utf-8", "replace")
            raise BadAnswer(
                f"{name} is no JSON array of builds: it has {seen!r} where one begins or goes on."
            )
        end = _decode(buffer, place, have, collected, is_empty_allowed=expected == _OPEN)
        if end is not None:
            have -= end
            buffer[:have] = buffer[end : end + have]
            expected = _COMMA
        elif not told or have > LONGEST_OBJECT:
            raise BadAnswer(
                f"{name} has no end of its array, or a build of more than {LONGEST_OBJECT:,} bytes: "
                "nothing of it is used."
            )


def _decode(
    buffer: bytearray, place: int, have: int, collected: _Collected, *, is_empty_allowed: bool
) -> int | None:
    """Decode the whole objects of `buffer[place + 1:have]`; the place after the last, None where none ends.

    Raises BadAnswer where the text is no JSON.
    """
    guess = buffer.rfind(b"},{", place, have) + 1
    if guess and _take(buffer, place, guess, collected) is None:
        return guess
    end = _end_of_objects(buffer, place, have)
    if end is None:
        first = _SPACE.match(buffer, place + 1, have).end()  # type: ignore[union-attr]
        return first if is_empty_allowed and first < have and buffer[first] == _CLOSE else None
    fault = _take(buffer, place, end, collected)
    if fault is not None:
        raise BadAnswer(f"{collected.file} is not JSON throughout ({fault}): nothing of it is used.")
    return end


def _take(buffer: bytearray, place: int, end: int, collected: _Collected) -> Exception | None:
    """Collect the objects between `place` and `end`; what is wrong if that is no list of JSON values."""
    kept = buffer[place], buffer[end]
    buffer[place], buffer[end] = _OPEN, _CLOSE
    try:
        with memoryview(buffer) as whole, whole[place : end + 1] as part:
            rows = _BUILDS.decode(part)
    except _BROKEN:
        try:
            objects = _RAW.decode(bytes(buffer[place : end + 1]))
        except _BROKEN as error:
            return error
        collected.add_one_by_one(objects)
    else:
        collected.add(rows)
    finally:
        buffer[place], buffer[end] = kept
    return None


def _end_of_objects(buffer: bytearray, place: int, have: int) -> int | None:
    """Where the last object that ends in the buffer does; strings and nesting taken into account."""
    depth, end = 0, None
    for token in _TOKEN.finditer(buffer, place + 1, have):
        match token[0]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
                if depth < 0:
                    break
                if depth == 0:
                    end = token.end()
            case b'"':
                break
    return end
