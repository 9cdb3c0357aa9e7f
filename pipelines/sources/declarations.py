"""TOML files in which people declare things: read with bounds, and every fault names file and line.

What the files mean is told elsewhere (`pipelines.sources.waves`). A key is named by its path: words for tables,
numbers from 0 for the entries of arrays of tables, as in `("wave", 2, "roots")`.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.errors import BadInput

LARGEST = 1_000_000
"""Bytes of a readable file."""
MOST = 10_000
"""Entries of a list."""
LONGEST = 2_000
"""Characters of a text."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REQUIRED = object()

Key = str | int


@dataclass(frozen=True)
class TomlFile:
    """One file: its path, its text, and the table that it holds."""

    path: Path
    text: str
    table: Mapping[str, Any]

    @cached_property
    def lines(self) -> Mapping[tuple[Key, ...], int]:
        """Line of every key and table, from 1."""
        return _lines(self.text)

    def fault(self, message: str, *place: Key) -> BadInput:
        """The error that names the file and the line of `place`, or of what is nearest above it."""
        for length in range(len(place), -1, -1):
            line = self.lines.get(place[:length])
            if line is not None:
                return BadInput(f"{self.path}, line {line}: {message}")
        return BadInput(f"{self.path}, line 1: {message}")


def load(path: Path) -> TomlFile:
    """Read a file. Raises BadInput if it is absent, too large or not TOML."""
    try:
        with path.open("rb") as handle:
            content = handle.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): correct the name.") from error
    if len(content) > LARGEST:
        raise BadInput(f"{path} has more than {LARGEST:,} bytes: split it.")
    try:
        text = content.decode()
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}: the text is not UTF-8: save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = found[1] if found else str(text.count("\n") + 1)
        raise BadInput(f"{path}, line {line}: this is not TOML ({error}): correct it.") from error
    except RecursionError as error:
        raise BadInput(f"{path}, line 1: tables or lists are nested too deeply: write them flat.") from error
    return TomlFile(path, text, table)


@dataclass(frozen=True)
class Table:
    """A table of a file and its place there; each reader takes a key or raises BadInput with file and line."""

    file: TomlFile
    place: tuple[Key, ...]
    told: Mapping[str, Any]

    def known(self, keys: Iterable[str]) -> None:
        """Refuse keys that are none of these, naming the nearest one."""
        expected = list(keys)
        for key in self.told:
            if key not in expected:
                near = difflib.get_close_matches(key, expected, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(expected)}."
                raise self.fault(f"there is no key {key!r}: {hint}", key)

    def fault(self, message: str, *below: Key) -> BadInput:
        """The error at a key of this table."""
        return self.file.fault(message, *self.place, *below)

    def get(self, key: str, default: Any = _REQUIRED) -> Any:
        """A value as it stands, or the default; without one the key is required."""
        if key in self.told:
            return self.told[key]
        if default is _REQUIRED:
            raise self.fault(f"{key} is missing: add it.")
        return default

    def text(self, key: str, default: Any = _REQUIRED, pattern: str | None = None, form: str = "") -> Any:
        """A text of at most `LONGEST` characters on one line; `form` says in words what `pattern` asks."""
        value = self.get(key, default)
        if value is default and key not in self.told:
            return default
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or _CONTROL.search(value):
            raise self.fault(f"{key} is {_short(value)}: write a text on one line.", key)
        if pattern and not re.fullmatch(pattern, value):
            raise self.fault(f"{key} is {_short(value)}: write {form}.", key)
        return value

    def texts(self, key: str, default: Any = _REQUIRED) -> list[str]:
        """A list of distinct texts."""
        value = self.get(key, default)
        is_texts = isinstance(value, list) and all(
            isinstance(one, str) and one.strip() and len(one) <= LONGEST and not _CONTROL.search(one)
            for one in value
        )
        if not is_texts or len(value) > MOST:
            raise self.fault(f'{key} is no list of texts: write {key} = ["..."].', key)
        repeated = next((one for n, one in enumerate(value) if one in value[:n]), None)
        if repeated is not None:
            raise self.fault(f"{key} names {_short(repeated)} twice: take one out.", key)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise self.fault(f"{key} is {_short(value)}: write true or false.", key)
        return value

    def day(self, key: str, default: Any = _REQUIRED) -> datetime | None:
        """A date, as its midnight in UTC."""
        value = self.get(key, default)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.fault(f"{key} is {_short(value)}: write a date such as 2026-01-31, unquoted.", key)
        return datetime.combine(value, time(), UTC)


def tables(file: TomlFile, key: str) -> list[Table]:
    """The entries of an array of tables at the top of a file."""
    value = file.table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise file.fault(f"{key} is no list of tables: begin each with [[{key}]].", key)
    return [Table(file, (key, n), one) for n, one in enumerate(value)]


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"


_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_ASSIGNED = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def _lines(text: str) -> dict[tuple[Key, ...], int]:
    """Where each table header and key stands, by a walk over the text that steps over values of several lines."""
    found: dict[tuple[Key, ...], int] = {(): 1}
    counts: dict[tuple[Key, ...], int] = {}
    table: tuple[Key, ...] = ()
    depth, quote = 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        rest = line
        if not quote and not depth:
            if header := _HEADER.match(line):
                table = _words(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    found.setdefault(table, number)
                    table = (*table, counts[table])
                else:
                    table = _within(table, counts)
                found.setdefault(table, number)
                continue
            if assigned := _ASSIGNED.match(line):
                found.setdefault((*table, *_words(assigned[1])), number)
                rest = line[assigned.end() :]
        depth, quote = _open(rest, depth, quote)
    return found


def _words(key: str) -> tuple[Key, ...]:
    return tuple(part.strip().strip("\"'") for part in re.findall(r""""[^"]*"|'[^']*'|[^.]+""", key))


def _within(table: tuple[Key, ...], counts: Mapping[tuple[Key, ...], int]) -> tuple[Key, ...]:
    """A table below an array of tables lies in its newest entry."""
    for length in range(len(table), 0, -1):
        if table[:length] in counts:
            return (*table[:length], counts[table[:length]], *table[length:])
    return table


_TOKEN = re.compile(r"""\"\"\"|'''|"(?:\\.|[^"\\])*"|'[^']*'|[\[\]{}#]""")


def _open(rest: str, depth: int, quote: str) -> tuple[int, str]:
    """Brackets and the quotation that are still open after the rest of a line."""
    at = 0
    while at < len(rest):
        if quote:
            end = rest.find(quote, at)
            if end < 0:
                return depth, quote
            at, quote = end + 3, ""
            continue
        token = _TOKEN.search(rest, at)
        if token is None or token[0] == "#":
            break
        at = token.end()
        if token[0] in ('"""', "'''"):
            quote = token[0]
        elif token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
    return depth, quote
