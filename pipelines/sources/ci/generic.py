"""The generic format: newline-delimited CloudEvents of any CI (`models.ci_format`), put together to runs.

The order of lines means nothing. An event that is told twice counts once; one that says something else under
the same id is rejected. Where the beginning of a run came in another file, what it lacks here is looked up where
the log is known (`facts`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import msgspec
import polars as pl

from models.ci_format import (
    ChannelAdvanced,
    Envelope,
    JobRetracted,
    instant,
)
from pipelines.errors import BadInput
from pipelines.log.distinct import distinct
from pipelines.log.quarantine import NO_TIME
from pipelines.sources.base import REJECTED_ROWS, Rejected
from pipelines.sources.ci import columns, details, generic_columns, generic_lines, generic_nix, generic_runs
from pipelines.sources.ci.complaints import Judged
from pipelines.sources.ci.observations import place_of
from pipelines.sources.ci.runs import Advance, Reading, Retraction, Told

NAME = "generic events"
RESERVED = ("hydra.nixos.org",)
"""Installations that are read by themselves: nobody else may speak in their name."""

MAX_REFUSED = 100_000
"""Lines that are no events up to which a file is read at all."""
CONFLICTING = "id is not unique: another event of this id says something else"


def recognises(head: bytes) -> bool:
    """Whether the first whole line is a CloudEvents object."""
    first = next((line for line in head.lstrip().splitlines() if line.strip()), b"")
    return first.startswith(b"{") and b'"specversion"' in first and b'"type"' in first


class _OfRun(msgspec.Struct):
    run_id: str


class _Named(msgspec.Struct):
    """What tells of which run a line is."""

    source: str
    data: _OfRun


@dataclass
class _Read:
    """What was seen so far."""

    jobs: list[pl.DataFrame] = field(default_factory=list)
    others: list[tuple[int, Judged]] = field(default_factory=list)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, type of event or what else) -> what was not interpreted."""
    beside: details.Gathered = field(default_factory=details.Gathered)
    rejected: list[Rejected] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, chunk: generic_lines.Chunk) -> None:
        """Take what some lines hold."""
        if chunk.jobs.height:
            self.jobs.append(chunk.jobs)
        for line, event in chunk.others:
            told = chunk.details.pop(line, None)
            is_kept = told is None or self.beside.add(line, told)
            if not is_kept:
                self.left[event.envelope.source, details.BEYOND] += 1
            if event.data is None:
                self.left[event.envelope.source, event.type] += 1
            if is_kept or event.data is not None:
                self.others.append((line, event))
        for line, told in chunk.details.items():
            if not self.beside.add(line, told):
                self.beside.beyond.append(line)

    def reject(self, file: str, reason: str, content: bytes, run_id: str | None = None) -> None:
        """Keep a reject, the first thousand of a kind one by one."""
        kind = reason.partition(": ")[2]
        self.reasons[kind] += 1
        if self.reasons[kind] <= REJECTED_ROWS:
            self.rejected.append(Rejected(file, reason, content, evaluation_id=run_id))

    def reject_jobs(self, file: str, jobs: pl.DataFrame, seen: str, reason: str) -> None:
        """Jobs of some lines, each with what was seen in a column."""
        if jobs.is_empty():
            return
        for line, text, run_id in jobs.sort("line").select("line", seen, "run_id").iter_rows():
            self.reject(file, f"line {line}: {reason}", str(text).encode(), run_id)


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """Runs, advances and retractions of a file; jobs in columns. Raises BadInput if it holds no event at all."""
    seen = _Read()
    refused = 0
    lacking: set[tuple[str, str]] = set()
    for chunk in generic_lines.chunks(lines):
        seen.add(chunk)
        refused += len(chunk.refused)
        if refused > MAX_REFUSED:
            raise BadInput(f"{name} has more than {MAX_REFUSED:,} lines that are no events: it is left out.")
        for content, complaints in chunk.refused:
            seen.reject(name, complaints[0].reason, content)
            lacking |= _named(content)
    jobs = pl.concat(seen.jobs) if seen.jobs else generic_columns.NONE
    if jobs.is_empty() and not seen.others and not seen.left and not seen.rejected:
        raise BadInput(f"{name} holds no event: it is left out.")
    jobs = _without_reserved(jobs, seen, name)
    jobs, contradicting = columns.once(seen.beside.joined(jobs))
    seen.reject_jobs(name, contradicting, "event_id", CONFLICTING)
    others = _once(seen, name)
    runs, jobs, wrong = generic_runs.runs(jobs, others, told, name)
    seen.reject_jobs(name, wrong, "commit", "data.commit is not the commit of its run")
    of_nix, refused_paths = generic_nix.frames(others)
    for line, event in refused_paths:
        seen.reject(name, f"line {line}: {generic_nix.NO_HASH}", event.envelope.id.encode())
    unusable = {line for line, _ in refused_paths}
    texts = seen.beside.of_line
    beside = [(event, texts[line]) for line, event in others if line in texts and line not in unusable]
    runs = [
        replace(run, is_complete=False) if run.counts is None and (run.source, run.run_id) in lacking else run
        for run in runs
    ]
    return Reading(
        runs=tuple(runs),
        jobs=jobs.select(columns.JOBS.names()),
        retracted=tuple(
            Retraction(e.envelope.source, e.data.retracts, e.data.reason, instant(e.envelope.time) or NO_TIME)
            for _, e in others
            if isinstance(e.data, JobRetracted)
        ),
        advances=tuple(
            _advance(e.envelope, e.data) for _, e in others if isinstance(e.data, ChannelAdvanced)
        ),
        rejected=(*seen.rejected, *_counted(seen.reasons, name)),
        details=details.frame(jobs, beside),
        left=tuple((source, kind, n) for (source, kind), n in sorted(seen.left.items())),
        **of_nix,
    )


def _named(content: bytes) -> set[tuple[str, str]]:
    """The run of a line that is refused, if it can be read: not every job of it is here."""
    try:
        line = msgspec.json.decode(content, type=_Named)
    except (ValueError, RecursionError):
        return set()
    return {(line.source, line.data.run_id)}


def _counted(reasons: Counter[str], name: str) -> list[Rejected]:
    return [
        Rejected(name, reason, b"", rows=n - REJECTED_ROWS)
        for reason, n in sorted(reasons.items())
        if n > REJECTED_ROWS
    ]


def _without_reserved(jobs: pl.DataFrame, seen: _Read, name: str) -> pl.DataFrame:
    """Jobs' events but those in the name of an installation that is read by itself; other events likewise."""
    false = [source for source in distinct(jobs["source"]) if place_of(source).lower() in RESERVED]
    reason = f"source is not your own: that installation is read by itself ({', '.join(RESERVED)})"
    spoken = pl.col("source").is_in(false)
    if false:
        seen.reject_jobs(name, jobs.filter(spoken), "source", reason)
        jobs = jobs.filter(~spoken)
    kept = []
    for line, event in seen.others:
        if place_of(event.envelope.source).lower() in RESERVED:
            seen.reject(name, f"line {line}: {reason}", event.envelope.source.encode())
        else:
            kept.append((line, event))
    seen.others = kept
    seen.left = Counter({of: n for of, n in seen.left.items() if place_of(of[0]).lower() not in RESERVED})
    if seen.beside.beyond:
        beyond = jobs.filter(pl.col("line").is_in(pl.Series(seen.beside.beyond, dtype=pl.Int64).implode()))
        seen.left.update((source, details.BEYOND) for source in beyond["source"])
    return jobs


def _once(seen: _Read, name: str) -> list[tuple[int, Judged]]:
    """Events that are no jobs, each once; of contradicting ones the earliest, the others rejected."""
    beside = seen.beside.of_line
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    kept = []
    for line, event in sorted(
        seen.others, key=lambda one: (one[1].envelope.time, repr(one[1].data), beside.get(one[0], ""))
    ):
        key = event.envelope.source, event.envelope.id
        said = event.type, event.data, beside.get(line)
        if key not in found:
            found[key] = said
            kept.append((line, event))
        elif said != found[key]:
            seen.reject(name, f"line {line}: {CONFLICTING}", event.envelope.id.encode())
    return kept


def _advance(envelope: Envelope, data: ChannelAdvanced) -> Advance:
    return Advance(
        source=envelope.source,
        channel=data.channel,
        commit=data.commit,
        at=instant(envelope.time) or NO_TIME,
        previous_commit=data.previous_commit,
        commit_at=instant(data.commit_time) if data.commit_time else None,
        url=data.url,
    )
