"""Nix archives (NAR) of files as they lie in a store, in pieces and without ever holding a file in memory.

The form is that of Eelco Dolstra, *The Purely Functional Software Deployment Model* (2006), figure 5.2: every text is
its length in 8 bytes, least significant first, the text, and zeros up to a multiple of 8.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

from pipelines.errors import BadInput

CHUNK = 1 << 20
"""Bytes that are read of a file at a time."""
WORD = 8

Kind = Literal["start", "directory", "entry", "leave", "file", "executable", "link"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an archive: what frames it, and between that a text of the tree."""

    kind: Kind
    """`entry` holds a name and `link` a target; `leave` ends the directory that was entered last."""
    before: bytes
    texts: Iterable[bytes] = ()
    """The name, the target or the content, in order; to be read once and before the next piece."""
    after: bytes = b""


def pieces(path: Path, chunk: int = CHUNK) -> Iterator[Piece]:
    """The archive of a path: `before`, `texts` and `after` of all pieces one after the other.

    Symbolic links are never followed. Names are in the order of their bytes. Raises BadInput for what no store path
    may hold (a socket, a device), and for a file that changes while it is read; OSError as the system says.
    """
    yield Piece("start", _text(b"nix-archive-1"))
    # One folder that holds the path alone, so that the path itself needs no case of its own.
    waiting: list[tuple[Path, Iterator[bytes | None]]] = [(path, iter((None,)))]
    while waiting:
        folder, names = waiting[-1]
        try:
            name = next(names)
        except StopIteration:
            waiting.pop()
            if waiting:
                yield Piece("leave", _CLOSE * min(len(waiting), 2))
            continue
        place, close = folder, b""
        if name is not None:
            place, close = folder / os.fsdecode(name), _CLOSE
            yield Piece("entry", _ENTRY + _length(len(name)), (name,), _padding(len(name)) + _NODE)
        mode = place.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield Piece("directory", _DIRECTORY)
            waiting.append((place, iter(sorted(os.fsencode(one.name) for one in place.iterdir()))))
        elif stat.S_ISLNK(mode):
            target = os.fsencode(os.readlink(place))  # noqa: PTH115 (Path.readlink would tidy the target)
            after = _padding(len(target)) + _CLOSE + close
            yield Piece("link", _LINK + _length(len(target)), (target,), after)
        elif stat.S_ISREG(mode):
            yield from _file(place, close, chunk)
        else:
            raise BadInput(f"{place} is no file, link or folder: no store path holds such a thing.")


def archive(path: Path, chunk: int = CHUNK) -> Iterator[bytes]:
    """The bytes of the archive of a path, as `nix-store --dump` writes them. Raises as `pieces` does."""
    for piece in pieces(path, chunk):
        yield piece.before
        yield from piece.texts
        yield piece.after


def _file(place: Path, close: bytes, chunk: int) -> Iterator[Piece]:
    with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as file:
        told = os.fstat(file.fileno())
        is_program = bool(told.st_mode & stat.S_IXUSR)
        before = (_PROGRAM if is_program else _FILE) + _CONTENTS + _length(told.st_size)
        after = _padding(told.st_size) + _CLOSE + close
        yield Piece(
            "executable" if is_program else "file", before, _read(file, place, told.st_size, chunk), after
        )


def _read(file: FileIO, place: Path, size: int, chunk: int) -> Iterator[bytes]:
    """The content, which must have the size that the archive tells before it."""
    left = size
    while part := file.read(chunk):
        left -= len(part)
        if left < 0:
            break
        yield part
    if left:
        raise BadInput(f"{place} changed while it was read: try again when nothing writes there.")


def _length(number: int) -> bytes:
    return number.to_bytes(WORD, "little")


def _padding(length: int) -> bytes:
    return bytes(-length % WORD)


def _text(text: bytes) -> bytes:
    return _length(len(text)) + text + _padding(len(text))


def _texts(*texts: bytes) -> bytes:
    return b"".join(map(_text, texts))


_CLOSE = _text(b")")
_NODE = _text(b"node")
_CONTENTS = _text(b"contents")
_ENTRY = _texts(b"entry", b"(", b"name")
_DIRECTORY = _texts(b"(", b"type", b"directory")
_LINK = _texts(b"(", b"type", b"symlink", b"target")
_FILE = _texts(b"(", b"type", b"regular")
_PROGRAM = _texts(b"(", b"type", b"regular", b"executable", b"")
