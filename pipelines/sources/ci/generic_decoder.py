"""The quick decoder of job events: it leaves out the patterns of the texts that nearly every event has.

These are then checked a column at a time (`generic_columns`). A line that either refuses goes to the strict decoder
(`complaints.judge`), whose verdict counts.
"""

import typing
from typing import Any

import msgspec

from models.ci_format import TYPES, Envelope, Job
from pipelines.sources.ci.alike import Example

OF_ENVELOPE = ("id", "source", "time", "subject")
OF_DATA = (
    "run_id", "attr", "system", "variant", "status", "source_status", "cause_known", "is_cached", "drv_path",
    "failed_drvs", "attempt", "time_kind", "log_url", "builder", "cores", "repo", "branch", "pull_request", "commit",
    "queued_at", "started_at", "stopped_at",
)  # fmt: skip
"""What becomes a column. All else of an event is checked when it is decoded, and kept as told (`details`)."""
_OF_WORDS = ("cause_known", "is_cached", "attempt", "cores", "pull_request")
"""Columns of numbers and truths."""


def example(line: bytes) -> Example | None:
    """A job that other lines may be like; None if the line is none."""
    try:
        event = decode(line)
    except (ValueError, RecursionError):
        return None
    return Example(event, _TEXTS, _WORDS, _KNOWN[type(event.data)])


def text_kind(event: Any, name: str) -> Any:
    """What the decoder asks of a column of text: a type of msgspec."""
    cls = type(event) if name in OF_ENVELOPE else type(event.data)
    return _KINDS[cls][name]


def pattern_of(name: str) -> str | None:
    """The pattern that the texts of a column must match; None if there is none."""
    return _PATTERNS.get(name)


def _quick(annotation: Any) -> Any:
    """A text's type without its pattern; the patterns within lists and maps stay."""
    if typing.get_origin(annotation) is typing.Annotated:
        metas = [
            msgspec.Meta(**{name: getattr(meta, name) for name in ("min_length", "max_length", "ge", "le")})
            for meta in annotation.__metadata__
        ]
        return typing.Annotated[(annotation.__origin__, *metas)]  # type: ignore[return-value]
    parts = typing.get_args(annotation)
    if len(parts) == 2 and type(None) in parts:
        inner = next(part for part in parts if part is not type(None))
        return typing.Optional[_quick(inner)]  # noqa: UP045 (a type made at run time)
    return annotation


def _pattern(annotation: Any) -> str | None:
    """The pattern of a text, or of a text that may be null."""
    if typing.get_origin(annotation) is typing.Annotated:
        return next((meta.pattern for meta in annotation.__metadata__ if meta.pattern), None)
    parts = typing.get_args(annotation)
    return _pattern(parts[0]) if len(parts) == 2 and parts[1] is type(None) else None


def _quick_event(name: str, data: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The envelope and data of a type, without the patterns of what is checked in columns."""
    inner = msgspec.defstruct(data.__name__, _quick_fields(data), kw_only=True, gc=False)
    fields = [*_quick_fields(Envelope), ("data", inner)]
    return msgspec.defstruct(
        data.__name__ + "Event", fields, tag_field="type", tag=name, kw_only=True, gc=False
    )


def _quick_fields(cls: type[msgspec.Struct]) -> list[Any]:
    types = [
        (one, _quick(one.type) if one.name in (*OF_ENVELOPE, *OF_DATA) else one.type)
        for one in msgspec.structs.fields(cls)
    ]
    return [(one.name, kind) if one.required else (one.name, kind, one.default) for one, kind in types]


def _kinds(cls: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(cls)}


_PATTERNS = {
    field.name: pattern
    for cls, names in ((Envelope, OF_ENVELOPE), (Job, OF_DATA))
    for field in msgspec.structs.fields(cls)
    if field.name in names and (pattern := _pattern(field.type)) is not None
}
_JOBS = [_quick_event(name, data) for name, data in TYPES.items() if issubclass(data, Job)]
_DATA: list[Any] = [_kinds(event)["data"] for event in _JOBS]
_KINDS = {cls: _kinds(cls) for cls in (*_JOBS, *_DATA)}
_WORDS = {("data", name): name for name in _OF_WORDS}
_TEXTS = {(name,): name for name in OF_ENVELOPE} | {
    ("data", name): name for name in OF_DATA if name not in (*_OF_WORDS, "failed_drvs")
}
_KNOWN = {
    cls: frozenset(
        {("type",), *((name,) for name in _kinds(Envelope)), *(("data", name) for name in _kinds(cls))}
    )
    for cls in _DATA
}
decode = msgspec.json.Decoder(typing.Union[tuple(_JOBS)]).decode  # type: ignore[var-annotated]  # noqa: UP007
"""A job's event from a line. Raises ValueError or RecursionError for what is none."""
