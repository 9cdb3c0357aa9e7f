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
from operator import attrgetter
from pathlib import Path

import msgspec
import polars as pl

from pipelines.sources.base import Rejected
from pipelines.sources.hydra.decode import BadAnswer, Build, read
from pipelines.sources.hydra.tables import BUILDS, INSTANT

PIECE = 512 * 1024
"""Bytes read at once: what is decoded stays in the processor's cache."""
LONGEST_OBJECT = 16 * 1024 * 1024

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
_FIELDS = attrgetter(*_COLUMNS)
_BUILDS = msgspec.json.Decoder(list[Build])
_RAW = msgspec.json.Decoder(list[msgspec.Raw])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")
_OPEN, _CLOSE, _COMMA = b"[],"


@dataclass(frozen=True)
class _Collected:
    """What was decoded so far: a frame per piece, and rejects."""

    file: str
    frames: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add(self, rows: list[Build]) -> None:
        """Take builds while they are in the processor's cache."""
        columns = list(zip(*map(_FIELDS, rows), strict=True)) or [()] * len(_COLUMNS)
        named = zip(_COLUMNS.values(), columns, strict=True)
        self.frames.append(pl.DataFrame([pl.Series(name, list(told), kind) for (name, kind), told in named]))

    def add_one_by_one(self, objects: list[msgspec.Raw]) -> None:
        """Take objects of which some are no builds: those are rejected, each with its reason."""
        rows = []
        for one in objects:
            try:
                rows.append(read(bytes(one), Build))
            except BadAnswer as error:
                self.rejected.append(Rejected(self.file, str(error), bytes(one)))
        self.add(rows)


def builds_file(
    path: Path, observed_at: datetime, *, piece: int = PIECE
) -> tuple[pl.DataFrame, list[Rejected]]:
    """Rows of `tables.BUILDS` in the file's order, and the objects that are no usable builds with the reason.

    `nix_name` is left out: nothing reads it. Raises BadAnswer for a file that is no complete JSON array: of such
    a file nothing is used.
    """
    collected = _Collected(path.name)
    collected.add([])
    with FileIO(path) as file, _without_collector():
        _read(file, collected, piece)
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
    buffer = bytearray()
    expected = _OPEN
    is_done = False
    while True:
        # Reading more each time an object does not end bounds how often it is looked at again.
        told = file.read(max(piece, len(buffer)))
        buffer += told
        place = _SPACE.match(buffer).end()  # type: ignore[union-attr]
        if is_done or (place < len(buffer) and expected == _COMMA and buffer[place] == _CLOSE):
            start = place if is_done else place + 1
            if buffer[start:].strip():
                raise BadAnswer(f"{collected.file} goes on after its array of builds.")
            buffer.clear()
            is_done = True
            if not told:
                return
            continue
        if place == len(buffer):
            if not told:
                raise BadAnswer(
                    f"{collected.file} ends before its array of builds does: nothing of it is used."
                )
            continue
        if buffer[place] != expected:
            seen = bytes(buffer[place : place + 40]).decode("utf-8", "replace")
            raise BadAnswer(
                f"{collected.file} is no JSON array of builds: it has {seen!r} where one goes on."
            )
        end = _decode(buffer, place, collected, is_last=not told)
        if end is not None:
            del buffer[:end]
            expected = _COMMA
        elif not told or len(buffer) > LONGEST_OBJECT:
            raise BadAnswer(
                f"{collected.file} has no end of its array, or a build of more than {LONGEST_OBJECT:,} bytes."
            )


def _decode(buffer: bytearray, place: int, collected: _Collected, *, is_last: bool) -> int | None:
    """Decode whole objects after `place`; the place after the last of them, None where none ends.

    Raises BadAnswer where the text is no JSON.
    """
    guess = buffer.rfind(b"},{", place) + 1
    if guess and _take(buffer, place, guess, collected) is None:
        return guess
    end = _end_of_objects(buffer, place)
    if end is None:
        is_empty = buffer[place] == _OPEN and is_last and buffer[place + 1 :].strip() == b"]"
        return len(buffer) - len(buffer[place + 1 :].lstrip()) if is_empty else None
    fault = _take(buffer, place, end, collected)
    if fault is not None:
        raise BadAnswer(f"{collected.file} is not JSON throughout ({fault}): nothing of it is used.")
    return end


def _take(buffer: bytearray, place: int, end: int, collected: _Collected) -> Exception | None:
    """Collect the objects between `place` and `end`; what is wrong if that is no list of JSON values."""
    kept = buffer[place], buffer[end] if end < len(buffer) else None
    if kept[1] is None:
        buffer.append(_CLOSE)
    buffer[place], buffer[end] = _OPEN, _CLOSE
    try:
        with memoryview(buffer) as whole, whole[place : end + 1] as part:
            collected.add(_BUILDS.decode(part))
    except _BROKEN:
        try:
            objects = _RAW.decode(bytes(buffer[place : end + 1]))
        except _BROKEN as error:
            return error
        collected.add_one_by_one(objects)
    finally:
        if kept[1] is None:
            del buffer[end:]
        else:
            buffer[end] = kept[1]
        buffer[place] = kept[0]
    return None


def _end_of_objects(buffer: bytearray, place: int) -> int | None:
    """Where the last object that ends in the buffer does; strings and nesting taken into account."""
    depth, end = 0, None
    for token in _TOKEN.finditer(buffer, place + 1):
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
