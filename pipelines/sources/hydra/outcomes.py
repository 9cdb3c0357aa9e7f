"""What asking a Hydra comes to: an answer, or why there is none; and what may be spent on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from pipelines.errors import HealthError

T = TypeVar("T")


class GaveUp(HealthError):
    """The instance failed too often in a row; the run ends, and what was answered before is kept."""

    exit_code = 4


class NotAsked(HealthError):
    """The stop switch or the window of time kept a run from making any request."""

    exit_code = 4


class Stopped(Exception):
    """The operator asked to end, or the window of time closed: the run ends between two requests."""


class Gone(Exception):
    """404. `is_told`: Hydra itself said so in JSON, and not some page in front of it."""

    def __init__(self, path: str, is_told: bool) -> None:
        super().__init__(f"{path}: not found")
        self.is_told = is_told


class Failed(Exception):
    """An answer that cannot be used and is not worth asking for again in this run."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.what = what


class Again(Exception):
    """A failure that may pass; `wait` in seconds where the server told it."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A usable answer."""

    path: str
    """Path and query that gave it, after redirects, below the instance's address."""
    at: datetime
    body: bytes
    value: T


@dataclass(frozen=True)
class Bounds:
    """What an answer may cost."""

    max_bytes: int = 256 * 1024 * 1024
    answer_seconds: float = 900.0
    """For a whole answer; the proxy of hydra.nixos.org ends one after this time."""
    read_seconds: float = 300.0
    """For silence within an answer: lists of evaluations take minutes to begin."""


PROBE = Bounds(max_bytes=16 * 1024 * 1024, answer_seconds=30.0, read_seconds=20.0)
"""For the list of projects, which is small and quick, from an instance that may be dead."""


@dataclass
class Clock:
    """Time as it is passed in, so that tests wait for nothing."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    now: Callable[[], datetime]


def parsed(path: str, body: bytes, shape: type[T]) -> T:
    """A whole answer in its shape. Raises Failed, Again."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise Failed(path, f"JSON of another shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Again("a truncated or broken answer") from error


def shaped(raw: msgspec.Raw | bytes, shape: type[T], path: str) -> T:
    """A part of an answer in its shape. Raises Failed."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.DecodeError as error:
        raise Failed(path, f"JSON of another shape: {error}") from error


def plain(error: Exception) -> str:
    """A short first line of what an error says."""
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
