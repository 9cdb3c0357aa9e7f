"""The text that `nix-build`, `nix build` and `nix-store --realise` write for people, on standard error.

The last resort: builders' own lines stand among it, unmarked, so only whole messages of Nix count. A build without a
message succeeded only if the command is told to have ended with 0 (`--exit-code 0`); otherwise it is `unknown`.
"""

import re
from collections.abc import Iterable

from models.vocabulary import Unit
from pipelines.sources.ci import derivations, nix_messages, records
from pipelines.sources.ci.derivations import Result
from pipelines.sources.ci.documents import Rejects
from pipelines.sources.ci.internal_json import STAMP
from pipelines.sources.ci.nix_messages import DRV, Finding
from pipelines.sources.ci.runs import MAX_LINE_BYTES, Reading, Told

NAME = "text of nix-build"

_STARTED = re.compile(rf"(?:building|checking outputs of) '({DRV})'(?: on '[^']{{1,200}}')?\.\.\.$")
_PLAN = re.compile(rb"(?:this derivation|these \d+ derivations) will be built:")
_BLOCK_LINES = 200
"""Lines of one message that are looked at: its verdict stands in the first."""


def recognises(head: bytes) -> bool:
    """Whether Nix announces a build or names a derivation in an error."""
    for line in head.splitlines()[:2000]:
        text = _plain(line)
        if _PLAN.match(text.encode()) or _STARTED.match(text):
            return True
        if text.startswith("error: ") and nix_messages.findings(text):
            return True
    return False


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The run, with a job per derivation. Raises BadInput if the caller does not say which CI."""
    content = records.Content(lines)
    rejects = Rejects(name)
    started: dict[str, None] = {}
    messages: dict[str, Finding] = {}
    errors: list[str] = []
    block: list[str] = []
    for line in content:
        text = _plain(line)
        if block and text.startswith("  ") and len(block) < _BLOCK_LINES:
            block.append(text)
            continue
        _close(block, messages, errors)
        block = [text] if text.startswith("error: ") else []
        if found := _STARTED.match(text):
            started[found[1]] = None
    _close(block, messages, errors)
    jobs, notes = derivations.jobs(_results(started, messages, told), told, rejects)
    is_explained = told.exit_code == 0 or bool(messages)
    run = records.run(
        told,
        name,
        content,
        jobs,
        is_complete=False,
        status=_status(errors, started, told, is_explained=is_explained),
        errors=None if is_explained else "\n".join(errors) or None,
        notes=notes,
        unit=Unit.DERIVATION,
    )
    return Reading(runs=(run,), rejected=rejects.all())


def _plain(line: bytes) -> str:
    """A line without stamp, colours and end."""
    text = line[:MAX_LINE_BYTES]
    stamp = STAMP.match(text)
    return nix_messages.ANSI.sub(
        "", (text[stamp.end() :] if stamp else text).decode(errors="replace")
    ).rstrip()


def _close(block: list[str], messages: dict[str, Finding], errors: list[str]) -> None:
    """Take what a message says: of derivations, else of the command."""
    if not block:
        return
    found = nix_messages.findings("\n".join(block))
    for finding in found:
        old = messages.get(finding.drv)
        if old is None or finding.cause_known and not old.cause_known:
            messages[finding.drv] = finding
    if not found and len(errors) < 20:
        errors.append(block[0][:1000])


def _results(started: dict[str, None], messages: dict[str, Finding], told: Told) -> Iterable[Result]:
    for drv, f in messages.items():
        yield Result(
            drv,
            f.status,
            f.words,
            f.cause_known,
            is_cached=False if drv in started else None,
            system=f.system,
        )
    for drv in started.keys() - messages.keys():
        status = "succeeded" if told.exit_code == 0 else "unknown"
        yield Result(drv, status, "built" if told.exit_code == 0 else "started", is_cached=False)


def _status(errors: list[str], started: dict[str, None], told: Told, *, is_explained: bool) -> str | None:
    """Status of the run itself, not of its jobs."""
    if is_explained:
        return "succeeded"
    if errors and not started:
        return "eval-error"
    return "aborted" if told.exit_code is not None else None
