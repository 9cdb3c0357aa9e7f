"""Where reading a Hydra's database goes on: per jobset, what was read last and what may still change.

Kept below `var/crawl`, as `<source>.database.json` and, beside it in a folder, the builds of each jobset's newest
evaluation: most members of the next one are among them, and so need not be read again. Deleting both reads the
database from the beginning, which the log takes without repeating anything.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import polars as pl

from pipelines.errors import BadInput
from pipelines.sources.hydra import tables


@dataclass(frozen=True)
class Position:
    """How far one jobset was read. Ids grow within a jobset, whose evaluations never overlap in time.

    `unfinished`: builds without a result then. `pending`: evaluations of which an export lacks builds, to be tried
    again. `builds`: those of the newest evaluation that was read whole, as last seen, names and states only.
    """

    jobset_id: int
    last_evaluation: int = 0
    last_build: int = 0
    last_stop: int = 0
    """Newest `stoptime` read, in seconds since 1970."""
    unfinished: frozenset[int] = frozenset()
    pending: frozenset[int] = frozenset()
    builds: pl.DataFrame = field(default_factory=lambda: tables.empty(tables.BUILDS))


State = Mapping[str, Position]
"""`project/jobset` -> how far it was read."""


class _Jobset(msgspec.Struct, frozen=True):
    jobset_id: int
    last_evaluation: int
    last_build: int
    last_stop: int
    unfinished: list[int]
    pending: list[int]
    builds: str
    builds_sha256: str


class _File(msgspec.Struct, frozen=True):
    source: str
    jobsets: dict[str, _Jobset]
    version: int = 1


def place(var: Path, source: str) -> Path:
    """The state file of a source."""
    return var / "crawl" / f"{re.sub(r'[^A-Za-z0-9.-]', '_', source)}.database.json"


def load(var: Path, source: str) -> State:
    """What the last run left; nothing the first time. Raises BadInput when the files are damaged."""
    path = place(var, source)
    if not path.exists():
        return {}
    try:
        told = msgspec.json.decode(path.read_bytes(), type=_File)
        if told.version != 1 or told.source != source:
            raise ValueError(f"written for {told.source}, version {told.version}")
        return {name: _position(path.with_suffix(""), one) for name, one in told.jobsets.items()}
    except (msgspec.MsgspecError, ValueError, OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(
            f"{path} cannot be used ({str(error).splitlines()[0]}): delete it, and the database is read from its "
            "beginning; the log does not repeat what it has."
        ) from error


def _position(folder: Path, told: _Jobset) -> Position:
    content = folder.joinpath(Path(told.builds).name).read_bytes()
    if hashlib.sha256(content).hexdigest() != told.builds_sha256:
        raise ValueError(f"{told.builds} is damaged")
    return Position(
        told.jobset_id,
        told.last_evaluation,
        told.last_build,
        told.last_stop,
        frozenset(told.unfinished),
        frozenset(told.pending),
        pl.read_parquet(content, schema=pl.Schema(tables.BUILDS)),
    )


def save(var: Path, source: str, state: State) -> None:
    """Replace the state: a process killed in between leaves the old one whole."""
    path = place(var, source)
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    told = {name: _written(folder, name, position) for name, position in sorted(state.items())}
    _replace(path, msgspec.json.format(msgspec.json.encode(_File(source, told)), indent=1) + b"\n")
    kept = {one.builds for one in told.values()}
    for old in folder.iterdir():
        if old.name not in kept:
            old.unlink()


def _written(folder: Path, name: str, position: Position) -> _Jobset:
    unfinished = folder / "builds.unfinished"
    position.builds.write_parquet(unfinished, compression="zstd")
    content = unfinished.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    file = f"{hashlib.sha256(name.encode()).hexdigest()[:16]}-{digest[:16]}.parquet"
    if (folder / file).exists():
        unfinished.unlink()
    else:
        _synchronise(unfinished)
        unfinished.replace(folder / file)
        _synchronise(folder)
    return _Jobset(
        position.jobset_id,
        position.last_evaluation,
        position.last_build,
        position.last_stop,
        sorted(position.unfinished),
        sorted(position.pending),
        file,
        digest,
    )


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(content)
    _synchronise(unfinished)
    unfinished.replace(path)
    _synchronise(path.parent)


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
