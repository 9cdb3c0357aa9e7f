"""Lines of the generic format as checked events: the jobs in columns, all else one by one.

Two decoders of one contract. The quick one leaves out the patterns of the texts that nearly every event has;
they are then checked a column at a time. A line that either of these refuses goes to the strict one
(`complaints.judge`), whose verdict counts. A test holds both equal.
"""

import re
import typing
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from models.ci_format import TYPES, Envelope, Job
from pipelines.sources.ci.columns import JOBS
from pipelines.sources.ci.complaints import Complaint, Judged, judge
from pipelines.sources.ci.input import Lines

CHUNK = 16_000
"""Lines whose columns are checked together."""
TOGETHER = 500
"""Lines that are decoded in one go as long as all of them are jobs."""


@dataclass
class Chunk:
    """What some lines hold."""

    jobs: pl.DataFrame
    """Columns of `columns.JOBS`, and `commit`, `branch`, `pull_request`, `repo` and `line`."""
    others: list[tuple[int, Judged]] = field(default_factory=list)
    """Line and event of every other type that is interpreted."""
    refused: list[tuple[bytes, list[Complaint]]] = field(default_factory=list)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, type) -> events of types that are not interpreted."""


def chunks(lines: Iterable[bytes]) -> Iterator[Chunk]:
    """The events of the lines; blank lines are none."""
    first = 1
    waiting: list[bytes] = []
    for part in lines.batches() if isinstance(lines, Lines) else _batches(iter(lines)):
        waiting += part
        while len(waiting) >= CHUNK:
            yield _chunk(waiting[:CHUNK], first)
            first += CHUNK
            del waiting[:CHUNK]
    if waiting:
        yield _chunk(waiting, first)


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while part := list(islice(lines, CHUNK)):
        yield part


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
        (one, _quick(one.type) if one.name in (*_OF_ENVELOPE, *_OF_DATA) else one.type)
        for one in msgspec.structs.fields(cls)
    ]
    return [(one.name, kind) if one.required else (one.name, kind, one.default) for one, kind in types]


_OF_ENVELOPE = ("id", "source", "time", "subject")
_OF_DATA = (
    "run_id", "attr", "system", "variant", "status", "source_status", "cause_known", "is_cached", "drv_path",
    "failed_drvs", "attempt", "time_kind", "log_url", "builder", "cores", "repo", "branch", "pull_request", "commit",
    "queued_at", "started_at", "stopped_at",
)  # fmt: skip
"""What becomes a column. All else of an event is checked when it is decoded, and left."""
_TIMES = ("time", "queued_at", "started_at", "stopped_at")
_PATTERNS = {
    field.name: pattern
    for cls, names in ((Envelope, _OF_ENVELOPE), (Job, _OF_DATA))
    for field in msgspec.structs.fields(cls)
    if field.name in names and (pattern := _pattern(field.type)) is not None
}
_QUICK: Any = msgspec.json.Decoder(
    typing.Union[tuple(_quick_event(name, data) for name, data in TYPES.items() if issubclass(data, Job))]  # noqa: UP007
)
_GET = {name: attrgetter(name) for name in (*_OF_ENVELOPE, *_OF_DATA)}
_DRVS = "\x1f"
_SAMPLE = 200
"""Values at the beginning of a column that tell whether it holds many distinct ones."""
_CONTROL = [chr(code) for code in (*range(32), 127)]
_NAME = _PATTERNS["id"]
"""Text without control characters that is not all blank: both are found faster by name than by pattern."""
SCHEMA = pl.Schema(
    {
        **JOBS,
        "repo": pl.String(),
        "branch": pl.String(),
        "pull_request": pl.Int64(),
        "commit": pl.String(),
        "line": pl.Int64(),
    }
)
_KINDS = {name: SCHEMA[name] for name in _OF_DATA if name not in (*_TIMES, "failed_drvs")}


def _chunk(lines: list[bytes], first: int) -> Chunk:
    events: list[Any] = []
    numbers: list[int] = []
    chunk = Chunk(SCHEMA.to_frame())
    is_plain = True
    for start in range(0, len(lines), TOGETHER):
        part = lines[start : start + TOGETHER]
        # Within JSON a control character must be written with a backslash.
        content = b"".join(part)
        is_plain &= b"\\" not in content and b"\x7f" not in content
        try:
            events += map(_QUICK.decode, part)
            numbers += range(first + start, first + start + len(part))
        except (ValueError, RecursionError):
            del events[len(numbers) :]
            _one_by_one(part, first + start, events, numbers, chunk)
    if not events:
        return chunk
    told, doubted = _columns(events, numbers, is_plain)
    if doubted:
        kept = []
        for place in doubted:
            line = lines[numbers[place] - first]
            verdict = judge(line, numbers[place])
            if isinstance(verdict, list):
                chunk.refused.append((line, verdict))
            else:
                kept.append(place)
        refused = pl.Series([place for place in doubted if place not in set(kept)], dtype=pl.Int64)
        told = told.filter(~pl.int_range(pl.len()).is_in(refused.implode()))
    chunk.jobs = told
    return chunk


def _one_by_one(lines: list[bytes], first: int, events: list[Any], numbers: list[int], chunk: Chunk) -> None:
    """Decode lines of which one at least is no job: the jobs into `events`, all else into the chunk."""
    for number, line in enumerate(lines, start=first):
        if not line or line.isspace():
            continue
        try:
            events.append(_QUICK.decode(line))
            numbers.append(number)
        except (ValueError, RecursionError):
            _strictly(chunk, line, number)


def _strictly(chunk: Chunk, line: bytes, number: int) -> None:
    """Put a line that is no job of the quick decoder where it belongs."""
    verdict = judge(line, number)
    if isinstance(verdict, list):
        chunk.refused.append((line, verdict))
    elif verdict.data is None:
        chunk.left[verdict.envelope.source, verdict.type] += 1
    elif isinstance(verdict.data, Job):
        # The quick decoder is never stricter than this one; if it were, the line must not be lost in silence.
        chunk.refused.append((line, [Complaint(number, "", "a job's event", "read by the quick decoder")]))
    else:
        chunk.others.append((number, verdict))


def _columns(events: list[Any], numbers: list[int], is_plain: bool) -> tuple[pl.DataFrame, list[int]]:
    """The jobs in columns, and the places of those that the strict decoder may refuse.

    `is_plain`: no text of theirs has a control character.
    """
    data = [event.data for event in events]
    columns: dict[str, pl.Series] = {}
    doubts: list[pl.Expr] = []
    for name in (*_OF_ENVELOPE, *_OF_DATA):
        values = list(map(_GET[name], events if name in _OF_ENVELOPE else data))
        if values[0] is None and values.count(None) == len(values):
            continue
        if name == "failed_drvs":
            # As texts: polars would look at each list in Python.
            values = [_DRVS.join(drvs) if drvs else None for drvs in values]
        dtype = _KINDS.get(name, pl.String())
        if values[0] == values[-1] and values.count(values[0]) == len(values):
            columns[name] = pl.Series(name, values[:1], dtype=dtype).new_from_index(0, len(values))
            values = values[:1]
        else:
            columns[name] = pl.Series(name, values, dtype=dtype)
        if name in _PATTERNS:
            doubt = _doubt(name, values, is_plain)
            doubts += [] if doubt is None else [doubt]
    instants = {name: _instant(columns[name]) for name in _TIMES if name in columns}
    doubts += [pl.col(name).is_not_null() & instant.is_null() for name, instant in instants.items()]
    if {"started_at", "stopped_at"} <= instants.keys():
        doubts.append(instants["started_at"] > instants["stopped_at"])
    if "failed_drvs" in columns:
        doubts.append(pl.col("failed_drvs").is_not_null() & (pl.col("status") != "dependency-failed"))
    absent = {name: pl.lit(None, dtype=SCHEMA[name]) for name in _OF_DATA if name not in columns}
    has_time = pl.any_horizontal(
        pl.lit(value=False), *(pl.col(name).is_not_null() for name in _TIMES[1:] if name in columns)
    )
    is_web = pl.col("log_url").str.starts_with("https://") | pl.col("log_url").str.starts_with("http://")
    made = {
        **{name: pl.col(name) for name in (*_KINDS, "source", "line") if name not in absent},
        **absent,
        **{name: instants[name] for name in _TIMES[1:] if name in columns},
        "source_status": pl.coalesce("source_status", "status")
        if "source_status" in columns
        else pl.col("status"),
        "build_id": pl.lit(None, dtype=pl.String),
        "event_id": pl.col("id"),
        "occurred_at": pl.coalesce(*(instants[name] for name in ("stopped_at", "time") if name in columns)),
    }
    if "time_kind" in columns:
        made["time_kind"] = pl.when(has_time).then("time_kind")
    if "log_url" in columns:
        made["log_url"] = pl.when(is_web).then("log_url")
    drvs = pl.col("failed_drvs").str.split(_DRVS).fill_null([])
    made["failed_drvs"] = drvs if "failed_drvs" in columns else pl.lit([], dtype=pl.List(pl.String))
    told = pl.DataFrame([*columns.values(), pl.Series("line", numbers, dtype=pl.Int64)]).select(
        *(made[name].alias(name) for name in SCHEMA.names()),
        doubted=pl.any_horizontal(pl.lit(value=False), *doubts).fill_null(value=False),
    )
    doubted = told["doubted"]
    return told.drop("doubted"), doubted.arg_true().to_list() if doubted.any() else []


def _instant(told: pl.Series) -> pl.Expr:
    # The general form takes five times as long as that of whole seconds.
    form = "%+" if told.str.contains(".", literal=True).any() else "%Y-%m-%dT%H:%M:%SZ"
    instant = pl.col(told.name).str.to_datetime(form, time_unit="us", strict=False, cache=False)
    return instant if form == "%+" else instant.dt.replace_time_zone("UTC")


def _doubt(name: str, values: list[str | None], is_plain: bool) -> pl.Expr | None:
    """Which values may not match the field's pattern; None: none. Few distinct values are looked at one by one."""
    pattern = _PATTERNS[name]
    if len(set(values[:_SAMPLE])) > _SAMPLE // 20:
        if pattern != _NAME:
            return ~pl.col(name).str.contains(pattern.replace(r"\Z", r"\z"))
        # What is all blank begins with a blank.
        may_be_blank = pl.col(name).str.starts_with(" ")
        return may_be_blank if is_plain else may_be_blank | pl.col(name).str.contains_any(_CONTROL)
    distinct = set(values)
    bad = [text for text in distinct if text is not None and not re.search(pattern, text)]
    return pl.col(name).is_in(bad) if bad else None
