"""The files of an inbox: which there are, what is told of them, and which were read already.

What was read is operator state beside the log, never in the inbox, where nothing is written, moved or deleted.
A file is known by the hash of its content and of what is told about it; its size and time only save the reading
of files that did not change.
"""

import hashlib
import os
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from models.ci_words import Commit, Source, System, Text
from pipelines.errors import BadInput
from pipelines.log.store import EMPTY_VERSION, EventLog
from pipelines.sources.ci.complaints import expected
from pipelines.sources.ci.generic import RESERVED
from pipelines.sources.ci.input import raw
from pipelines.sources.ci.observations import place_of
from pipelines.sources.ci.runs import Retraction, Told

STATE = "inbox-state.json"
SIDECAR = ".told.toml"
"""A file NAME.told.toml beside the file NAME tells what that file does not say."""
MAX_FILES = 100_000
MAX_SIDECAR_BYTES = 64 * 1024
_MAX_DEPTH = 16
_A_DAY = 86_400


class Seen(msgspec.Struct):
    """A file as it was when it was read: its size, time and number on the disk save the reading."""

    size: int
    modified_ns: int
    inode: int
    key: str
    told: str = ""
    """Hash of what was told of it: told otherwise, it has to be read again."""


class State(msgspec.Struct):
    """What was read into which log."""

    log: str = EMPTY_VERSION
    """Version of the log when this was written: a log without it is another one."""
    done: dict[str, str] = {}
    """Key of content and what is told of it -> name of the format."""
    files: dict[str, Seen] = {}
    retracted: list[Retraction] = []
    """Events that were taken back: one that comes after its retraction, or comes again, does not count."""


@dataclass(frozen=True)
class Found:
    """A file to be read, or why it cannot be."""

    path: Path
    told: Told
    problem: str | None = None


def load(path: Path, log: EventLog) -> State:
    """The state, or an empty one where there is none, it is damaged, or it is of another log."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except (FileNotFoundError, ValueError):
        return State()
    versions = {EMPTY_VERSION, *(batch.hash for batch in log.batches())}
    return state if state.log in versions else State()


def save(path: Path, state: State, log: EventLog) -> None:
    """Write the state whole or not at all."""
    state.log = log.version()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    part.write_bytes(msgspec.json.encode(state, order="sorted"))
    part.replace(path)


def files(paths: Sequence[Path], told: Told) -> list[Found]:
    """The files named and those below the folders named, sorted, with what is told of each.

    Links and hidden files in folders are passed over. Raises BadInput for a path that is not there.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            found |= dict.fromkeys(_below(path, 0))
        elif path.exists() or path.is_symlink():
            found[path] = None
        else:
            raise BadInput(f"{path} is not there: name a file or a folder.")
        if len(found) > MAX_FILES:
            raise BadInput(f"{path} holds more than {MAX_FILES:,} files: name the folders one by one.")
    names = sorted(path for path in found if not path.name.endswith(SIDECAR))
    return [found_at(path, told) for path in names]


def look(path: Path, told: Told) -> Seen:
    """A file as it is, with its key: its bytes and what is told about it. Raises BadInput if it cannot be opened."""
    # Before it is read: what is appended meanwhile has to show as a change.
    about = path.lstat()
    digest = hashlib.sha256()
    for block in raw(path):
        digest.update(block)
    digest.update(_of_told(told))
    of_told = hashlib.sha256(_of_told(told)).hexdigest()
    return Seen(about.st_size, about.st_mtime_ns, about.st_ino, digest.hexdigest(), of_told)


def _of_told(told: Told) -> bytes:
    # Its own time counts only for formats that have no other, and a copy must not count as new.
    return repr(replace(told, file_at=None)).encode()


def unchanged(path: Path, told: Told, state: State, written_ns: int) -> str | None:
    """Key of a file of which the same is told, and that did not change since the state was written at `written_ns`.

    None if that is not sure.
    """
    seen = state.files.get(str(path.absolute()))
    if seen is None or seen.told != hashlib.sha256(_of_told(told)).hexdigest():
        return None
    about = path.lstat()
    same = (seen.size, seen.modified_ns, seen.inode) == (about.st_size, about.st_mtime_ns, about.st_ino)
    # A file written in the same instant as the state may have changed after it was read.
    return seen.key if same and about.st_mtime_ns < written_ns else None


def remember(path: Path, state: State, seen: Seen) -> None:
    """Note a file whose content is known."""
    state.files[str(path.absolute())] = seen


def told_then(path: Path, told: Told, seen: Seen) -> Told:
    """What was told of a file when it was read, as far as it is told now; nothing if other things are.

    Raises BadInput if it is gone.
    """
    (found,) = files([path], told)
    same = hashlib.sha256(_of_told(found.told)).hexdigest() == seen.told
    return found.told if same and found.problem is None else Told()


def check(told: Told) -> None:
    """Raises BadInput if what a caller tells of files is of no use: a commit that is none, for example."""
    values = {name: getattr(told, name) for name in _Sidecar.__struct_fields__}
    try:
        msgspec.convert(values, _Sidecar)
    except msgspec.ValidationError as error:
        raise BadInput(f"What is told of the files cannot be used: {expected(error)}.") from error


def _below(folder: Path, depth: int) -> Iterable[Path]:
    """Files below a folder, and folders that cannot be looked into."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name) if depth <= _MAX_DEPTH else None
    except OSError:
        entries = None
    if entries is None:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _below(Path(entry.path), depth + 1)
        elif entry.is_file():
            yield Path(entry.path)


def found_at(path: Path, told: Told) -> Found:
    """A file with what is told of it, by the caller and in a file beside it."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return Found(path, told, "a name that is not UTF-8")
    if path.is_dir() and not path.is_symlink():
        return Found(
            path, told, f"a folder without permission to read it, or more than {_MAX_DEPTH} levels down"
        )
    if path.is_symlink() or not path.is_file():
        return Found(path, told, "not a regular file")
    about = path.stat()
    # Whatever lies in a store of Nix was last changed in the first second of 1970.
    at = datetime.fromtimestamp(int(about.st_mtime if about.st_mtime > _A_DAY else about.st_ctime), UTC)
    told = replace(told, file_at=told.file_at or at)
    sidecar = path.with_name(path.name + SIDECAR)
    if not sidecar.exists():
        return Found(path, told)
    try:
        return Found(path, replace(told, **_sidecar(sidecar)))
    except BadInput as error:
        return Found(path, told, str(error))


class _Sidecar(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of `Told` that a sidecar may set."""

    source: Source | None = None
    run_id: Text | None = None
    repo: Text | None = None
    commit: Commit | None = None
    branch: Text | None = None
    variant: Text | None = None
    system: System | None = None
    exit_code: int | None = None
    honest_workflows: tuple[str, ...] | None = None
    file_at: datetime | None = None


def _sidecar(path: Path) -> dict[str, Any]:
    """What a sidecar tells. Raises BadInput."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_SIDECAR_BYTES:
        raise BadInput(f"{path.name} is not a small regular file")
    try:
        told = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Sidecar)
    except msgspec.ValidationError as error:
        raise BadInput(f"{path.name} cannot be used ({expected(error)})") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} cannot be used ({str(error)[:200]})") from error
    if told.source is not None and place_of(told.source).lower() in RESERVED:
        raise BadInput(f"{path.name} cannot be used ({place_of(told.source)} is read by itself)")
    if told.file_at is not None and told.file_at.tzinfo is None:
        raise BadInput(f"{path.name} cannot be used (file_at needs a time zone, as 2026-02-01T00:00:00Z)")
    return {name: value for name, value in msgspec.structs.asdict(told).items() if value is not None}
