"""Lines of the generic format as checked events: the jobs in columns, all else one by one.

Three ways lead to one result. Lines that are like a decoded one are not decoded (`alike`); other jobs are decoded by
a quick decoder (`generic_decoder`); what either refuses goes to the strict one (`complaints.judge`), whose verdict
counts. Tests hold all of them equal.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from models.ci_format import TYPES, Job, JobFinished
from pipelines.sources.ci import alike, details, generic_columns, generic_decoder
from pipelines.sources.ci.complaints import Complaint, Judged, judge
from pipelines.sources.ci.generic_columns import NONE
from pipelines.sources.ci.input import Lines
from pipelines.sources.ci.line_blocks import Block

CHUNK_BYTES = 8 * 1024 * 1024
"""Size of the lines whose columns are checked together."""
CHUNK_LINES = 16_000
"""The same in lines, where they come one by one."""
TOGETHER = 500
"""Lines that are decoded in one go as long as all of them are jobs."""


@dataclass
class Chunk:
    """What some lines hold."""

    jobs: pl.DataFrame
    """Columns of `columns.JOBS`, and `commit`, `branch`, `pull_request`, `repo` and `line`."""
    others: list[tuple[int, Judged]] = field(default_factory=list)
    """Line and event of every other type."""
    refused: list[tuple[bytes, list[Complaint]]] = field(default_factory=list)
    details: dict[int, str] = field(default_factory=dict)
    """Line of an event -> what it tells beside what is interpreted (`details`)."""


def chunks(lines: Iterable[bytes]) -> Iterator[Chunk]:
    """The events of the lines; blank lines are none."""
    first = 1
    for text in lines.texts(CHUNK_BYTES) if isinstance(lines, Lines) else _texts(iter(lines)):
        block = Block(text)
        yield _chunk(block, first)
        first += len(block.ends)


def _texts(lines: Iterator[bytes]) -> Iterator[bytes]:
    while part := list(islice(lines, CHUNK_LINES)):
        yield b"".join(line if line.endswith(b"\n") else line + b"\n" for line in part)


def _chunk(block: Block, first: int) -> Chunk:
    chunk = Chunk(NONE)
    forms, left = alike.forms(block, generic_decoder.example)
    frames = []
    for form in forms:
        unlike = generic_columns.refused(form)
        if unlike is not None:
            # One text that is refused sends its line to the decoder, and not the form.
            left = np.sort(np.concatenate([left, form.places[unlike.to_numpy()]]))
            form = form.only(~unlike)
        if len(form.places):
            # Lines of one form have the same fields: if the first has no details, none has.
            if details.of_line(block.line(form.places[0]), JobFinished) is not None:
                _beside(block, form.places, first, chunk)
            columns = generic_columns.of_form(form)
            frames.append(_jobs(columns, form.places, block, first, chunk, is_plain=True))
    events: list[Any] = []
    places: list[int] = []
    is_plain = True
    for start in range(0, len(left), TOGETHER):
        part = left[start : start + TOGETHER]
        lines = block.lines(part)
        # Within JSON a control character must be written with a backslash.
        content = b"".join(lines)
        is_plain &= b"\\" not in content and b"\x7f" not in content
        try:
            events += map(generic_decoder.decode, lines)
            places += part.tolist()
        except (ValueError, RecursionError):
            del events[len(places) :]
            _one_by_one(lines, part.tolist(), first, events, places, chunk)
    if events:
        of_events = np.array(places)
        _beside(block, of_events, first, chunk)
        columns = generic_columns.of_events(events)
        frames.append(_jobs(columns, of_events, block, first, chunk, is_plain=is_plain))
    chunk.jobs = pl.concat(frames) if frames else chunk.jobs
    return chunk


def _jobs(
    columns: dict[str, pl.Series],
    places: np.ndarray,
    block: Block,
    first: int,
    chunk: Chunk,
    *,
    is_plain: bool,
) -> pl.DataFrame:
    """The jobs of some lines without those that the strict decoder refuses, which are put into the chunk."""
    told, doubted = generic_columns.jobs(
        columns, pl.Series(places + first, dtype=pl.Int64), is_plain=is_plain
    )
    refused = []
    for row in doubted:
        line = block.line(places[row])
        verdict = judge(line, int(places[row]) + first)
        if isinstance(verdict, list):
            chunk.refused.append((line, verdict))
            refused.append(row)
    if not refused:
        return told
    return told.filter(~pl.int_range(pl.len()).is_in(pl.Series(refused, dtype=pl.Int64).implode()))


def _one_by_one(
    lines: list[bytes], at: list[int], first: int, events: list[Any], places: list[int], chunk: Chunk
) -> None:
    """Decode lines of which one at least is no job: the jobs into `events`, all else into the chunk."""
    for place, line in zip(at, lines, strict=True):
        if not line or line.isspace():
            continue
        try:
            events.append(generic_decoder.decode(line))
            places.append(place)
        except (ValueError, RecursionError):
            _strictly(chunk, line, place + first)


def _beside(block: Block, places: np.ndarray, first: int, chunk: Chunk) -> None:
    """Put what jobs' events tell beside what has a column into the chunk."""
    for place, line in zip((places + first).tolist(), block.lines(places), strict=True):
        told = details.of_line(line, JobFinished)
        if told is not None:
            chunk.details[place] = told


def _strictly(chunk: Chunk, line: bytes, number: int) -> None:
    """Put a line that is no job of the quick decoder where it belongs."""
    verdict = judge(line, number)
    if isinstance(verdict, list):
        chunk.refused.append((line, verdict))
    elif isinstance(verdict.data, Job):
        # The quick decoder is never stricter than this one; if it were, the line must not be lost in silence.
        chunk.refused.append((line, [Complaint(number, "", "a job's event", "read by the quick decoder")]))
    else:
        chunk.others.append((number, verdict))
        told = details.of_line(line, TYPES.get(verdict.type))
        if told is not None:
            chunk.details[number] = told
