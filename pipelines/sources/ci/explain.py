"""A rejected record of any format as a complaint: on which line it begins, its field, what was seen and expected.

Adapters keep a record and a reason in words. The line is where the record stands in the file; of a record that was
decoded and written anew, blanks between its parts do not count.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.errors import BadInput
from pipelines.sources.base import Rejected
from pipelines.sources.ci.complaints import Complaint, cut
from pipelines.sources.ci.input import blocks
from pipelines.sources.ci.runs import MAX_DOCUMENT_BYTES

MAX_COMPACT_BYTES = 32 * 1024**2
"""Largest file in which records are looked for without regard to blanks: each byte takes ten."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BLANKS = np.frombuffer(b" \t\r\n", dtype=np.uint8)
_LINE = re.compile(r"\Aline (\d+): (?:([\w.]+) is not )?(.*)\Z", re.DOTALL)
_ABOUT = re.compile(r"\A[\w -]{1,60} that cannot be used: ")
_MISSING = re.compile(r"\AObject missing required field `([^`]+)`(?: - at `\$\.?([^`]*)`)?\Z")
_WRONG = re.compile(r"\AExpected (.+?)(?: - at `\$\.?([^`]*)`)?\Z", re.DOTALL)
_FIELD = re.compile(r"\A((?:property )?[\w.'-]+(?: [\w'-]+){0,5}) is (.+), not (.+)\Z", re.DOTALL)
_NOT_TOLD = re.compile(r"\A([\w.]+) is not told: (.+)\Z", re.DOTALL)
_OTHER = re.compile(r"\A([\w.]+) is not (the .+)\Z", re.DOTALL)
_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "array": "a list",
    "object": "a JSON object",
    "null": "null",
}
"""The decoder's names of types, in words."""


class Places:
    """Where in a file records stand; of equal ones one after the other."""

    def __init__(self, path: Path) -> None:
        try:
            self._content = b"".join(blocks(path, MAX_DOCUMENT_BYTES))
        except BadInput:
            self._content = b""
        self._compact: tuple[bytes, np.ndarray] | None = None
        self._next: dict[bytes, int] = {}

    def line(self, record: bytes) -> int:
        """Line on which a record begins, from 1; 0 where it is not found as it was kept."""
        record = record.strip()
        if not record:
            return 0
        at = self._content.find(record, self._next.get(record, 0))
        if at >= 0:
            self._next[record] = at + 1
        elif record.startswith((b"{", b"[")) and len(self._content) <= MAX_COMPACT_BYTES:
            at = self._without_blanks(record)
        return 0 if at < 0 else self._content.count(b"\n", 0, at) + 1

    def line_of_run(self, run_id: str) -> int:
        """First line that names a run; 0 where none does."""
        found = re.search(
            rb'"run_id"\s*:\s*"' + re.escape(run_id.encode(errors="replace")) + rb'"', self._content
        )
        return 0 if found is None else self._content.count(b"\n", 0, found.start()) + 1

    def _without_blanks(self, record: bytes) -> int:
        """Place of a record, whatever blanks stand between its parts; -1 for none."""
        if self._compact is None:
            bare = np.frombuffer(
                _STRING.sub(lambda found: b"x" * len(found[0]), self._content), dtype=np.uint8
            )
            kept = np.flatnonzero(~np.isin(bare, _BLANKS))
            self._compact = (np.frombuffer(self._content, dtype=np.uint8)[kept].tobytes(), kept)
        content, kept = self._compact
        at = content.find(record, self._next.get(record, 0))
        if at < 0:
            return -1
        self._next[record] = at + 1
        return int(kept[at])


def complaints(rejected: Sequence[Rejected], path: Path, placed: int) -> list[Complaint]:
    """Rejected records as complaints, the first `placed` of them with their lines."""
    places = Places(path) if any(not _LINE.match(one.reason) for one in rejected) else None
    return [_complaint(one, places if number < placed else None) for number, one in enumerate(rejected)]


def _complaint(one: Rejected, places: Places | None) -> Complaint:
    kept = cut(one.content.decode(errors="replace").strip()) or f"{one.rows:,} more of the kind"
    if found := _LINE.match(one.reason):
        line, name, expected = found.groups()
        return Complaint(int(line), name or "", kept, expected)
    reason = _ABOUT.sub("", one.reason)
    if found := _NOT_TOLD.match(reason):
        line = places.line_of_run(one.evaluation_id or "") if places else 0
        return Complaint(
            line, found[1], "nothing", f"to be told for run {cut(one.evaluation_id or '')}: {found[2]}"
        )
    if found := _OTHER.match(reason):
        line = places.line_of_run(one.evaluation_id or "") if places else 0
        return Complaint(line, found[1], kept, found[2])
    line = places.line(one.content) if places else 0
    if found := _MISSING.match(reason):
        return Complaint(line, ".".join(filter(None, (found[2], found[1]))), "nothing", "there")
    if found := _WRONG.match(reason):
        wanted, _, got = found[1].partition(", got ")
        seen = f"{_words(got)} in {kept}" if found[2] and got else kept
        return Complaint(line, found[2] or "", seen, _words(wanted))
    if found := _FIELD.match(reason):
        seen = "nothing" if found[2] == "missing" else found[2]
        return Complaint(line, found[1], f"{seen} in {kept}" if kept != seen else seen, found[3])
    return Complaint(line, "", kept, "", why=one.reason)


def _words(told: str) -> str:
    """The decoder's types in words."""
    return " or ".join(_KINDS.get(word, word) for word in told.replace("`", "").split(" | "))
