"""Lines of the generic format as checked events: the jobs in columns, all else one by one.

Two decoders of one contract. The quick one leaves out the patterns of texts, which are then checked a column
at a time; a line that either of these refuses goes to the strict one (`complaints.judge`), whose verdict
counts. A test holds both equal.
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
import pyarrow as pa

from models.ci_format import INSTANTS, TYPES, Envelope, Job
from pipelines.sources.ci.columns import INSTANT, JOBS
from pipelines.sources.ci.complaints import Complaint, Judged, judge

CHUNK = 8_000
"""Lines that are decoded together."""


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
    iterator = iter(lines)
    first = 1
    while part := list(islice(iterator, CHUNK)):
        yield _chunk(part, first)
        first += len(part)


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
    """The envelope and data of a type without patterns."""
    inner = msgspec.defstruct(data.__name__, _quick_fields(data), kw_only=True, gc=False, omit_defaults=True)
    fields = [*_quick_fields(Envelope), ("data", inner)]
    return msgspec.defstruct(
        data.__name__ + "Event", fields, tag_field="type", tag=name, kw_only=True, gc=False
    )


def _quick_fields(cls: type[msgspec.Struct]) -> list[Any]:
    return [
        (one.name, _quick(one.type)) if one.required else (one.name, _quick(one.type), one.default)
        for one in msgspec.structs.fields(cls)
    ]


def _patterns(cls: type[msgspec.Struct], place: str) -> dict[str, str]:
    """Attribute of an event -> pattern of its text."""
    return {
        place + one.name: pattern
        for one in msgspec.structs.fields(cls)
        if (pattern := _pattern(one.type)) is not None
    }


_JOBS = {name: data for name, data in TYPES.items() if issubclass(data, Job)}
_QUICK = msgspec.json.Decoder(
    typing.Union[tuple(_quick_event(name, data) for name, data in _JOBS.items())]  # noqa: UP007
)
_PATTERNS = _patterns(Envelope, "") | _patterns(Job, "data.")
_TIMES = {"time", *(f"data.{name}" for name in INSTANTS)}
_ENCODE = msgspec.json.Encoder(order="sorted").encode
_TAKEN = (
    "run_id", "attr", "system", "variant", "status", "source_status", "cause_known", "is_cached", "drv_path",
    "failed_drvs", "attempt", "time_kind", "log_url", "repo", "branch", "pull_request", "commit",
)  # fmt: skip
_ENVELOPE = [name for name in _PATTERNS if "." not in name]
_OF_ENVELOPE = attrgetter(*_ENVELOPE)
_DATA = sorted({name for name in _PATTERNS if "." in name} | {f"data.{name}" for name in _TAKEN})
_OF_DATA = attrgetter(*(name.removeprefix("data.") for name in _DATA))
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


def _chunk(lines: list[bytes], first: int) -> Chunk:
    decode = _QUICK.decode
    events: list[Any] = []
    places: list[int] = []
    chunk = Chunk(SCHEMA.to_frame())
    for place, line in enumerate(lines):
        try:
            events.append(decode(line))
            places.append(place)
        except (ValueError, RecursionError):
            if line.strip():
                _strictly(chunk, line, first + place)
    if not events:
        return chunk
    columns = _columns(events)
    doubted = _doubted(columns)
    if doubted.any():
        keep = [True] * len(events)
        for number in doubted.arg_true().to_list():
            line = lines[places[number]]
            keep[number] = isinstance(verdict := judge(line, first + places[number]), Judged)
            if isinstance(verdict, list):
                chunk.refused.append((line, verdict))
        events = [event for event, is_kept in zip(events, keep, strict=True) if is_kept]
        places = [place for place, is_kept in zip(places, keep, strict=True) if is_kept]
        columns = _columns(events) if events else {}
    if events:
        chunk.jobs = _jobs(events, columns, [first + place for place in places])
    return chunk


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


def _columns(events: list[Any]) -> dict[str, Any]:
    """Values of every field that is looked at: texts with a pattern as series, instants under `NAME:at` too."""
    columns: dict[str, Any] = dict(zip(_ENVELOPE, zip(*map(_OF_ENVELOPE, events), strict=True), strict=True))
    data = map(_OF_DATA, [event.data for event in events])
    columns |= dict(zip(_DATA, zip(*data, strict=True), strict=True))
    for name in _PATTERNS:
        columns[name] = pl.Series(name, columns[name], dtype=pl.String)
        if name in _TIMES:
            columns[name + ":at"] = _instants(columns[name])
    columns["data.status"] = pl.Series(columns["data.status"], dtype=pl.String)
    return columns


def _instants(texts: pl.Series) -> pl.Series:
    if texts.null_count() == texts.len():
        return pl.Series([None] * texts.len(), dtype=INSTANT)
    return texts.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)


def _doubted(columns: dict[str, Any]) -> pl.Series:
    """Rows that the strict decoder may refuse: all of those that it does, and perhaps others."""
    doubted = (columns["data.started_at:at"] > columns["data.stopped_at:at"]).fill_null(value=False)
    has_drvs = pl.Series([bool(drvs) for drvs in columns["data.failed_drvs"]], dtype=pl.Boolean)
    doubted |= has_drvs & (columns["data.status"] != "dependency-failed")
    for name, pattern in _PATTERNS.items():
        column = columns[name]
        if column.null_count() == column.len():
            continue
        distinct = column.unique() if column.n_unique() <= CHUNK // 20 else None
        if distinct is not None:
            bad = [text for text in distinct.drop_nulls() if not re.search(pattern, text)]
            if bad:
                doubted |= column.is_in(bad).fill_null(value=False)
        else:
            doubted |= ~column.str.contains(pattern.replace(r"\Z", r"\z")).fill_null(value=True)
        if name in _TIMES:
            doubted |= column.is_not_null() & columns[name + ":at"].is_null()
    return doubted


def _jobs(events: list[Any], columns: dict[str, Any], numbers: list[int]) -> pl.DataFrame:
    taken = {name: columns[f"data.{name}"] for name in _TAKEN}
    taken |= {name: columns[f"data.{name}:at"] for name in ("queued_at", "started_at", "stopped_at")}
    taken["source"] = columns["source"]
    taken["event_id"] = columns["id"]
    taken["event_digest"] = [hash(_ENCODE(event.data)) for event in events]
    taken["occurred_at"] = columns["time:at"]
    taken["line"] = numbers
    taken["build_id"] = [None] * len(events)
    # Lists through Arrow: polars looks at each of them in Python.
    taken["failed_drvs"] = pl.from_arrow(pa.array(taken["failed_drvs"], type=pa.list_(pa.string())))
    frame = pl.DataFrame({name: pl.Series(taken[name], dtype=kind) for name, kind in SCHEMA.items()})
    has_time = pl.any_horizontal(
        pl.col(name).is_not_null() for name in ("queued_at", "started_at", "stopped_at")
    )
    return frame.with_columns(
        source_status=pl.coalesce("source_status", "status"),
        failed_drvs=pl.col("failed_drvs").fill_null([]),
        time_kind=pl.when(has_time).then("time_kind"),
        log_url=pl.when(pl.col("log_url").str.contains("^https?://")).then("log_url"),
        occurred_at=pl.coalesce("stopped_at", "occurred_at"),
    )
