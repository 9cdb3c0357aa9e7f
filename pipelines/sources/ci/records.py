"""Records of Nix's own formats: cut out of whole and broken files, named, and put into the run they belong to."""

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TypeVar

import msgspec

from models.vocabulary import STATUS_CLASSES, RedKind, StatusClass, Unit
from pipelines.errors import BadInput
from pipelines.sources.ci import fields, runs
from pipelines.sources.ci.documents import Broken
from pipelines.sources.ci.runs import Job, Run, Told

T = TypeVar("T")

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_COLON = re.compile(rb"\s*:")
_COMPONENT = re.compile(r'"((?:[^"\\]++|\\.)*+)"|([^."]++)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_VERSION = re.compile(r"-(?![A-Za-z])")
_KNOWN_SYSTEM = re.compile(
    r"(?:x86_64|i686|aarch64|armv[5-8][a-z]*|riscv(?:32|64)|powerpc64(?:le)?|ppc64(?:le)?|loongarch64|s390x?)"
    r"-(?:linux|darwin|freebsd|openbsd|netbsd|windows|cygwin)"
)
"""A component of an attribute's path that names a system, where the record does not say which it is."""


class Content:
    """The lines of an input without a mark of the byte order, and a hash of those that went by."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        mark: bytes = codecs.BOM_UTF8
        for line in self._lines:
            self._hash.update(line)
            yield line.removeprefix(mark)
            mark = b""

    def document(self, name: str) -> bytes:
        """All of it. Raises BadInput if it is longer than a document may be."""
        parts: list[bytes] = []
        size = 0
        for line in self:
            size += len(line)
            if size > runs.MAX_DOCUMENT_BYTES:
                raise BadInput(f"{name} is longer than {runs.MAX_DOCUMENT_BYTES:,} bytes; split it.")
            parts.append(line)
        return b"".join(parts)

    @property
    def run_id(self) -> str:
        """The same content is the same run."""
        return f"sha256-{self._hash.hexdigest()[:32]}"


def run(
    told: Told,
    name: str,
    content: Content,
    jobs: tuple[Job, ...],
    *,
    is_complete: bool,
    status: str | None = None,
    stopped_at: datetime | None = None,
    errors: str | None = None,
    notes: tuple[str, ...] = (),
    unit: Unit = Unit.JOB,
) -> Run:
    """The one run of an input whose format names neither CI nor commit: those are as told.

    Raises BadInput if nobody told which CI it is, or when.
    """
    if not told.source:
        raise BadInput(f"{name} does not say which CI it is from; tell its address with --source.")
    observed_at = stopped_at or told.file_at
    if observed_at is None:
        raise BadInput(f"{name} tells no time and comes without the time of its file; send it as a file.")
    return Run(
        source=told.source,
        run_id=told.run_id or content.run_id,
        observed_at=observed_at,
        jobs=jobs,
        repo=told.repo or "github.com/NixOS/nixpkgs",
        commit=told.commit,
        branch=told.branch,
        variant=told.variant,
        systems=tuple(sorted({job.system for job in jobs})),
        is_complete=is_complete,
        status=status,
        stopped_at=stopped_at,
        errors=errors,
        notes=notes,
        unit=unit,
    )


def whose(told: Told, name: str) -> tuple[str, datetime]:
    """Who tells what an input without runs says, and when. Raises BadInput if nobody says so."""
    if not told.source:
        raise BadInput(f"{name} does not say which CI or cache it is from; tell its address with --source.")
    if told.file_at is None:
        raise BadInput(f"{name} tells no time and comes without the time of its file; send it as a file.")
    return told.source, told.file_at


def status_of_exit(told: Told) -> str | None:
    """Status of a run by the exit code of its program, where the code says nothing of the jobs."""
    if told.exit_code is None:
        return None
    return "succeeded" if told.exit_code == 0 else "aborted"


def unique(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """One job per attribute, system and variant, sorted; of several the last is the newest."""
    latest = {(job.attr, job.system, job.variant): job for job in jobs}
    return tuple(latest[key] for key in sorted(latest))


def worst(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """One job per attribute, system and variant, sorted; of several the one with the worst result."""
    return unique(sorted(jobs, key=_severity, reverse=True))


def _severity(job: Job) -> tuple[int, str, str]:
    """Smallest for what counts most: an own failure, any other, no result, a success."""
    of_class, kind = STATUS_CLASSES[job.status]
    if kind is RedKind.OWN and job.cause_known:
        rank = 0
    elif of_class is StatusClass.RED:
        rank = 2 if kind is RedKind.DEPENDENCY else 1
    else:
        rank = 4 if of_class is StatusClass.GREEN else 3
    return rank, job.status, job.drv_path or ""


def decode(text: bytes, kind: type[T]) -> T:
    """One JSON value as a struct. Raises Broken if it is none, has wrong types, or is too long or too deep."""
    if len(text) > runs.MAX_LINE_BYTES:
        raise Broken(f"a record longer than {runs.MAX_LINE_BYTES} bytes")
    if text.count(b"{") + text.count(b"[") > runs.MAX_DEPTH and _is_deep(text):
        raise Broken(f"nested more than {runs.MAX_DEPTH} levels deep")
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError as error:
        raise Broken(f"nested more than {runs.MAX_DEPTH} levels deep") from error
    except msgspec.ValidationError as error:
        raise Broken(str(error)) from error
    except ValueError as error:
        raise Broken("not whole JSON") from error


def _is_deep(text: bytes) -> bool:
    depth = 0
    for found in _TOKEN.finditer(text):
        if found[0] in b"[{":
            depth += 1
            if depth > runs.MAX_DEPTH:
                return True
        elif found[0] in b"]}":
            depth -= 1
    return False


def elements(text: bytes, start: int) -> tuple[list[bytes], bytes | None]:
    """The elements of an array that begins before `start`, and what follows it; None if it never ends as an array.

    Works on arrays that were cut off: the last element is then what is left of it. Raises BadInput if it has too many.
    """
    found: list[bytes] = []
    depth, begin, end = 0, start, start
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if len(found) > runs.MAX_ELEMENTS:
            raise BadInput(f"A list has more than {runs.MAX_ELEMENTS:,} elements; split it.")
        if depth == 0 and mark not in (b"]", b"}"):
            if between := text[end : token.start()].strip(b" \t\r\n,"):
                found.append(between)
            begin = token.start()
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
        if depth < 0:
            if between := text[end : token.start()].strip(b" \t\r\n,"):
                found.append(between)
            return found, text[token.end() :].strip() if mark == b"]" else None
        if depth == 0:
            found.append(text[begin : token.end()])
            end = token.end()
    if rest := text[end:].strip(b" \t\r\n,"):
        found.append(rest)
    return found, None


def keys(head: bytes, depth: int) -> set[bytes]:
    """Names of the members that stand so deep in brackets, in content that may be cut off."""
    found: set[bytes] = set()
    at = 0
    for token in _TOKEN.finditer(head):
        mark = token[0]
        if mark in (b"{", b"["):
            at += 1
        elif mark in (b"}", b"]"):
            at -= 1
        elif at == depth and _COLON.match(head, token.end()):
            found.add(mark.strip(b'"'))
    return found


def objects(head: bytes) -> Iterator[set[bytes]]:
    """Names of the members of each object that begins a line, for recognising formats of lines."""
    for line in head.removeprefix(b"\xef\xbb\xbf").splitlines()[:200]:
        if line.startswith(b"{"):
            yield keys(line, 1)


def components(attr: str) -> list[str]:
    """Path of an attribute that is only told joined. Raises Broken if it is none."""
    path: list[str] = []
    at = 0
    while found := _COMPONENT.match(attr, at):
        path.append(_ESCAPED.sub(r"\1", found[1]) if found[1] is not None else found[2])
        at = found.end()
        if at == len(attr):
            return path
        if attr[at] != ".":
            break
        at += 1
    raise Broken("attr is not an attribute's path")


def place(path: list[str], system: str | None, told: Told) -> tuple[str, str]:
    """Attribute and system of a job from its path, the system that its record states, and what was told.

    A first or last component that repeats the system (`hello.x86_64-linux`, `x86_64-linux.hello`) is no part
    of the attribute. Raises Broken if there is no attribute or no system.
    """
    if system is not None:
        fields.system(system, "system")
    for i in (-1, 0) if len(path) > 1 else ():
        if path[i] == system or (system is None and _KNOWN_SYSTEM.fullmatch(path[i])):
            system = path[i]
            path = path[:-1] if i else path[1:]
            break
    system = system or told.system
    if system is None:
        raise Broken("no system in the record; tell it with --system")
    return attribute(path), fields.system(system, "system")


def attribute(path: list[str]) -> str:
    """A path as one name: components joined by dots, those that hold a dot in double quotes."""
    if not path:
        raise Broken("an attribute's path without components")
    joined = ".".join(_quoted(c) if not c or "." in c or '"' in c else c for c in path)
    if len(joined) > runs.MAX_TEXT:
        raise Broken(f"an attribute's name of more than {runs.MAX_TEXT} characters")
    if _CONTROL.search(joined) or not joined.strip():
        raise Broken("an attribute's name that is not one line of text")
    return joined


def _quoted(component: str) -> str:
    return '"' + component.replace("\\", "\\\\").replace('"', '\\"') + '"'


def package(name: str) -> str:
    """A derivation's name without its version, which begins at the first dash before no letter, as for Nix."""
    found = _VERSION.search(name)
    return name[: found.start()] if found and found.start() else name
