"""Lines of JSON that differ from a decoded one in nothing but some texts: their texts in columns, undecoded.

A program that writes hundreds of thousands of events writes them in few forms. Where two lines are equal byte by
byte outside of some texts, and these texts hold no quote, backslash or control character, both decode to the
same but for these texts. So one line of a form is decoded, and of the others only the texts are looked at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

MAX_FORMS = 32
"""Forms that are looked for among the lines of a block: each costs a look at all lines that are left."""
MAX_MISSES = 4
"""Lines of which few others are like, after which no more are tried: where each line tells other numbers none is."""
FEWEST = 50
"""Lines from which on a form is one: fewer are decoded faster one by one."""
_NEAR_BYTES = 256 * 1024
"""What is looked at in one go, so that it stays near the processor."""
MAX_QUOTED = 200
"""Keys and texts of a line that others may be like."""
LARGEST = 2**30
"""Bytes of a block up to which places in it are handled quickly."""

_QUOTE, _LINE_END, _BLANK, _BACKSLASH, _DELETE = b'"\n \\\x7f'
_TEXT = re.compile(rb'"([^"]*)"(\s*:)?')


@dataclass(frozen=True)
class Example:
    """A decoded line, and what it holds beside.

    `columns`: place of a text in the object ("id", or "data", "attr") -> name of its column. `known`: the other
    places that mean something; what lies there is the same in every line of a form.
    """

    event: Any
    columns: Mapping[tuple[str, ...], str]
    known: frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Form:
    """The lines that are like one line."""

    event: Any
    """That line, decoded."""
    places: np.ndarray
    """Which lines of the block they are, ascending."""
    texts: pl.DataFrame
    """Name of a column, and its text in each of these lines."""


class Block:
    """Whole lines as they lie in a file, each with its end."""

    def __init__(self, content: bytes) -> None:
        self.content = content if content.endswith(b"\n") or not content else content + b"\n"
        codes = np.frombuffer(self.content, dtype=np.uint8)
        kind = np.int32 if len(codes) <= LARGEST else np.int64
        marks, lines = [np.zeros(0, dtype=kind)], [np.zeros(0, dtype=np.int64)]
        count = controls = 0
        for start in range(0, len(codes), _NEAR_BYTES):
            part = codes[start : start + _NEAR_BYTES]
            controls += np.count_nonzero(part < _BLANK)
            is_end = part == _LINE_END
            found = np.flatnonzero(is_end | (part == _QUOTE))
            lines.append(np.flatnonzero(is_end[found]) + count)
            marks.append((found + start).astype(kind))
            count += len(found)
        self.marks = np.concatenate(marks)
        """Where each quote and each line's end is."""
        ends = np.concatenate(lines)
        self.first_marks = np.zeros(len(ends) + 1, dtype=np.int64)
        """Number of the first mark of each line, and at the end the number of marks."""
        self.first_marks[1:] = ends + 1
        self.ends = self.marks[ends]
        """Where each line ends."""
        self.starts = np.zeros(len(ends), dtype=kind)
        """Where each line begins."""
        self.starts[1:] = self.ends[:-1] + 1
        self._has_controls = controls > len(ends)

    def line(self, place: int) -> bytes:
        """A line without its end."""
        return self.content[self.starts[place] : self.ends[place]]

    def lines(self, places: np.ndarray) -> list[bytes]:
        """Some lines without their ends."""
        bounds = zip(self.starts[places].tolist(), self.ends[places].tolist(), strict=True)
        return [self.content[start:end] for start, end in bounds]

    def plain(self) -> np.ndarray:
        """The lines of which no text can hold a quote: valid UTF-8 without backslashes and control characters."""
        if not self.content.isascii():
            try:
                self.content.decode()
            except UnicodeDecodeError:
                return np.empty(0, dtype=np.int64)
        if not self._has_controls and b"\\" not in self.content and b"\x7f" not in self.content:
            return np.arange(len(self.ends))
        codes = np.frombuffer(self.content, dtype=np.uint8)
        odd = np.flatnonzero(
            ((codes < _BLANK) & (codes != _LINE_END)) | (codes == _BACKSLASH) | (codes == _DELETE)
        )
        is_plain = np.ones(len(self.ends), dtype=bool)
        is_plain[np.searchsorted(self.ends, odd)] = False
        return np.flatnonzero(is_plain)


def forms(block: Block, example: Callable[[bytes], Example | None]) -> tuple[list[Form], np.ndarray]:
    """The forms of which many lines are, and which lines are of none.

    `example` decodes a line that others may be like; None if there can be none.
    """
    every = np.arange(len(block.ends))
    if len(every) < FEWEST or len(block.content) > LARGEST:
        return [], every
    left = block.plain()
    found: list[Form] = []
    misses = 0
    while len(left) >= FEWEST and len(found) < MAX_FORMS and misses < MAX_MISSES:
        # From all parts of the block: what comes first may be of another kind than the most.
        line = block.line(left[len(left) * misses // MAX_MISSES])
        shown = example(line)
        form = None if shown is None else _form(block, left, line, shown)
        if form is None or len(form.places) < FEWEST:
            misses += 1
            continue
        found.append(form)
        left = np.setdiff1d(left, form.places, assume_unique=True)
    taken = np.zeros(len(every), dtype=bool)
    for form in found:
        taken[form.places] = True
    return found, every[~taken]


def _form(block: Block, candidates: np.ndarray, line: bytes, shown: Example) -> Form | None:
    """The candidates that are like a line; None if its texts cannot be told apart by their places."""
    quoted = list(_TEXT.finditer(line))
    texts = {2 * place: found.span(1) for place, found in enumerate(quoted) if not found[2]}
    free = _free(line, texts, shown) if len(quoted) <= MAX_QUOTED else None
    if free is None:
        return None
    begins = [0, *(texts[number][1] for number in free)]
    stops = [*(texts[number][0] for number in free), len(line)]
    fixed = [line[begin:stop].decode() for begin, stop in zip(begins, stops, strict=True)]
    places, pieces = _pieces(block, candidates, 2 * len(quoted), list(free))
    # Of each line: what lies before a text, and the text; what lies after the last; and its end.
    width = 2 * len(free) + 2
    fixed_as_told = pl.all_horizontal(
        pl.first().gather_every(width, offset=2 * at) == text for at, text in enumerate(fixed)
    )
    texts_of = {
        name: pl.first().gather_every(width, offset=2 * at + 1)
        for at, name in enumerate(free.values())
        if name is not None
    }
    is_like = pieces.to_frame().select(fixed_as_told).to_series()
    found = pieces.to_frame().select(**texts_of)
    if not is_like.all():
        places, found = places[is_like.to_numpy()], found.filter(is_like)
    return Form(shown.event, places, found)


def _free(line: bytes, texts: dict[int, tuple[int, int]], shown: Example) -> dict[int, str | None] | None:
    """Number of each text that may be another one in each line -> name of its column, None for one that means nothing.

    The places are found by decoding the line with each text's number in its stead. None if one cannot be found
    again: a key that is there twice hides what was told first.
    """
    numbered = []
    end = 0
    for number, (start, stop) in texts.items():
        numbered += [line[end:start], b"%d" % number]
        end = stop
    numbered.append(line[end:])
    places: dict[int, tuple[str, ...]] = {}
    try:
        _walk(msgspec.json.decode(b"".join(numbered)), (), places)
    except RecursionError:
        return None
    if len(places) < len(texts):
        return None
    return {
        number: shown.columns.get(place)
        for number, place in sorted(places.items())
        if place in shown.columns
        or not any(place[:depth] in shown.known for depth in range(1, len(place) + 1))
    }


def _walk(value: Any, place: tuple[str, ...], places: dict[int, tuple[str, ...]]) -> None:
    """Put the place of every text within a value into `places`; a list's items lie where the list lies."""
    if isinstance(value, str):
        places[int(value)] = place
    elif isinstance(value, dict):
        for key, inner in value.items():
            _walk(inner, (*place, key), places)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, (*place, ""), places)


def _pieces(
    block: Block, candidates: np.ndarray, count: int, numbers: list[int]
) -> tuple[np.ndarray, pl.Series]:
    """The candidates that have `count` quotes, and each cut before and after the texts that follow some of these.

    `numbers`: of these quotes. What lies from the end of a line to the next of them is a piece too.
    """
    first = block.first_marks
    same = candidates[first[candidates + 1] - first[candidates] == count + 1]
    ends = np.array([number + more for number in numbers for more in (0, 1)], dtype=np.int64)
    bounds = np.empty((len(same), len(ends) + 2), dtype=block.marks.dtype)
    bounds[:, 0], bounds[:, -1] = block.starts[same], block.ends[same]
    bounds[:, 1:-1] = block.marks[first[same][:, None] + ends]
    # A text begins after its quote.
    bounds[:, 1:-1:2] += 1
    whole = np.append(bounds.ravel(), bounds.dtype.type(len(block.content)))
    buffers = [None, pa.py_buffer(whole), pa.py_buffer(block.content)]
    return same, pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.string(), len(whole) - 1, buffers)))
