"""The columns of an event type's table, derived from its struct.

`batch` (number of the ingest call) and `version` (of the payload) come first; a struct whose `rows_field` is
set gives one row per item of that field.
"""

import enum
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache

import msgspec
import polars as pl
import pyarrow as pa

from models.events import EVENT_TYPES, Event

_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    float: pa.float64(),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
}


@cache
def arrow_schema(event_type: str) -> pa.Schema:
    """Arrow schema of the table of an event type."""
    cls = EVENT_TYPES[event_type]
    fields = [pa.field("batch", pa.int32(), nullable=False), pa.field("version", pa.int16(), nullable=False)]
    for name, annotation in _annotations(cls).items():
        if name == cls.rows_field:
            (item,) = typing.get_args(annotation)
            fields += [pa.field(inner, _arrow(hint)) for inner, hint in _annotations(item).items()]
        else:
            fields.append(pa.field(name, _arrow(annotation)))
    return pa.schema(fields)


@cache
def polars_schema(event_type: str) -> pl.Schema:
    """The same for polars."""
    return pl.Schema(arrow_schema(event_type))


def conform(
    event_type: str, frame: pl.DataFrame, batch: int, made: Mapping[str, pa.ChunkedArray] | None = None
) -> pa.Table:
    """The frame as an Arrow table with exactly the table's columns; absent ones are null (empty for lists that
    may not be null).

    `made`: columns that are Arrow arrays already. Raises KeyError for a column that the struct does not have: a
    misspelt name must not vanish.
    """
    made = made or {}
    schema = polars_schema(event_type)
    unknown = set(frame.columns) - set(schema)
    if unknown:
        raise KeyError(f"{event_type} has no field {', '.join(sorted(unknown))}")
    whole = {
        "batch": pa.scalar(batch, pa.int32()),
        "version": pa.scalar(EVENT_TYPES[event_type].version, pa.int16()),
    }
    told = [
        pl.col(name).cast(dtype)
        for name, dtype in schema.items()
        if name in frame.columns and name not in (*whole, *made) and not _is_absent(event_type, frame[name])
    ]
    given = frame.select(told).to_arrow(compat_level=pl.CompatLevel.oldest())
    columns: list[pa.Array | pa.ChunkedArray] = []
    for field in arrow_schema(event_type):
        if field.name in whole:
            columns.append(pa.repeat(whole[field.name], frame.height))
        elif field.name in made:
            columns.append(made[field.name])
        elif field.name in given.column_names:
            columns.append(given[field.name].cast(field.type))
        elif field.name in _never_null(event_type):
            columns.append(pa.repeat(pa.scalar([], field.type), frame.height))
        else:
            # Arrow knows a column without values by its length alone, where polars would write each of them down.
            columns.append(pa.nulls(frame.height, field.type))
    return pa.table(columns, schema=arrow_schema(event_type))


def _is_absent(event_type: str, values: pl.Series) -> bool:
    return values.null_count() == len(values) and values.name not in _never_null(event_type)


def arrow_of(event_type: str, frame: pl.DataFrame) -> pa.Table:
    """A frame that has the table's columns, as an Arrow table of its schema."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(arrow_schema(event_type))


def scan(files: list[str], event_type: str) -> pl.LazyFrame:
    """Rows of a table's files; columns and fields that the files do not have yet are null."""
    return pl.scan_parquet(
        files,
        schema=polars_schema(event_type),
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=pl.ScanCastOptions(missing_struct_fields="insert"),
    )


def frame_of(events: list[Event]) -> pl.DataFrame:
    """Structs of one type as a frame with the table's columns (without `batch` and `version`)."""
    cls = type(events[0])
    rows = []
    for event in events:
        row = msgspec.to_builtins(event, builtin_types=(datetime, date))
        row.pop("type", None)
        if cls.rows_field:
            items = row.pop(cls.rows_field)
            rows += [{**row, **item} for item in items]
        else:
            rows.append(row)
    schema = {
        k: v for k, v in polars_schema(cls.__struct_config__.tag).items() if k not in ("batch", "version")
    }  # type: ignore[arg-type]
    never_null = _never_null(cls.__struct_config__.tag)  # type: ignore[arg-type]
    return pl.DataFrame(rows, schema=schema).with_columns(
        pl.col(name).fill_null([]) for name in schema if name in never_null
    )


@cache
def _never_null(event_type: str) -> frozenset[str]:
    """Columns of lists that are empty where nothing is told; a struct says `| None` where unknown differs."""
    cls = EVENT_TYPES[event_type]
    hints = _annotations(cls)
    items = typing.get_args(hints[cls.rows_field]) if cls.rows_field else ()
    hints |= {name: hint for item in items for name, hint in _annotations(item).items()}
    return frozenset(name for name, hint in hints.items() if typing.get_origin(hint) is list)


def _annotations(cls: type) -> dict[str, typing.Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(cls)}


def _arrow(annotation: typing.Any) -> pa.DataType:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        (inner,) = [a for a in arguments if a is not type(None)]
        return _arrow(inner)
    if origin is list:
        return pa.list_(_arrow(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, enum.StrEnum):
        return pa.string()
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return pa.struct([pa.field(n, _arrow(a)) for n, a in _annotations(annotation).items()])
    return _SCALARS[annotation]
