"""Fields of records from outside, each read as one kind of value or refused with what was seen."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.sources.ci import runs
from pipelines.sources.ci.documents import Broken

COMMIT = re.compile(r"[0-9a-f]{40}")
DERIVATION = re.compile(r"/nix/store/[0-9a-z]{32}-[^/\s]+\.drv")
SYSTEM = re.compile(r"[a-z0-9_]{2,32}-[a-z0-9_]{2,32}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_URL = re.compile(r"https?://[^\s<>\"'`\\]+")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No build was before it, none is after the other: such times are errors of unit or of clocks."""
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)

Record = Mapping[str, Any]


def record(value: Any, what: str) -> Record:
    """A JSON object. Raises Broken if it is something else."""
    if not isinstance(value, dict):
        raise Broken(f"{what} is {_shown(value)}, not an object")
    return value


def items(value: Any, what: str) -> list[Any]:
    """A list; null is an empty one. Raises Broken if it is something else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Broken(f"{what} is {_shown(value)}, not a list")
    return value


def text(value: Any, what: str, longest: int = runs.MAX_TEXT) -> str:
    """A name: not empty, one line, not too long. Raises Broken if it is none."""
    if not isinstance(value, str) or not value.strip():
        raise Broken(f"{what} is {_shown(value)}, not a text")
    if len(value) > longest:
        raise Broken(f"{what} has {len(value)} characters; at most {longest} are taken")
    if _CONTROL.search(value):
        raise Broken(f"{what} holds a control character: {_shown(value)}")
    return value


def text_or_none(value: Any, what: str, longest: int = runs.MAX_TEXT) -> str | None:
    """A name, or None for null and empty text. Raises Broken if it is something else."""
    return None if value is None or value == "" else text(value, what, longest)


def number(value: Any, what: str, at_least: int = 0) -> int:
    """A whole number that a 64-bit integer holds. Raises Broken if it is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value < 2**63:
        raise Broken(f"{what} is {_shown(value)}, not a whole number from {at_least}")
    return value


def system(value: Any, what: str) -> str:
    """A system such as `x86_64-linux`. Raises Broken if it is none."""
    if not isinstance(value, str) or not SYSTEM.fullmatch(value):
        raise Broken(f"{what} is {_shown(value)}, not a system such as x86_64-linux")
    return value


def commit_or_none(value: Any, what: str) -> str | None:
    """A commit of 40 hexadecimal digits, or None for null and empty text. Raises Broken otherwise."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not COMMIT.fullmatch(value):
        raise Broken(f"{what} is {_shown(value)}, not a commit of 40 hexadecimal digits")
    return value


def derivation_or_none(value: Any, what: str) -> str | None:
    """Store path of a derivation, or None for null. Raises Broken if it is something else."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > runs.MAX_TEXT or not DERIVATION.fullmatch(value):
        raise Broken(f"{what} is {_shown(value)}, not the store path of a derivation")
    return value


def url_or_none(value: Any, what: str) -> str | None:
    """Address of a page, or None for null. Raises Broken if it is not http or https."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 2048 or not _URL.fullmatch(value):
        raise Broken(f"{what} is {_shown(value)}, not an http address")
    return value


def instant(value: Any, what: str) -> datetime | None:
    """An instant from ISO 8601 text with its zone, or None for null. Raises Broken if it is something else."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(text(value, what, 64))
    except ValueError as error:
        raise Broken(f"{what} is {_shown(value)}, not an instant such as 2025-03-01T00:05:00Z") from error
    if found.tzinfo is None:
        raise Broken(f"{what} is {_shown(value)}, an instant without its zone")
    if not _EARLIEST.year <= found.year < _LATEST.year:
        raise Broken(f"{what} is {_shown(value)}, not an instant between 2000 and 2099")
    return found.astimezone(UTC)


def unix(value: Any, what: str) -> datetime | None:
    """An instant from seconds since 1970, or None for null and 0. Raises Broken if it is something else."""
    if value is None or value == 0 and not isinstance(value, bool):
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Broken(f"{what} is {_shown(value)}, not seconds since 1970")
    if not _EARLIEST.timestamp() <= value < _LATEST.timestamp():
        raise Broken(f"{what} is {_shown(value)}, not an instant between 2000 and 2099 in seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def in_order(started: datetime | None, stopped: datetime | None) -> None:
    """Raises Broken if something stopped before it started."""
    if started and stopped and stopped < started:
        raise Broken(f"stopped at {stopped.isoformat()}, before it started at {started.isoformat()}")


def newest(instants: list[datetime | None]) -> datetime | None:
    """The latest of those that are told."""
    return max((at for at in instants if at), default=None)


def _shown(value: Any) -> str:
    """A value for a message: short, one line."""
    match value:
        case None:
            return "missing"
        case dict():
            return "an object"
        case list():
            return "a list"
        case bool() | float():
            return repr(value)
        case int():
            return repr(value) if value.bit_length() <= 64 else f"a number of {value.bit_length()} bits"
        case _:
            return repr(str(value)[:60])
