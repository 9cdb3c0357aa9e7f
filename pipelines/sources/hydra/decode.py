"""Hydra's JSON answers as typed objects, or a sentence that says what is wrong with them.

Types are strict where we use a field and every number and text is bounded; keys that we do not use are let
through unread. Hydra writes keys in random order, booleans of builds and evaluations as 0 and 1, and instants as
whole seconds since 1970.
"""

import re
from typing import Annotated, Any, TypeVar

import msgspec

from pipelines.errors import BadInput

T = TypeVar("T")

Id = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Code = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_799)]
"""An instant from 1970 to before 2100, in seconds."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Path = Annotated[str, msgspec.Meta(max_length=1000)]
Address = Annotated[str, msgspec.Meta(max_length=4000)]
Flag = Annotated[int, msgspec.Meta(ge=0, le=1)]
LONGEST_SEEN = 60
"""Characters of an answer that a message repeats."""


class BadAnswer(BadInput):
    """An answer that cannot be used: which field, what was seen, what was expected."""


class Input(msgspec.Struct, frozen=True):
    """One input of an evaluation."""

    uri: Address | None = None
    revision: Address | None = None


class Evaluation(msgspec.Struct, frozen=True):
    """An evaluation; it does not say of which jobset. `hasnewbuilds` 0: it has no members of its own."""

    id: Id
    timestamp: Seconds
    hasnewbuilds: Flag
    builds: list[Id]
    jobsetevalinputs: dict[str, Input] = {}
    flake: Address | None = None


class Build(msgspec.Struct, frozen=True, gc=False):
    """A build in the state in which it was when asked. An unfinished one may keep the code of an earlier run."""

    id: Id
    project: Name
    jobset: Name
    job: Name
    system: Name
    finished: Flag
    timestamp: Seconds
    buildstatus: Code | None
    starttime: Seconds | None
    stoptime: Seconds | None
    drvpath: Path | None


class LatestBuild(msgspec.Struct, frozen=True):
    """A finished build as the list of latest builds has it: without times and derivation."""

    id: Id
    project: Name
    jobset: Name
    job: Name
    system: Name
    finished: Flag
    timestamp: Seconds
    buildstatus: Code | None


class Jobset(msgspec.Struct, frozen=True):
    """A jobset. `enabled`: 0 off, 1 on, 2 one-shot, 3 one at a time; `type`: 1 for a flake.

    `errormsg` is told by `/jobset/P/J/errors` only, as that of the newest evaluation; here it is always empty.
    """

    name: Name
    project: Name
    enabled: Annotated[int, msgspec.Meta(ge=0, le=3)]
    type: Flag
    errormsg: str | None = None
    errortime: Seconds | None = None
    fetcherrormsg: str | None = None
    lastcheckedtime: Seconds | None = None
    starttime: Seconds | None = None


def read(body: bytes | memoryview, shape: type[T]) -> T:
    """An answer in its shape. Raises BadAnswer."""
    try:
        try:
            return msgspec.json.decode(body, type=shape)
        except msgspec.ValidationError as error:
            raise BadAnswer(_sentence(body, str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        start = bytes(body[:LONGEST_SEEN]).decode("utf-8", "replace")
        raise BadAnswer(f"The answer is not JSON ({error}): it begins with {start!r}.") from error


def _sentence(body: bytes | memoryview, message: str) -> str:
    """msgspec's message with the value that was seen, where its place can be followed.

    Raises DecodeError where the fault came before one that makes it no JSON at all.
    """
    expected, _, place = message.partition(" - at `")
    place = place.rstrip("`") or "$"
    seen = "..."
    if "[...]" not in place:
        value: Any = msgspec.json.decode(body)
        for name, number in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", place):
            value = value[int(number)] if number else value[name]
        seen = repr(value)
    shown = seen if len(seen) <= LONGEST_SEEN else f"{seen[:LONGEST_SEEN]}..."
    return f"The answer has {shown} at {place}: {expected[:1].lower()}{expected[1:]}."
