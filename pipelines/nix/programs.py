"""Asking the programs of an installed Nix: what they say, within bounds of time and size, or one sentence why not.

Only what all versions from 2.8 on say in the same way is used. Arguments are lists; no shell sees them.
"""

import os
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from pipelines.errors import BadInput
from pipelines.nix import store_paths

T = TypeVar("T")

ANSWER_BYTES = 256 * 1024 * 1024
"""Largest answer that is taken: a set of 100,000 attributes gives some 20 MB."""
STORE_SECONDS = 600.0
EVALUATION_SECONDS = 3 * 3600.0
TOGETHER = 500
"""Store paths that are asked about in one call: the system bounds the length of a command line."""
_PART = 1 << 16
_KEPT = 64
"""Last parts of what a program says on its error stream that are kept."""
_SAID = 600
"""Characters of an error of Nix that are repeated."""


@dataclass(frozen=True, slots=True)
class Store:
    """The store that Nix uses by itself; with `root` one that lies below a folder (`nix --store FOLDER`).

    Its paths begin with /nix/store either way; the files of one below a folder are in FOLDER/nix/store.
    """

    root: Path | None = None

    def file(self, path: str) -> Path:
        """Where a store path really lies. Raises BadInput for what is no store path."""
        store_paths.split(path)
        return Path(path) if self.root is None else self.root / path.removeprefix("/")

    def options(self) -> list[str]:
        """What every program has to be told."""
        return [] if self.root is None else ["--store", str(self.root)]


@dataclass(frozen=True, slots=True)
class Registered:
    """What Nix's database says of a valid path."""

    path: str
    nar_hash: str
    """SHA-256 in hex."""
    nar_bytes: int
    references: tuple[str, ...]
    """Sorted; itself among them where it names itself."""


def output(program: str, arguments: list[str], seconds: float, limit: int = ANSWER_BYTES) -> bytes:
    """What a program writes. Raises BadInput if it is not there, fails, takes too long or writes too much."""
    found = shutil.which(program)
    if found is None:
        raise BadInput(
            f"There is no `{program}` on the PATH: install Nix (nixos.org/download; Debian, Ubuntu: apt install"
            " nix-bin), or run this where the builds run."
        )
    running = subprocess.Popen(
        [found, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    late = threading.Event()
    errors: deque[bytes] = deque(maxlen=_KEPT)

    def end() -> None:
        late.set()
        _kill(running)

    timer = threading.Timer(seconds, end)
    reader = threading.Thread(target=_keep, args=(running.stderr, errors), daemon=True)
    timer.start()
    reader.start()
    try:
        answer = _bounded(running, limit)
        code = running.wait()
    finally:
        timer.cancel()
        _kill(running)
        running.wait()
        reader.join()
    asked = f"{program} {arguments[0] if arguments else ''}".rstrip()
    if late.is_set():
        raise BadInput(f"`{asked}` was ended after {seconds:,.0f} seconds: ask for fewer attributes at once.")
    if answer is None:
        raise BadInput(f"`{asked}` wrote more than {limit:,} bytes: ask for fewer attributes at once.")
    if code:
        raise BadInput(f"`{asked}` ended with exit code {code}: {_last_error(b''.join(errors))}")
    return answer


def _kill(running: subprocess.Popen[bytes]) -> None:
    """End a program and what it started, if it still runs."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)


def _bounded(running: subprocess.Popen[bytes], limit: int) -> bytes | None:
    """All that it writes; None if that is more than `limit` bytes."""
    parts, size = [], 0
    with running.stdout as stream:  # type: ignore[union-attr]
        while part := stream.read(_PART):
            size += len(part)
            if size > limit:
                _kill(running)
                return None
            parts.append(part)
    return b"".join(parts)


def _keep(stream: IO[bytes], into: deque[bytes]) -> None:
    """Read all that comes; the last parts stay."""
    with stream:
        while part := stream.read1(_PART):  # type: ignore[attr-defined]
            into.append(part)


def _last_error(told: bytes) -> str:
    """The last thing that was called an error, in one line."""
    text = told.decode("utf-8", "replace")
    said = " ".join(text[max(text.rfind("error:"), 0) :].split())
    printable = "".join(one if one.isprintable() else "?" for one in said)
    return printable[:_SAID] or "it said nothing"


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(set(paths)))
    while batch := list(islice(rest, TOGETHER)):
        for path in batch:
            store_paths.split(path)
        yield batch


def _ask(store: Store, question: list[str], paths: list[str]) -> list[str]:
    answer = output("nix-store", [*question, *store.options(), *paths], STORE_SECONDS)
    return answer.decode("utf-8", "replace").splitlines()


def requisites(store: Store, paths: Iterable[str]) -> list[str]:
    """The closure of paths, themselves among it, sorted. Raises BadInput as `output` does."""
    found: set[str] = set()
    for batch in _batches(paths):
        found.update(_ask(store, ["--query", "--requisites"], batch))
    return sorted(found)


def valid(store: Store, paths: Iterable[str]) -> set[str]:
    """Which of the paths are in the store, whole. Raises BadInput as `output` does."""
    asked: set[str] = set()
    missing: set[str] = set()
    for batch in _batches(paths):
        asked.update(batch)
        missing.update(_ask(store, ["--check-validity", "--print-invalid"], batch))
    return asked - missing


def registered(store: Store, paths: Iterable[str]) -> dict[str, Registered]:
    """What the database says of valid paths. Raises BadInput as `output` does."""
    found: dict[str, Registered] = {}
    for batch in _batches(paths):
        found |= read_registrations(_ask(store, ["--dump-db"], batch))
    return found


def read_registrations(lines: Iterable[str]) -> dict[str, Registered]:
    """The answer of `nix-store --dump-db`: path, hash, size, deriver (or an empty line), number of references, these.

    Raises BadInput where it is none.
    """
    rest = iter(lines)
    found = {}
    try:
        for path in rest:
            nar_hash, size, _, number = (next(rest) for _ in range(4))
            references = tuple(sorted(islice(rest, int(number))))
            for one in (path, *references):
                store_paths.split(one)
            if (
                len(references) != int(number)
                or len(bytes.fromhex(nar_hash)) != store_paths.ALGORITHMS["sha256"]
            ):
                raise ValueError(path)
            found[path] = Registered(path, nar_hash, int(size), references)
    except (ValueError, RuntimeError, StopIteration) as error:
        raise BadInput(
            f"nix-store --dump-db answered in an unknown form ({error}): report the version of Nix."
        ) from None
    return found


def evaluated(program: str, arguments: list[str], kind: type[T]) -> T:
    """The JSON that an evaluation gives, as a `kind`. Raises BadInput as `output` does, and for another form."""
    answer = output(program, arguments, EVALUATION_SECONDS)
    try:
        return msgspec.json.decode(answer, type=kind)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"`{program}` gave another answer than was asked for ({error}).") from None
