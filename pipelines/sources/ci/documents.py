"""JSON of an input as values: one document, several one after the other, or one a line; bounded and never deep."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from pipelines.errors import BadInput
from pipelines.sources.base import REJECTED_ROWS, Rejected
from pipelines.sources.ci import runs

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_KEPT_BYTES = 64 * 1024
_BLOCK_BYTES = 1024 * 1024
MAX_REJECTS = 100_000
"""Records that cannot be used up to which an input is read at all."""
MAX_REASONS = 100
"""Reasons that are told apart: they may hold what was seen, and each becomes a gap."""
OTHERS = "records that cannot be used for yet other reasons"


class Broken(ValueError):
    """Why a record cannot be used: what was seen and what was expected."""


@dataclass
class Rejects:
    """Records of one input that cannot be used, the first thousand of each reason one by one."""

    name: str
    seen: dict[str, int] = field(default_factory=dict)
    kept: list[Rejected] = field(default_factory=list)
    count: int = 0

    def add(self, reason: str, record: Any, run_id: str | None = None) -> None:
        """Keep a record, or count it from the thousandth of a reason on. Raises BadInput if there are too many."""
        self.count += 1
        if self.count > MAX_REJECTS:
            raise BadInput(
                f"{self.name} has more than {MAX_REJECTS:,} records that cannot be used: it is left out."
            )
        if reason not in self.seen and len(self.seen) >= MAX_REASONS:
            reason = OTHERS
        self.seen[reason] = self.seen.get(reason, 0) + 1
        if self.seen[reason] <= REJECTED_ROWS:
            content = record if isinstance(record, bytes) else msgspec.json.encode(record)
            self.kept.append(Rejected(self.name, reason, content[:_KEPT_BYTES], evaluation_id=run_id))

    def all(self) -> tuple[Rejected, ...]:
        """All of them; those that were only counted in one record per reason."""
        rest = [
            Rejected(self.name, reason, b"", rows=n - REJECTED_ROWS)
            for reason, n in sorted(self.seen.items())
            if n > REJECTED_ROWS
        ]
        return (*self.kept, *rest)


def whole(lines: Iterable[bytes], name: str) -> bytes:
    """All bytes of a document. Raises BadInput if it is longer than a document may be, or empty."""
    parts: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line)
        if size > runs.MAX_VALUES_BYTES:
            raise BadInput(f"{name} is longer than {runs.MAX_VALUES_BYTES:,} bytes; split it.")
        parts.append(line)
    data = b"".join(parts).removeprefix(b"\xef\xbb\xbf").strip()
    if not data:
        raise BadInput(f"{name} is empty.")
    return data


def documents(data: bytes, rejects: Rejects) -> Iterator[Any]:
    """Each JSON value of the content; what is none, or is nested too deeply, is rejected by itself."""
    for part in _parts(data):
        try:
            yield decode(part)
        except Broken as error:
            rejects.add(str(error), part)


def decode(text: bytes) -> Any:
    """One JSON value. Raises Broken if it is none or is nested too deeply."""
    # Few brackets, as in most values, are no deep nesting.
    may_be_deep = text.count(b"{") + text.count(b"[") > runs.MAX_DEPTH
    if may_be_deep and any(int(levels.max()) > runs.MAX_DEPTH for _, levels in _levels(text)):
        raise Broken(f"nested more than {runs.MAX_DEPTH} levels deep")
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"not JSON: {str(error)[:200]}") from error


def _parts(data: bytes) -> Iterator[bytes]:
    """One a line if any line that starts at its margin is whole, else values one after the other."""
    lines = data.splitlines()
    if len(lines) > 1 and any(_is_whole(line) for line in lines):
        for line in lines:
            yield from _values(line)
    else:
        yield from _values(data)


def _is_whole(line: bytes) -> bool:
    if not line.startswith(b"{") or not line.rstrip().endswith(b"}"):
        return False
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def _values(data: bytes) -> Iterator[bytes]:
    """Cut after each closing bracket that ends an outermost value; the rest is a part of its own."""
    start = 0
    for at, levels in _levels(data):
        raw = np.frombuffer(data, dtype=np.uint8, count=len(levels), offset=at)
        for end in np.flatnonzero((levels <= 0) & ((raw == ord("}")) | (raw == ord("]")))):
            part = data[start : at + int(end) + 1].strip()
            start = at + int(end) + 1
            if part:
                yield part
    if rest := data[start:].strip():
        yield rest


def _levels(data: bytes) -> Iterator[tuple[int, np.ndarray]]:
    """(place, how deep each byte from there on stands in brackets), those in strings not counted.

    Block by block: numbers for all of a large input would take several times its memory.
    """
    bare = np.frombuffer(_STRING.sub(lambda found: b" " * len(found[0]), data), dtype=np.uint8)
    depth = 0
    for at in range(0, len(bare), _BLOCK_BYTES):
        block = bare[at : at + _BLOCK_BYTES]
        steps = np.zeros(len(block), dtype=np.int8)
        steps[(block == ord("{")) | (block == ord("["))] = 1
        steps[(block == ord("}")) | (block == ord("]"))] = -1
        levels = np.cumsum(steps, dtype=np.int32) + depth
        depth = int(levels[-1])
        yield at, levels
