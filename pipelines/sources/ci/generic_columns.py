"""Job events in columns, and which of them the strict decoder may refuse."""

import re
import typing
from operator import attrgetter
from typing import Any

import polars as pl

from pipelines.log.distinct import distinct, is_one
from pipelines.sources.ci import generic_decoder
from pipelines.sources.ci.alike import Form
from pipelines.sources.ci.columns import JOBS
from pipelines.sources.ci.generic_decoder import OF_DATA, OF_ENVELOPE

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
NONE = SCHEMA.to_frame()
"""No event at all."""
_TIMES = ("time", "queued_at", "started_at", "stopped_at")
_KINDS = {name: SCHEMA[name] for name in OF_DATA if name not in (*_TIMES, "failed_drvs")}
_GET = {name: attrgetter(name) for name in (*OF_ENVELOPE, *OF_DATA)}
_DRVS = "\x1f"
_SAMPLE = 200
"""Values at the beginning of a column that tell whether it holds many distinct ones."""
_CONTROL = [chr(code) for code in (*range(32), 127)]
_NAME = generic_decoder.pattern_of("id")
"""Text without control characters that is not all blank: both are found faster by name than by pattern."""


def of_events(events: list[Any]) -> dict[str, pl.Series]:
    """Name -> what each event tells; without what none of them tells."""
    data = [event.data for event in events]
    columns: dict[str, pl.Series] = {}
    for name in (*OF_ENVELOPE, *OF_DATA):
        values = list(map(_GET[name], events if name in OF_ENVELOPE else data))
        if values[0] is None and values.count(None) == len(values):
            continue
        if name == "failed_drvs":
            # As texts: polars would look at each list in Python.
            values = [_DRVS.join(drvs) if drvs else None for drvs in values]
        columns[name] = pl.Series(name, values, dtype=_KINDS.get(name, pl.String()))
    return columns


def of_form(form: Form) -> dict[str, pl.Series]:
    """The same for the lines of a form."""
    columns: dict[str, pl.Series] = {}
    of_kinds = of_events(form.events)
    for name in (*OF_ENVELOPE, *OF_DATA):
        if name in form.texts.columns:
            columns[name] = form.texts[name]
        elif name in of_kinds:
            told = of_kinds[name]
            columns[name] = (
                told.new_from_index(0, len(form.places)) if is_one(told) else told.gather(form.kinds)
            )
    return columns


def refused(form: Form) -> pl.Series | None:
    """Which lines of a form have a text that the quick decoder may refuse; None if it takes all of them."""
    doubts = [
        doubt
        for name in form.texts.columns
        if (doubt := _unlike(pl.col(name), generic_decoder.text_kind(form.events[0], name))) is not None
    ]
    found = form.texts.select(pl.any_horizontal(pl.lit(value=False), *doubts)).to_series()
    return found if found.any() else None


def _unlike(texts: pl.Expr, kind: Any) -> pl.Expr | None:
    """Which texts are none of the words that a type names, or not as long as it asks."""
    parts = [part for part in typing.get_args(kind) if part is not type(None)]
    if typing.get_origin(kind) is typing.Literal:
        return ~texts.is_in(parts)
    if typing.get_origin(kind) is not typing.Annotated:
        return None if kind is str else _unlike(texts, parts[0])
    size = texts.str.len_bytes()
    fewest = max((meta.min_length or 0 for meta in kind.__metadata__), default=0)
    most = min((meta.max_length for meta in kind.__metadata__ if meta.max_length is not None), default=None)
    # A character has one to four bytes.
    least = max(4 * fewest - 3, 0)
    if most is None:
        return size < least if least else None
    return ~size.is_between(least, most)


def jobs(
    columns: dict[str, pl.Series], numbers: pl.Series, *, is_plain: bool
) -> tuple[pl.DataFrame, list[int]]:
    """Events in the columns of `SCHEMA`, and the places of those that the strict decoder may refuse.

    `numbers`: their lines. `is_plain`: no text of theirs has a control character.
    """
    doubts = _doubts(columns, is_plain)
    # Each is looked at several times, and read once.
    read = pl.DataFrame(list(columns.values())).select(
        _instant(columns[name]).alias(f"{name} read") for name in _TIMES if name in columns
    )
    instants = {name: pl.col(f"{name} read") for name in _TIMES if name in columns}
    doubts += [pl.col(name).is_not_null() & instant.is_null() for name, instant in instants.items()]
    if {"started_at", "stopped_at"} <= instants.keys():
        doubts.append(instants["started_at"] > instants["stopped_at"])
    if "failed_drvs" in columns:
        doubts.append(pl.col("failed_drvs").is_not_null() & (pl.col("status") != "dependency-failed"))
    absent = {name: pl.lit(None, dtype=SCHEMA[name]) for name in OF_DATA if name not in columns}
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
    told = pl.DataFrame([*columns.values(), *read, numbers.alias("line")]).select(
        *(made[name].alias(name) for name in SCHEMA.names()),
        doubted=pl.any_horizontal(pl.lit(value=False), *doubts).fill_null(value=False),
    )
    doubted = told["doubted"]
    return told.drop("doubted"), doubted.arg_true().to_list() if doubted.any() else []


def _instant(told: pl.Series) -> pl.Expr:
    # Whole seconds have one length; the general form takes five times as long.
    form = "%+" if (told.str.len_bytes().max() or 0) > len("2026-01-01T00:00:00Z") else "%Y-%m-%dT%H:%M:%SZ"  # type: ignore[operator]
    instant = pl.col(told.name).str.to_datetime(form, time_unit="us", strict=False, cache=False)
    return instant if form == "%+" else instant.dt.replace_time_zone("UTC")


def _doubts(columns: dict[str, pl.Series], is_plain: bool) -> list[pl.Expr]:
    """Which values may not match the pattern of their column. Few distinct ones are looked at one by one."""
    patterns = {
        name: pattern for name in columns if (pattern := generic_decoder.pattern_of(name)) is not None
    }
    few = [name for name in patterns if columns[name].head(_SAMPLE).n_unique() <= _SAMPLE // 20]
    doubts = []
    for name in few:
        values = distinct(columns[name]).to_list()
        bad = [text for text in values if text is not None and not re.search(patterns[name], text)]
        doubts += [pl.col(name).is_in(bad)] if bad else []
    for name in patterns.keys() - set(few):
        if patterns[name] != _NAME:
            doubts.append(~pl.col(name).str.contains(patterns[name].replace(r"\Z", r"\z")))
            continue
        # What is all blank begins with a blank.
        doubts.append(pl.col(name).str.starts_with(" "))
        doubts += [] if is_plain else [pl.col(name).str.contains_any(_CONTROL)]
    return doubts
