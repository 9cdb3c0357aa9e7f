"""Lines of JSON that are like a decoded one but for some texts and words: their texts in columns, undecoded.

A program that writes hundreds of thousands of events writes them in few forms. Where two lines are equal byte by
byte outside of some texts, and these texts hold no quote, backslash or control character, both decode to the
same but for these texts. Words (true, false, null, numbers) may differ too where they have a column: for each set of
them that is there, one line is decoded. Of all others only the texts are looked at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.sources.ci.line_blocks import LARGEST, Block

MAX_FORMS = 32
"""Forms that are looked for among the lines of a block: each costs a look at all lines that are left."""
MAX_MISSES = 4
"""Lines of which few others are like, after which no more are tried: where each line tells other numbers none is."""
MAX_KINDS = 32
"""Sets of words in a form, each decoded once."""
FEWEST = 50
"""Lines from which on a form is one: fewer are decoded faster one by one."""
MAX_QUOTED = 200
"""Keys and texts of a line that others may be like."""
SAMPLE = 32
"""Lines that tell which texts are one and the same: these need not be taken out of every line."""

_QUOTED = re.compile(rb'"([^"]*)"(\s*:\s*(true|false|null|-?[0-9][-+.0-9eE]*)?)?')
"""A text, or a key with the word that follows it, if one does."""
_WORD = re.compile(r"(\s*:\s*)(?:true|false|null|-?[0-9][-+.0-9eE]*)([^\w.+-].*)?", re.ASCII | re.DOTALL)
"""What lies between a key and the next quote: what stands before a word, and after it."""


@dataclass(frozen=True)
class Example:
    """A decoded line, and what it holds beside.

    `texts`: place of a text in the object ("id", or "data", "attr") -> name of its column. `words`: the same of what is
    no text. `known`: all places that mean something; what lies at the others of them is the same in every line of
    a form.
    """

    event: Any
    texts: Mapping[tuple[str, ...], str]
    words: Mapping[tuple[str, ...], str]
    known: frozenset[tuple[str, ...]]


Decoder = Callable[[bytes], Example | None]
"""Decodes a line that others may be like; None if there can be none."""


@dataclass(frozen=True)
class Form:
    """The lines that are like one line."""

    events: list[Any]
    """One line of each set of words, decoded."""
    kinds: np.ndarray
    """Which of these each line is like."""
    places: np.ndarray
    """Which lines of the block they are, ascending."""
    texts: pl.DataFrame
    """Name of a column, and its text in each of these lines. A column that is not there is as in the events."""

    def only(self, chosen: pl.Series) -> "Form":
        """Some of its lines."""
        by = chosen.to_numpy()
        return replace(self, kinds=self.kinds[by], places=self.places[by], texts=self.texts.filter(chosen))


def forms(block: Block, example: Decoder) -> tuple[list[Form], np.ndarray]:
    """The forms of which many lines are, and which lines are of none."""
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
        form = None if shown is None else _form(block, left, line, shown, example)
        if form is None or len(form.places) < FEWEST:
            misses += 1
            continue
        found.append(form)
        left = np.setdiff1d(left, form.places, assume_unique=True)
    taken = np.zeros(len(every), dtype=bool)
    for form in found:
        taken[form.places] = True
    return found, every[~taken]


def _form(block: Block, candidates: np.ndarray, line: bytes, shown: Example, example: Decoder) -> Form | None:
    """The candidates that are like a line; None if its texts cannot be told apart by their places."""
    quoted = list(_QUOTED.finditer(line))
    free = _free(line, quoted, shown) if len(quoted) <= MAX_QUOTED else None
    if free is None:
        return None
    # What is free lies between a quote and the next, or the line's end.
    quotes = [place for one in quoted for place in (one.start(), one.end(1))] + [len(line)]
    span = {number: (quotes[number] + 1, quotes[number + 1]) for number in free}
    told = {number: line[start:end] for number, (start, end) in span.items()}
    count = block.first_marks[candidates + 1] - block.first_marks[candidates]
    same = candidates[count == 2 * len(quoted) + 1]
    free = _differing(block, same, free, told)
    begins = [0, *(span[number][1] for number in free)]
    stops = [*(span[number][0] for number in free), len(line)]
    fixed = [line[begin:stop].decode() for begin, stop in zip(begins, stops, strict=True)]
    pieces = _pieces(block, same, list(free)).to_frame()
    # Of each line: what lies before what is free, and that; what lies after the last; and its end.
    width = 2 * len(free) + 2
    fixed_as_told = pl.all_horizontal(
        pl.first().gather_every(width, offset=2 * at) == text for at, text in enumerate(fixed)
    )
    found = {
        name: pl.first().gather_every(width, offset=2 * at + 1)
        for at, name in enumerate(free.values())
        if name is not None
    }
    is_like = pieces.select(fixed_as_told).to_series()
    form = Form([shown.event], np.zeros(len(same), dtype=np.int64), same, _own(pieces.select(**found)))
    if not is_like.all():
        form = form.only(is_like)
    words = {name: _around(told[number].decode()) for number, name in free.items() if number % 2 and name}
    return _by_words(block, form, words, example) if words else form


def _by_words(
    block: Block, form: Form, words: Mapping[str, tuple[str, str] | None], example: Decoder
) -> Form:
    """The lines of a form by the words in them, without those whose words mean nothing there.

    `words`: column of all that lies between two quotes -> what stands around the word in it.
    """
    told = form.texts.select(words.keys())
    # What holds no quote can be joined by one.
    sets = (
        told.to_series()
        if len(words) == 1
        else told.select(pl.concat_str(pl.all(), separator='"')).to_series()
    )
    first = pl.DataFrame({"set": sets}).with_row_index().unique("set", keep="first", maintain_order=True)
    events: list[Any] = []
    numbers: dict[str, int] = {}
    for row, pieces in first.head(MAX_KINDS).rows():
        if [_around(piece) for piece in pieces.split('"')] == list(words.values()):
            shown = example(block.line(int(form.places[row])))
            if shown is not None:
                numbers[pieces] = len(events)
                events.append(shown.event)
    kinds = sets.replace_strict(numbers, default=None, return_dtype=pl.Int64)
    made = replace(
        form, events=events, kinds=kinds.fill_null(0).to_numpy(), texts=form.texts.drop(words.keys())
    )
    return made.only(kinds.is_not_null()) if kinds.null_count() else made


def _around(piece: str) -> tuple[str, str] | None:
    """What stands before and after the word that follows a key, up to the next quote."""
    found = _WORD.fullmatch(piece)
    return None if found is None else (found[1], found[2] or "")


def _free(line: bytes, quoted: list[re.Match[bytes]], shown: Example) -> dict[int, str | None] | None:
    """What may differ in lines of a form: number of the quote before it -> column, None for what means nothing.

    That is a text, which follows an even number of quotes, or a word, which follows the quote that ends its key. The
    places are found by decoding the line with these numbers in their stead. None if one cannot be found again: a key
    that is there twice hides what was told first.
    """
    numbered = []
    end = count = 0
    for place, found in enumerate(quoted):
        is_text = found[2] is None
        if is_text or found[3] is not None:
            start, stop = found.span(1 if is_text else 3)
            number = b"%d" % (2 * place + (not is_text))
            numbered += [line[end:start], number if is_text else b'"' + number + b'"']
            end = stop
            count += 1
    numbered.append(line[end:])
    places: dict[int, tuple[str, ...]] = {}
    try:
        _walk(msgspec.json.decode(b"".join(numbered)), (), places)
    except RecursionError:
        return None
    if len(places) < count:
        return None
    free: dict[int, str | None] = {}
    for number, place in sorted(places.items()):
        columns = shown.words if number % 2 else shown.texts
        is_known = any(place[:depth] in shown.known for depth in range(1, len(place) + 1))
        if place in columns or not (is_known or number % 2):
            free[number] = columns.get(place)
    return free if any(name and not number % 2 for number, name in free.items()) else None


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


def _differing(
    block: Block, same: np.ndarray, free: dict[int, str | None], told: Mapping[int, bytes]
) -> dict[int, str | None]:
    """What is free and not the same in some lines as in the example; at least one text that has a column."""
    sample = []
    for line in same[np.linspace(0, len(same) - 1, SAMPLE).astype(np.int64)].tolist():
        marks = block.marks[block.first_marks[line] : block.first_marks[line + 1]].tolist()
        sample.append({n: block.content[marks[n] + 1 : marks[n + 1]] for n in free})
    differing = {n: name for n, name in free.items() if any(one[n] != told[n] for one in sample)}
    if any(name and not n % 2 for n, name in differing.items()):
        return differing
    kept = next(n for n, name in free.items() if name and not n % 2)
    return {n: name for n, name in free.items() if n in differing or n == kept}


def _own(texts: pl.DataFrame) -> pl.DataFrame:
    """The same texts, out of the block: there they lie far apart, each is slow to reach, and all keep it in memory."""
    return pl.DataFrame(texts.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _pieces(block: Block, lines: np.ndarray, numbers: list[int]) -> pl.Series:
    """Lines cut after some of their quotes and before the next ones.

    `numbers`: of these quotes. What lies from the end of a line to the next of them is a piece too.
    """
    ends = np.array([number + more for number in numbers for more in (0, 1)], dtype=np.int64)
    bounds = np.empty((len(lines), len(ends) + 2), dtype=block.marks.dtype)
    bounds[:, 0], bounds[:, -1] = block.starts[lines], block.ends[lines]
    bounds[:, 1:-1] = block.marks[block.first_marks[lines][:, None] + ends]
    # What is cut out begins after its quote.
    bounds[:, 1:-1:2] += 1
    whole = np.append(bounds.ravel(), bounds.dtype.type(len(block.content)))
    buffers = [None, pa.py_buffer(whole), pa.py_buffer(block.content)]
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.string(), len(whole) - 1, buffers)))
