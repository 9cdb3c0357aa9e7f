"""Why a line is no event of the generic format: field, what was seen, what was expected.

The strict decoder of the structs is the judge; what it refuses is then compared field by field, so that every
fault of a line is named and not only the first.
"""

import ast
import re
import types
import typing
from dataclasses import dataclass
from typing import Any

import msgspec

from models.ci_format import TYPE_PATTERN, TYPES, Envelope, faults, instant

SHOWN = 60
"""Characters of a value that a complaint shows."""

_REGEX = re.compile(r"matching regex (?P<literal>(['\"]).*\2)\Z")
_PLACE = re.compile(r" - at `\$(?P<place>[^`]*)`\Z")


@dataclass(frozen=True)
class Complaint:
    """A fault of one line. `field` is empty where it is the line as a whole."""

    line: int
    field: str
    seen: str
    expected: str
    why: str = ""
    """Why it is refused, where that is no expectation of one field."""

    @property
    def reason(self) -> str:
        """For a reject: without what was seen, which is kept beside it."""
        return f"line {self.line}: {self.field + ' is not ' if self.field else 'not '}{self.expected}"


@dataclass(frozen=True)
class Judged:
    """A line that the strict decoder took: an event, or one of a type that is not interpreted (`data` None)."""

    type: str
    envelope: Envelope
    data: msgspec.Struct | None


def strict_event(name: str, data: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Envelope of one type, so that a decoder can choose `data` by `type`."""
    return msgspec.defstruct(
        data.__name__ + "Event",
        [("data", data)],
        bases=(Envelope,),
        kw_only=True,
        gc=False,
        tag_field="type",
        tag=name,
    )


_EVENTS = {name: strict_event(name, data) for name, data in TYPES.items()}
_STRICT: Any = msgspec.json.Decoder(typing.Union[tuple(_EVENTS.values())])  # noqa: UP007 (a union made at run time)
_NAME_OF = {event: name for name, event in _EVENTS.items()}
_FIELDS = {cls: msgspec.structs.fields(cls) for cls in (Envelope, *TYPES.values())}


def judge(content: bytes, line: int) -> Judged | list[Complaint]:
    """The event of a line, or all that is wrong with it."""
    try:
        event = _STRICT.decode(content)
    except (ValueError, RecursionError) as error:
        return _explain(content, line, error)
    wrong = [
        Complaint(line, f"data.{name}", shown(seen), expected) for name, seen, expected in faults(event.data)
    ]
    if instant(event.time) is None:
        wrong.append(Complaint(line, "time", shown(event.time), "a day of the calendar"))
    return wrong or Judged(_NAME_OF[type(event)], event, event.data)


def _explain(content: bytes, line: int, refusal: Exception) -> Judged | list[Complaint]:
    try:
        event = msgspec.json.decode(content)
    except RecursionError:
        return [Complaint(line, "", "very deep nesting", "JSON nested less deeply")]
    except ValueError as error:
        seen = cut(content.decode(errors="replace").strip())
        return [Complaint(line, "", f"{seen} ({str(error)[:80]})", "a JSON object on one line")]
    if not isinstance(event, dict):
        return [Complaint(line, "", shown(event), "a JSON object on one line")]
    name = event.get("type")
    wrong = _compare(Envelope, event, "", line)
    if not isinstance(name, str) or not re.fullmatch(TYPE_PATTERN, name):
        wrong.append(
            Complaint(line, "type", _shown_of(event, "type"), "an event type as " + next(iter(TYPES)))
        )
        return wrong
    if name not in TYPES:
        return wrong or Judged(name, msgspec.convert(event, Envelope), None)
    data = event.get("data")
    if isinstance(data, dict):
        wrong += _compare(TYPES[name], data, "data.", line)
    else:
        wrong.append(Complaint(line, "data", _shown_of(event, "data"), "a JSON object"))
    return wrong or [Complaint(line, "", cut(str(refusal)), "an event of the format")]


def _compare(cls: type[msgspec.Struct], values: dict[str, Any], place: str, line: int) -> list[Complaint]:
    """Each field of a struct that a JSON object does not have as it should."""
    wrong = []
    for field in _FIELDS[cls]:
        name = field.encode_name
        if name in values:
            found = _fault(field.type, values[name], place + name)
            wrong += [] if found is None else [Complaint(line, *found)]
        elif field.required:
            wrong.append(Complaint(line, place + name, "nothing", _expected(field.type)))
    return wrong


def _fault(annotation: Any, value: Any, place: str) -> tuple[str, str, str] | None:
    """(field, seen, expected) of the first fault within a value, as deep as it lies; None if there is none."""
    try:
        msgspec.convert(value, annotation)
    except (ValueError, RecursionError):
        return _within(_bare(annotation), value, place) or (place, shown(value), _expected(annotation))
    return None


def _within(kind: Any, value: Any, place: str) -> tuple[str, str, str] | None:
    """The first fault of a part of a list, a map or an object."""
    parts = typing.get_args(kind)
    if isinstance(value, list) and typing.get_origin(kind) is list:
        return next(
            filter(None, (_fault(parts[0], one, f"{place}[{i}]") for i, one in enumerate(value))), None
        )
    if isinstance(value, dict) and typing.get_origin(kind) is dict:
        for name, one in value.items():
            if _fault(parts[0], name, place):
                return place, f"the name {shown(name)}", _expected(parts[0])
            if found := _fault(parts[1], one, f"{place}.{cut(name)}"):
                return found
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            inner = f"{place}.{field.encode_name}"
            if field.encode_name not in value and field.required:
                return inner, "nothing", _expected(field.type)
            if field.encode_name in value and (found := _fault(field.type, value[field.encode_name], inner)):
                return found
    return None


def _bare(annotation: Any) -> Any:
    """A type without its description, and without null."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _bare(annotation.__origin__)
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    return _bare(parts[0]) if len(parts) == 1 and typing.get_origin(annotation) is not list else annotation


def _expected(annotation: Any) -> str:
    """What a type wants, in words: its description, or the words it allows."""
    if typing.get_origin(annotation) is typing.Annotated:
        told = next((m.description for m in annotation.__metadata__ if getattr(m, "description", None)), "")
        return told or _expected(annotation.__origin__)
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    if typing.get_origin(annotation) is typing.Literal:
        return "one of " + ", ".join(map(str, parts)) if len(parts) > 1 else f'the text "{parts[0]}"'
    if type(None) in typing.get_args(annotation):
        return f"{_expected(parts[0] if len(parts) == 1 else typing.Union[tuple(parts)])} or null"  # noqa: UP007
    if parts and all(typing.get_origin(part) is typing.Literal for part in parts):
        return "one of " + ", ".join(word for part in parts for word in typing.get_args(part))
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(map(_expected, parts))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return "a JSON object with " + ", ".join(f.encode_name for f in msgspec.structs.fields(annotation))
    return _KINDS.get(typing.get_origin(annotation) or annotation, "another value")


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a JSON object",
}


def expected(refusal: msgspec.ValidationError) -> str:
    """A decoder's refusal in words: the field, and what was expected."""
    told = str(refusal)
    name = found["place"].lstrip(".") if (found := _PLACE.search(told)) else ""
    wanted = _plain(_PLACE.sub("", told))
    return f"{name} is not {wanted.removeprefix('Expected ')}" if name else wanted


def _plain(told: str) -> str:
    """The decoder's words, with the description of a pattern instead of the pattern."""
    pattern = _REGEX.search(told)
    return _WORDS.get(ast.literal_eval(pattern["literal"]), told) if pattern else told


def _descriptions(annotation: Any) -> dict[str, str]:
    """Pattern -> description of every constraint within a type."""
    found = {
        meta.pattern: meta.description
        for meta in getattr(annotation, "__metadata__", ())
        if getattr(meta, "pattern", None) and meta.description
    }
    for part in typing.get_args(annotation):
        found |= _descriptions(part) if not isinstance(part, str) else {}
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        for field in msgspec.structs.fields(annotation):
            found |= _descriptions(field.type)
    return found


_WORDS = {
    pattern: words
    for fields in _FIELDS.values()
    for field in fields
    for pattern, words in _descriptions(field.type).items()
}


def _shown_of(values: dict[str, Any], name: str) -> str:
    return shown(values[name]) if name in values else "nothing"


def shown(value: Any) -> str:
    """A JSON value on one line, cut."""
    if isinstance(value, str):
        return f'"{cut(value)}"' + (f" ({len(value):,} characters)" if len(value) > SHOWN else "")
    return cut(msgspec.json.encode(value).decode())


def cut(text: str) -> str:
    """Text on one line, without control characters, cut."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def left_of(kind: str) -> str:
    """What is left alone, in words: a type of events by its name, or what an adapter says in a few words."""
    return kind if " " in kind else f"events of type {kind}"
