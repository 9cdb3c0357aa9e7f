"""`nix build --json`: what was built or valid already, one element per derivation.

It prints nothing at all when a build fails, also not what succeeded: an empty file says nothing, not even which
format it has, and is rejected as a whole. `--dry-run` prints a plan in the same form. What has a time (since 2.12)
was built; without any time a list is taken as a result only if the command is told to have ended with 0 and the
file's name does not say that it is a plan. Else what became of its derivations is unknown.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from models.vocabulary import Unit
from pipelines.sources.ci import derivations, fields, records
from pipelines.sources.ci.derivations import Result
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Reading, Told

NAME = "nix build --json"

_ARRAY = re.compile(rb"\s*\[")
_PLAN = re.compile(r"dry[-_. ]?run", re.IGNORECASE)
_PATHS = re.compile(rb'\s*\[\s*"/nix/store/')
_FAILURES = {
    "PermanentFailure": "failed",
    "OutputRejected": "failed",
    "CachedFailure": "failed",
    "HashMismatch": "hash-mismatch",
    "NotDeterministic": "not-deterministic",
    "LogLimitExceeded": "log-limit-exceeded",
    "DependencyFailed": "dependency-failed",
    "TimedOut": "timed-out",
    "TransientFailure": "aborted",
    "MiscFailure": "aborted",
    "NoSubstituters": "aborted",
    "InputRejected": "unsupported",
}
"""Nix's own build results that are failures, for a CI that adds them."""
_SUCCESSES = {"Built": False, "Substituted": True, "AlreadyValid": True, "ResolvesToAlreadyValid": True}
"""Those that are successes, and whether the output was not made now."""


class Element(msgspec.Struct):
    """One derivation, as Nix prints it; other members are not looked at."""

    drv_path: str = msgspec.field(name="drvPath")
    outputs: dict[str, str | None] | None = None
    start_time: int | float | None = msgspec.field(name="startTime", default=None)
    stop_time: int | float | None = msgspec.field(name="stopTime", default=None)
    success: bool | None = None
    status: str | None = None

    @property
    def has_result(self) -> bool:
        """Whether it says by itself what became of the derivation."""
        return self.status is not None or self.success is not None


def recognises(head: bytes) -> bool:
    """Whether this is a list of derivations or store paths."""
    if _PATHS.match(head):
        return True
    names = records.keys(head, 2) if _ARRAY.match(head) else set()
    return b"drvPath" in names and bool(names & {b"outputs", b"status", b"success"})


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The run, with a job per derivation. Raises BadInput if neither the file nor the caller says which CI."""
    content = records.Content(lines)
    text = content.document(name)
    rejects = Rejects(name)
    pieces: list[bytes] = []
    found = _ARRAY.match(text)
    if found:
        pieces, rest = records.elements(text, found.end())
        if rest != b"":
            rejects.add("the list ends early or is followed by something else", text[-1024:])
    elif text.strip():
        rejects.add("not a list", text)
    results: list[tuple[Element, Result]] = []
    others = 0
    for piece in pieces:
        if piece.startswith(b'"/nix/store/') and piece.endswith(b'"'):
            others += 1
            continue
        try:
            element = records.decode(piece, Element)
            results.append((element, _result(element)))
        except Broken as error:
            rejects.add(str(error), piece)
    is_built = any(result.started_at for _, result in results)
    is_plan = not is_built and bool(_PLAN.search(name))
    if not is_built and (is_plan or told.exit_code != 0):
        results = [(e, r if e.has_result else _unknown(r, is_plan=is_plan)) for e, r in results]
    jobs, notes = derivations.jobs((result for _, result in results), told, rejects)
    notes += (f"{others} store paths that are no derivations",) if others else ()
    run = records.run(
        told,
        name,
        content,
        jobs,
        is_complete=bool(found) and told.exit_code == 0 and not rejects.seen and not is_plan,
        status="succeeded" if told.exit_code == 0 else None,
        stopped_at=fields.newest([job.stopped_at for job in jobs]),
        notes=notes,
        unit=Unit.DERIVATION,
    )
    return Reading(runs=(run,), rejected=rejects.all())


def _result(element: Element) -> Result:
    """Raises Broken if it is no result of a derivation."""
    drv_path = fields.derivation_or_none(element.drv_path, "drvPath")
    if drv_path is None:
        raise Broken("drvPath is empty")
    started_at = fields.unix(element.start_time, "startTime")
    stopped_at = fields.unix(element.stop_time, "stopTime")
    fields.in_order(started_at, stopped_at)
    status, is_cached = _status(element, was_built=started_at is not None)
    return Result(
        drv_path,
        status,
        fields.text_or_none(element.status, "status") or "listed",
        is_cached=is_cached,
        started_at=started_at,
        stopped_at=stopped_at,
        time_kind="measured" if stopped_at else "file",
    )


def _unknown(result: Result, *, is_plan: bool) -> Result:
    """What is listed where nothing tells a result from a plan."""
    words = "planned" if is_plan else "listed"
    return replace(result, status="unknown", source_status=words, is_cached=None)


def _status(element: Element, *, was_built: bool) -> tuple[str, bool | None]:
    """Status and whether the result was there before. Without a result of its own what is listed is valid."""
    if not element.has_result:
        if not element.outputs:
            raise Broken("a derivation without outputs")
        if None in element.outputs.values():
            raise Broken("an output without a path: a plan, nothing was built")
        return "succeeded", False if was_built else None
    if element.status in _SUCCESSES and element.success is not False:
        return "succeeded", _SUCCESSES[element.status]
    if element.status in _FAILURES and element.success is not True:
        return _FAILURES[element.status], None
    return "unknown", None
