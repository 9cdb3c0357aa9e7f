"""The file of a derivation (`.drv`), read and written to the byte.

Nix writes each string, list and map in one way only; what differs from it in a space is refused. Bytes that are
no UTF-8 survive (as lone surrogates), since a variable may hold any.
"""

import re
from collections.abc import Callable, Iterable
from typing import NoReturn, TypeVar

from pipelines.errors import BadInput
from pipelines.nix import store_paths
from pipelines.nix.derivation import Derivation, Output

T = TypeVar("T")

MAX_BYTES = 32 * 1024 * 1024
"""Largest file that is read: those of whole systems reach some megabytes."""
START = b"Derive(["
_STRING = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANING = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_MUST_ESCAPE = re.compile(r'["\\\n\r\t]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WORD = re.compile(r"[A-Za-z0-9+\-._?=]{1,211}")


class _Cursor:
    """A place in the file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def fail(self, wanted: str) -> NoReturn:
        seen = self.content[self.at : self.at + 20]
        raise BadInput(
            f"byte {self.at:,} of the derivation is {seen!r}, not {wanted}: it is damaged or of an unknown form."
        )

    def expect(self, mark: bytes) -> None:
        """Step over a mark that must stand here."""
        if not self.content.startswith(mark, self.at):
            self.fail(repr(mark.decode()))
        self.at += len(mark)

    def string(self) -> str:
        """Step over a string."""
        found = _STRING.match(self.content, self.at)
        if found is None:
            self.fail("a string")
        self.at = found.end()
        raw = found[1]
        if b"\\" in raw:
            raw = _ESCAPED.sub(lambda one: _MEANING.get(one[1], one[1]), raw)
        return raw.decode("utf-8", "surrogateescape")

    def strings(self, n: int) -> list[str]:
        """Step over `n` strings in round brackets."""
        self.expect(b"(")
        found = [self.string()]
        for _ in range(n - 1):
            self.expect(b",")
            found.append(self.string())
        self.expect(b")")
        return found

    def many(self, one: Callable[[], T]) -> list[T]:
        """Step over a list."""
        self.expect(b"[")
        found: list[T] = []
        while not self.content.startswith(b"]", self.at):
            if found:
                self.expect(b",")
            found.append(one())
        self.expect(b"]")
        return found


def parse(content: bytes, path: str) -> Derivation:
    """The derivation that lies at `path`. Raises BadInput with the byte at which it is none."""
    if len(content) > MAX_BYTES:
        raise BadInput(f"{path} is larger than {MAX_BYTES:,} bytes: it is left out.")
    store_paths.split_drv(path)
    cursor = _Cursor(content)
    if content.startswith(b"DrvWithVersion("):
        cursor.fail("'Derive(': derivations with dynamic inputs are not read")
    cursor.expect(b"Derive(")
    outputs = cursor.many(lambda: cursor.strings(4))
    cursor.expect(b",")
    inputs = cursor.many(lambda: _input(cursor))
    cursor.expect(b",")
    sources = cursor.many(cursor.string)
    cursor.expect(b",")
    system = cursor.string()
    cursor.expect(b",")
    builder = cursor.string()
    cursor.expect(b",")
    args = cursor.many(cursor.string)
    cursor.expect(b",")
    env = cursor.many(lambda: cursor.strings(2))
    cursor.expect(b")")
    if cursor.at != len(content):
        cursor.fail("the end")
    found = Derivation(
        path=path,
        outputs={name: Output(at or None, method, known) for name, at, method, known in outputs},
        input_drvs={drv: tuple(used) for drv, used in inputs},
        input_srcs=tuple(sources),
        system=system,
        builder=builder,
        args=tuple(args),
        env=dict(env),  # type: ignore[arg-type]
    )
    if (len(found.outputs), len(found.input_drvs), len(found.env)) != (len(outputs), len(inputs), len(env)):
        raise BadInput(f"{path} names an output, an input or a variable twice: it is damaged.")
    check(found)
    return found


def _input(cursor: _Cursor) -> tuple[str, list[str]]:
    cursor.expect(b"(")
    drv = cursor.string()
    cursor.expect(b",")
    used = cursor.many(cursor.string)
    cursor.expect(b")")
    return drv, used


def check(derivation: Derivation) -> None:
    """Raises BadInput where a path or a name of a derivation is none, or it has no output or system."""
    store_paths.split_drv(derivation.path)
    if not derivation.outputs or not derivation.system:
        raise BadInput(f"{derivation.path} has no output or no system: it is damaged.")
    for output in derivation.outputs.values():
        if output.path is not None:
            store_paths.split(output.path)
    for path in derivation.input_srcs:
        store_paths.split(path)
    for path, used in derivation.input_drvs.items():
        store_paths.split_drv(path)
        if path == derivation.path:
            raise BadInput(f"{path} needs itself: it is damaged.")
        if not used or len(set(used)) != len(used):
            raise BadInput(f"{derivation.path} uses no output of {path}, or one twice: it is damaged.")
    names = {*derivation.outputs, *(name for used in derivation.input_drvs.values() for name in used)}
    for name in names:
        if not _WORD.fullmatch(name):
            raise BadInput(f"{name[:80]!r} in {derivation.path} is no name of an output.")


def write(derivation: Derivation) -> bytes:
    """The file's bytes, as Nix writes them: maps and sources sorted by their bytes."""
    outputs = (
        _tuple(name, output.path or "", output.method_and_algorithm, output.hash)
        for name, output in _sorted(derivation.outputs.items())
    )
    inputs = (
        f"({_string(drv)},{_list(map(_string, sorted(used)))})"
        for drv, used in _sorted(derivation.input_drvs.items())
    )
    parts = (
        _list(outputs),
        _list(inputs),
        _list(_string(path) for path in sorted(derivation.input_srcs)),
        _string(derivation.system),
        _string(derivation.builder),
        _list(map(_string, derivation.args)),
        _list(_tuple(*pair) for pair in _sorted(derivation.env.items())),
    )
    return f"Derive({','.join(parts)})".encode("utf-8", "surrogateescape")


def _sorted(pairs: Iterable[tuple[str, T]]) -> list[tuple[str, T]]:
    return sorted(pairs, key=lambda pair: pair[0].encode("utf-8", "surrogateescape"))


def _tuple(*texts: str) -> str:
    return f"({','.join(map(_string, texts))})"


def _list(parts: Iterable[str]) -> str:
    return f"[{','.join(parts)}]"


def _string(text: str) -> str:
    return '"' + _MUST_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text) + '"'
