"""Nix's event log (`--log-format internal-json`, `json-log-path`): which derivations were built, and how it ended.

An activity that stops says nothing of its result. Failures are told by messages; where `nix build` leaves one out
(up to 2.22 it named only the first failed goal), the counters of the builds tell it, as long as only one of them moved
while the build ran. What they leave open is `unknown`. What was valid already is not in the log at all, so a
run is never complete. Lines may be stamped with their time of arrival, as GitHub's logs are.
"""

import re
from collections.abc import Iterable

import msgspec

from models.vocabulary import Unit
from pipelines.sources.ci import derivations, fields, nix_events, records
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.nix_events import Event, Log
from pipelines.sources.ci.runs import Reading, Told

NAME = "Nix internal-json"

STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ")
_PREFIX = b"@nix "
_LONGEST_ERRORS = 8 * 1024


def recognises(head: bytes) -> bool:
    """Whether a line is an event, with or without the prefix."""
    bare = (STAMP.sub(b"", line, count=1) for line in head.removeprefix(b"\xef\xbb\xbf").splitlines()[:200])
    return any(_is_event(line.removeprefix(_PREFIX)) for line in bare)


def _is_event(text: bytes) -> bool:
    try:
        event = msgspec.json.decode(text, type=Event)
    except (ValueError, RecursionError):
        return False
    return event.action in nix_events.ACTIONS


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The run, with a job per derivation. Raises BadInput if neither the log nor the caller says which CI."""
    content = records.Content(lines)
    rejects = Rejects(name)
    log = Log()
    is_prefixed = False
    for line in content:
        stamp = STAMP.match(line)
        text = (line[stamp.end() :] if stamp else line).strip()
        is_prefixed = is_prefixed or text.startswith(_PREFIX)
        if not text.startswith(_PREFIX if is_prefixed else b"{"):
            continue  # plain text of wrappers, other machines and builders: no record
        try:
            at = fields.instant(stamp[1].decode(), "time of the line") if stamp else None
            log.take(records.decode(text.removeprefix(_PREFIX), Event), at)
        except Broken as error:
            rejects.add(str(error), line)
    jobs, notes = derivations.jobs(log.results(), told, rejects)
    if log.open_builds:
        notes += (f"the log ends while {log.open_builds} builds run",)
    run = records.run(
        told,
        name,
        content,
        jobs,
        is_complete=False,
        status=_status(log, told),
        stopped_at=log.newest,
        errors="\n".join(log.errors)[:_LONGEST_ERRORS] or None,
        notes=notes,
        unit=Unit.DERIVATION,
    )
    return Reading(runs=(run,), rejected=rejects.all())


def _status(log: Log, told: Told) -> str | None:
    """Status of the run itself: a command that failed for no derivation's sake was aborted, or did not evaluate."""
    if log.errors:
        return "aborted" if log.has_begun else "eval-error"
    if told.exit_code is None:
        return "succeeded" if log.has_ended else None
    return "succeeded" if told.exit_code == 0 or log.messages else "aborted"
