"""Reads events as JSON, of every version of their payload that ever was.

An event is an object with `type`, `version` (1 if absent) and the fields of its struct. Each entry of
`UPCASTERS` lifts the payload of one type from one version to the next, as a pure function on the decoded
object; a struct's `version` is the newest. Fields that the struct does not have are ignored: a newer writer
may tell more.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from models.events import EVENT_TYPES, Event

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""(event type, n) -> payload of version n to payload of version n + 1. So far every type is at version 1."""
LARGEST = 2**63 - 1
"""Whole numbers are stored in 64 bits with a sign."""


class UnreadableEvent(ValueError):
    """Bytes that are no event: the message says what was seen, in one sentence."""


def decode(content: bytes, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> Event:
    """The event that a JSON object tells, lifted to the newest version. Raises UnreadableEvent."""
    try:
        payload = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableEvent(f"The event is not JSON: {error}.") from error
    if not isinstance(payload, dict):
        raise UnreadableEvent(f"The event is a JSON {type(payload).__name__}, not an object.")
    name, version = payload.pop("type", None), payload.pop("version", 1)
    if not isinstance(name, str) or name not in EVENT_TYPES:
        known = ", ".join(EVENT_TYPES)
        raise UnreadableEvent(f"There is no event type {str(name)[:100]!r}: known are {known}.")
    cls = EVENT_TYPES[name]
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= cls.version:
        raise UnreadableEvent(
            f"{name} has no version {str(version)[:100]}: the newest known is {cls.version}."
        )
    try:
        event = msgspec.convert(lift(name, version, payload, cls.version, upcasters), cls, str_keys=True)
    except msgspec.ValidationError as error:
        raise UnreadableEvent(f"The {name} event does not have its fields: {error}.") from error
    fault = _fault(event, "$")
    if fault:
        raise UnreadableEvent(f"The {name} event does not have its fields: {fault}.")
    return event


def lift(
    name: str,
    version: int,
    payload: Payload,
    newest: int,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> Payload:
    """A payload of `version` as one of version `newest`. Raises KeyError if a step between is missing."""
    for step in range(version, newest):
        payload = upcasters[name, step](dict(payload))
    return payload


def _fault(value: object, place: str) -> str | None:
    """First thing below `value` that a column cannot hold: an instant without zone, a huge number."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"the instant at `{place}` has no time zone"
    if isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST:
        return f"the number at `{place}` does not fit in 64 bits"
    inner: list[tuple[str, object]] = []
    if isinstance(value, msgspec.Struct):
        inner = [(f".{field}", getattr(value, field)) for field in value.__struct_fields__]
    elif isinstance(value, list):
        inner = [(f"[{n}]", item) for n, item in enumerate(value)]
    return next((fault for name, item in inner if (fault := _fault(item, place + name))), None)
