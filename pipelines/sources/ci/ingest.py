"""From files of any CI to the log: each recognised by its content, none a hindrance to the others."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from pipelines.errors import BadInput
from pipelines.ingest import Ingested, record
from pipelines.log.store import EventLog
from pipelines.sources.base import Facts, Rejected
from pipelines.sources.ci import derivation_show, drv_file, generic, inbox
from pipelines.sources.ci.complaints import cut
from pipelines.sources.ci.facts import UNNAMED, tell
from pipelines.sources.ci.inbox import Found, Seen, State
from pipelines.sources.ci.input import head, open_lines, raw
from pipelines.sources.ci.known import Past
from pipelines.sources.ci.observations import place_of
from pipelines.sources.ci.recognise import longest_line, recognise
from pipelines.sources.ci.runs import Reading, Told

GROUP_BYTES = 512 * 1024**2
"""Bytes of files that are read before what they say is written: bounds memory."""
GROUP_FILES = 2000
FILES_OF_DERIVATIONS = 100
"""Files of derivations that count as one."""
GROUP_JOBS = 2_000_000
"""Jobs, for the same: packed files say a lot in few bytes."""
UNREADABLE = (BadInput, ValueError, RecursionError, OSError, pl.exceptions.PolarsError)
"""What a broken file may end in: it is rejected as a whole."""


@dataclass
class _Group:
    """Files that are written to the log together: each as it was seen, its format and content."""

    files: list[tuple[Path, Seen, str, Reading]] = field(default_factory=list)
    broken: list[tuple[str, Rejected]] = field(default_factory=list)
    """Source and reject of files that cannot be used as a whole."""
    size: int = 0
    jobs: int = 0
    small: int = 0
    """Files of derivations among them."""

    @property
    def is_large(self) -> bool:
        """Whether it has to be written before more is read."""
        # Derivations are small, and those of one call belong together.
        files = len(self.files) - self.small + self.small // FILES_OF_DERIVATIONS + len(self.broken)
        return self.size > GROUP_BYTES or self.jobs > GROUP_JOBS or files >= GROUP_FILES


def ingest_ci(
    paths: Sequence[Path],
    told: Told,
    var: Path,
    log: EventLog,
    quarantine: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Ingested]:
    """Read the files named and those below the folders named; what was read already is passed over.

    A file that cannot be read as a whole is rejected, with a gap, and the others go on. Raises BadInput for a path
    that is not there or when what is told is of no use, Busy when the log is being written.
    """
    inbox.check(told)
    done: list[Ingested] = []
    with log.writer_lock():
        place = var / inbox.STATE
        state = inbox.load(place, log)
        written = place.stat().st_mtime_ns if place.exists() else 0
        group = _Group()
        found = inbox.files(paths, told)
        for number, one in enumerate(found, start=1):
            known = None if one.problem else inbox.unchanged(one.path, one.told, state, written)
            if known in state.done:
                continue
            progress(f"{cut(one.path.name)} ({number:,} of {len(found):,})")
            _take(one, state, group)
            if group.is_large:
                done += _write(group, state, told, log, quarantine, progress)
                group = _Group()
        done += _write(group, state, told, log, quarantine, progress)
        inbox.save(place, state, log)
    return done


def read(path: Path, told: Told) -> tuple[str, Reading]:
    """Format and content of one file. Raises BadInput if it cannot be used as a whole."""
    adapter = recognise(head(path), path.name)
    lines = open_lines(path, max_line_bytes=longest_line(adapter))
    return adapter.NAME, adapter.read(lines, told, path.name)


def _take(one: Found, state: State, group: _Group) -> None:
    """Read a file into the group, unless its content is known."""
    try:
        if one.problem:
            raise BadInput(f"{one.path.name}: {one.problem}.")
        seen = inbox.look(one.path, one.told)
        if seen.key in state.done:
            inbox.remember(one.path, state, seen)
            return
        name, reading = read(one.path, one.told)
    except UNREADABLE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        reason = reason.replace(str(one.path), one.path.name).removeprefix(one.path.name).lstrip(": ")
        source = place_of(one.told.source) if one.told.source else UNNAMED
        group.broken.append((source, Rejected(one.path.name, reason, _beginning(one.path))))
        return
    group.files.append((one.path, seen, name, reading))
    group.size += seen.size + (0 if reading.details is None else int(reading.details.estimated_size()))
    group.small += bool(reading.parsed)
    group.jobs += sum(len(run.jobs) for run in reading.runs)
    group.jobs += 0 if reading.jobs is None else reading.jobs.height


def _beginning(path: Path) -> bytes:
    """What is kept of a file that cannot be read: its first bytes as they are, if any can be had."""
    try:
        return next(raw(path), b"") or os.fsencode(path.name)
    except (BadInput, OSError):
        return os.fsencode(path.name)


def _write(
    group: _Group,
    state: State,
    told: Told,
    log: EventLog,
    quarantine: Path,
    progress: Callable[[str], None],
) -> list[Ingested]:
    """Write what a group of files says, then remember the files that are told in full."""
    readings = [reading for *_, reading in group.files]
    past = Past(log)
    if any(reading.parsed for reading in readings):
        readings += _others(group, state, told, (drv_file.NAME, derivation_show.NAME))
    made = tell(readings, past, state.retracted)
    if made.unmatched or made.takes_back:
        made = tell([*readings, *_others(group, state, told, (generic.NAME,))], past, state.retracted)
    facts = {one.source: one for one in made.facts}
    for source, rejected in group.broken:
        own = facts.get(source, Facts(source))
        facts[source] = replace(own, rejected=[*own.rejected, rejected])
    done = [record(one, one.source, log, quarantine, progress) for _, one in sorted(facts.items())]
    back = {one for reading in readings for one in reading.retracted}
    state.retracted = sorted(
        {*state.retracted, *back}, key=lambda one: (one.source, one.event_id, one.at, one.reason)
    )
    for path, seen, name, reading in group.files:
        if not made.pending & reading.parts:
            state.done[seen.key] = name
            inbox.remember(path, state, seen)
    return done


def _others(group: _Group, state: State, told: Told, formats: Sequence[str]) -> list[Reading]:
    """Files of these formats that were read before, as what they are told to be now.

    One of generic events may hold an event that is taken back only now, or another event of a job of which an event
    is taken back. One of derivations may hold an input of one that came now, or need one that did.
    """
    taken = {str(path.absolute()) for path, *_ in group.files}
    readings = []
    size = 0
    for name, seen in sorted(state.files.items()):
        if state.done.get(seen.key) not in formats or name in taken or size + seen.size > GROUP_BYTES:
            continue
        try:
            readings.append(read(Path(name), inbox.told_then(Path(name), told, seen))[1])
        except UNREADABLE:
            # It was read once and is gone or another one by now: what it said is in the log.
            continue
        size += seen.size
    return readings
