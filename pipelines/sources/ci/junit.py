"""nix-fast-build's JUnit file: the same steps as its JSON, with logs and without derivations.

XML from outside: no document type, no entities, nothing external, bounded depth; read as a stream, so that what
precedes a cut or a broken place still counts.
"""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pipelines.errors import BadInput
from pipelines.sources.ci import fast_build, records, runs
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.fast_build import Step
from pipelines.sources.ci.runs import Reading, Told

NAME = "nix-fast-build (JUnit)"

_LOG = 256 * 1024
"""Characters of a log that are looked at, from its end."""
_BLOCK = 256 * 1024
"""Bytes given to the parser at a time: few and large, as older parsers begin long tokens anew each time."""
_LONGEST_CASE = 64 * 1024**2
"""Bytes without any element beginning or ending, after which the rest is not read."""


class _Stream:
    """An iterable of lines as the file that the parser reads."""

    def __init__(self, lines: Iterable[bytes], name: str) -> None:
        self._lines = iter(lines)
        self._name = name
        self._size = 0
        self.waiting = 0
        """Bytes read since it was last set to 0."""

    def read(self, _size: int = -1) -> bytes:
        """The next lines; empty at the end. Raises BadInput beyond the size of a document, Broken of a case."""
        parts: list[bytes] = []
        size = 0
        for line in self._lines:
            parts.append(line)
            size += len(line)
            if size >= _BLOCK:
                break
        self._size += size
        self.waiting += size
        if self._size > runs.MAX_DOCUMENT_BYTES:
            raise BadInput(f"{self._name} is longer than {runs.MAX_DOCUMENT_BYTES:,} bytes; split it.")
        if self.waiting > _LONGEST_CASE:
            raise Broken(f"more than {_LONGEST_CASE} bytes without an element")
        return b"".join(parts)


def recognises(head: bytes) -> bool:
    """Whether this is JUnit, with a step of nix-fast-build if any test case is near the beginning."""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or b"<testsuite" not in head:
        return False
    return any(f"classname={q}{step}{q}".encode() in head for step in ("Eval", "Build") for q in "\"'") or (
        b"nix-fast-build" in head
    )


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The run, with a job per attribute. Raises BadInput for hostile XML, or if nobody says which CI it is."""
    content = records.Content(lines)
    rejects = Rejects(name)
    steps: list[Step] = []
    is_whole = False
    try:
        for case in _cases(_Stream(content, name)):
            try:
                steps.append(fast_build.check(_step(case), told))
            except Broken as error:
                rejects.add(str(error), repr(sorted(case.attrib.items())).encode())
        is_whole = True
    except DefusedXmlException as error:
        raise BadInput(
            f"{name} holds a document type or entities ({type(error).__name__}); it is not read."
        ) from error
    except (ParseError, Broken, ValueError, LookupError) as error:
        rejects.add(
            "not whole XML" if isinstance(error, ParseError) else str(error)[:200], repr(error).encode()
        )
    for _ in content:  # what follows a broken place counts for the identity of the run
        continue
    return fast_build.reading(steps, content, told, name, rejects, is_whole=is_whole)


def _cases(stream: _Stream) -> Iterator[Element]:
    """Test cases, each when it is whole; the tree before it is let go. Raises Broken beyond the depth allowed."""
    depth: list[Element] = []
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        stream.waiting = 0
        if event == "start":
            depth.append(element)
            if len(depth) > runs.MAX_DEPTH:
                raise Broken(f"nested more than {runs.MAX_DEPTH} levels deep")
            continue
        depth.pop()
        if element.tag == "testcase":
            yield element
        if element.tag == "testcase" or not any(parent.tag == "testcase" for parent in depth):
            element.clear()
            if depth:
                depth[-1].remove(element)


def _step(case: Element) -> Step:
    """A test case as a step. Raises Broken if it names none."""
    failures = [child for child in case if child.tag in ("failure", "error")]
    kind, attr = case.get("classname"), case.get("name")
    if not kind or not attr:
        raise Broken("a test case without classname or name")
    if any(child.tag == "skipped" for child in case):
        raise Broken("a test case that was skipped: not written by nix-fast-build")
    failure = failures[0] if failures else None
    return Step(
        type=kind.upper(),
        attr=attr,
        success=failure is None,
        error=failure.get("message") if failure is not None else None,
        log="".join(failure.itertext())[-_LOG:] if failure is not None else None,
    )
