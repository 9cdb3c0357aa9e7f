"""Checks one file of CI results without taking anything from it, and says why each rejection would happen."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import BadInput
from pipelines.sources.ci import details, explain, generic, generic_lines, inbox
from pipelines.sources.ci.complaints import Complaint, cut
from pipelines.sources.ci.facts import tell
from pipelines.sources.ci.input import head, open_lines
from pipelines.sources.ci.known import Past
from pipelines.sources.ci.recognise import longest_line, recognise
from pipelines.sources.ci.runs import Told

WIDTH = 80
SHOWN = 200
"""Complaints that are printed; those beyond are counted."""


@dataclass(frozen=True)
class Report:
    """What a file holds, and every fault in the order of lines."""

    name: str
    format: str
    runs: int = 0
    jobs: int = 0
    complaints: list[Complaint] = field(default_factory=list)
    left: tuple[tuple[str, str, int], ...] = ()
    unnamed: tuple[tuple[str, int], ...] = ()
    """Fields of `data` that the format does not name, and the events that have them: a word may be misspelt."""
    nix: tuple[tuple[int, str], ...] = ()
    """Derivations, outputs and attributes of package sets, those that there are."""

    def lines(self) -> Iterator[str]:
        """For a terminal of 80 columns."""
        for one in self.complaints[:SHOWN]:
            place = f"line {one.line}" if one.line else "file"
            yield f"{place}{': ' + cut(one.field) if one.field else ''}"
            yield from _indented("seen:     ", one.seen)
            if one.expected:
                yield from _indented("expected: ", one.expected)
            if one.why:
                yield from _indented("why:      ", one.why)
        if len(self.complaints) > SHOWN:
            yield f"... and {len(self.complaints) - SHOWN:,} more"
        for _, kind, n in self.left:
            said = f"{n:,} {kind} would be left alone"
            if " " not in kind:
                said = f"{_counted(n, 'event')} of type {cut(kind)} would be kept as told, and not read"
            yield from textwrap.wrap(said, WIDTH)
        for name, n in self.unnamed[:SHOWN]:
            said = f"{cut(name)} ({_counted(n, 'event')}) is no field of the format: kept as told, not read"
            yield from textwrap.wrap(said, WIDTH)
        if len(self.unnamed) > SHOWN:
            yield f"... and {len(self.unnamed) - SHOWN:,} more fields"
        faults = _counted(len(self.complaints), "fault") if self.complaints else "no fault"
        counts = [(self.runs, "run"), (self.jobs, "job"), *self.nix]
        held = ", ".join([*(_counted(n, what) for n, what in counts), faults])
        yield from textwrap.wrap(f"{cut(self.name)}: {self.format}, {held}", WIDTH)


def validate(path: Path, knows: Told | None = None) -> Report:
    """All faults of a file, read with what is told of it, by the caller and in a file beside it.

    Raises BadInput only if the file cannot be opened, or what the caller tells is of no use.
    """
    inbox.check(knows or Told())
    try:
        beginning = head(path)
    except BadInput as error:
        if not path.exists():
            raise
        return _whole(path, "unreadable", error)
    try:
        adapter = recognise(beginning, path.name)
    except BadInput as error:
        return _whole(path, "no known format", error)
    found = inbox.found_at(path, knows or Told())
    if found.problem:
        return _whole(path, adapter.NAME, BadInput(f"{found.problem}."))
    lines = open_lines(path, max_line_bytes=longest_line(adapter))
    try:
        reading = adapter.read(lines, found.told, path.name)
        complaints = _of_lines(lines) if adapter is generic else []
    except BadInput as error:
        return _whole(path, adapter.NAME, error)
    if adapter is generic:
        # What the lines themselves are accused of is told by field; the rest concerns several lines.
        said = {one.reason for one in complaints}
        rejected = [one for one in reading.rejected if one.reason not in said]
    else:
        rejected = list(reading.rejected)
    pending = [one for facts in tell([reading], Past()).facts for one in facts.rejected]
    rejected += [one for one in pending if one not in reading.rejected]
    complaints += explain.complaints(rejected, path, SHOWN)
    jobs = sum(len(run.jobs) for run in reading.runs)
    jobs += reading.jobs.height if reading.jobs is not None else 0
    complaints.sort(key=lambda one: (one.line == 0, one.line, one.field))
    told = (
        (reading.derivations, "derivation"),
        (reading.outputs, "output"),
        (reading.attributes, "attribute"),
    )
    nix = tuple((frame.height, what) for frame, what in told if frame is not None)
    nix += ((len(reading.parsed), "derivation"),) if reading.parsed else ()
    unnamed = details.unnamed(reading.details)
    return Report(path.name, adapter.NAME, len(reading.runs), jobs, complaints, reading.left, unnamed, nix)


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _of_lines(lines: Iterable[bytes]) -> list[Complaint]:
    return [
        complaint
        for chunk in generic_lines.chunks(lines)
        for _, complaints in chunk.refused
        for complaint in complaints
    ]


def _whole(path: Path, kind: str, error: BadInput) -> Report:
    return Report(path.name, kind, complaints=[Complaint(0, "", "the file as a whole", "", why=str(error))])


def _indented(label: str, text: str) -> Iterator[str]:
    """A text below a place, wrapped."""
    indent = " " * (2 + len(label))
    yield from textwrap.wrap(
        text, WIDTH, initial_indent="  " + label, subsequent_indent=indent, break_on_hyphens=False
    )
