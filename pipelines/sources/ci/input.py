"""Bounded reading of one file from outside: plain, gzip or zstd, told apart by its first bytes.

Only a regular file that the caller names is opened, never through a symbolic link, and no path found inside
a file is ever opened. Memory and time are bounded: what is too large, too long in a line, or too small for
what it unpacks to is refused as a whole.
"""

import codecs
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from pipelines.errors import BadInput
from pipelines.sources.ci.runs import MAX_BYTES, MAX_LINE_BYTES

HEAD_BYTES = 64 * 1024
"""Beginning of the content by which a format is recognised."""
MAX_RATIO = 200
"""Largest size after decompression as a multiple of the file: logs reach some 50, bombs 1,000 and more."""
MAX_LINES = 20_000_000
"""Most lines of a file: a file of nothing but line ends would keep a reader busy for hours."""
FREE_BYTES = 16 * 1024**2
"""Content up to this size is never a bomb, whatever its ratio: a file of equal lines packs well."""

_BLOCK = 1024 * 1024
_LINE_END = 10
_CODECS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))


@dataclass(frozen=True)
class Lines:
    """Lines of a file with their line ends; every iteration reads the file anew.

    Iterating raises BadInput if a limit is passed or the compressed data is damaged.
    """

    path: Path
    max_line_bytes: int = MAX_LINE_BYTES
    max_bytes: int = MAX_BYTES

    def __iter__(self) -> Iterator[bytes]:
        """Lines, the last one possibly without its end."""
        for text in self.texts():
            *lines, last = text.split(b"\n")
            for line in lines:
                yield line + b"\n"
            if last:
                yield last

    def texts(self, size: int = 0) -> Iterator[bytes]:
        """The same lines, of `size` bytes or more together as they lie there: so hundreds of thousands are cheap."""
        parts: list[bytes] = []
        waiting = gathered = number = 0
        for block in blocks(self.path, self.max_bytes):
            cut = block.rfind(b"\n") + 1
            first = block.find(b"\n")
            self._look_at(waiting + (first if cut else len(block)))
            if cut:
                # Lines within a block are no longer than it.
                if len(block) > self.max_line_bytes:
                    self._look_at(max(map(len, block.split(b"\n"))))
                # A quarter of the time of `bytes.count`.
                number += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _LINE_END))
                if number > MAX_LINES:
                    raise BadInput(f"{self.path} has more than {MAX_LINES:,} lines: split it.")
                parts.append(block[:cut])
                gathered += waiting + cut
                if gathered >= size:
                    yield b"".join(parts)
                    parts, gathered = [], 0
                waiting = 0
            parts.append(block[cut:])
            waiting += len(block) - cut
        if gathered + waiting:
            yield b"".join(parts)

    def _look_at(self, longest: int) -> None:
        if longest > self.max_line_bytes:
            raise BadInput(
                f"{self.path} has a line of more than {self.max_line_bytes:,} bytes: it is left out."
            )


def open_lines(path: Path, *, max_line_bytes: int = MAX_LINE_BYTES) -> Lines:
    """The lines of a file, decompressed. Raises BadInput if it cannot be opened."""
    _open(path).close()
    return Lines(path, max_line_bytes)


def head(path: Path) -> bytes:
    """The first 64 KiB of the content, decompressed. Raises BadInput if it cannot be read."""
    content = b""
    for block in blocks(path, MAX_BYTES):
        content += block
        if len(content) >= HEAD_BYTES:
            break
    return content[:HEAD_BYTES]


def raw(path: Path) -> Iterator[bytes]:
    """The bytes of a file as they lie there, in pieces of at most 1 MiB. Raises BadInput if it cannot be opened."""
    with _open(path) as file:
        while block := file.read(_BLOCK):
            yield block


def blocks(path: Path, max_bytes: int) -> Iterator[bytes]:
    """The content in pieces of at most 1 MiB, without a mark of the byte order (some editors write one).

    Raises BadInput beyond `max_bytes`, or if it is a bomb.
    """
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(4)
        file.seek(0)
        codec = next((name for magic, name in _CODECS if start.startswith(magic)), None)
        largest = min(max_bytes, max(FREE_BYTES, MAX_RATIO * size)) if codec else max_bytes
        read = 0
        try:
            stream = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), codec) if codec else file
            while block := stream.read(_BLOCK):
                block = block if read else block.removeprefix(codecs.BOM_UTF8)
                read += max(len(block), 1)
                if read > largest:
                    raise BadInput(
                        f"{path} holds more than {largest:,} bytes"
                        + (f", unpacked from {size:,}" if codec else "")
                        + ": it is left out; split it, or look where it came from."
                    )
                yield block
        except (OSError, pa.ArrowException) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise BadInput(f"{path} cannot be read to its end ({first}): fetch it again.") from error


def _open(path: Path) -> BinaryIO:
    """The file for reading. A link, a device or a pipe is refused, also if it takes the file's place just now."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = "is a symbolic link" if path.is_symlink() else f"cannot be opened ({error.strerror})"
        raise BadInput(f"{path} {why}: put a file there that may be read.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadInput(f"{path} is not a regular file: name a file.")
    return os.fdopen(descriptor, "rb")
