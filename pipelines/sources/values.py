"""Checks of typed columns that come from outside: what may become a number, a system, a name of a job.

For Parquet files that are too large to be read as text, as `pipelines.sources.files` does with small ones.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.errors import BadInput

SYSTEM = r"\A[a-z0-9_]{1,30}-[a-z0-9_]{1,30}\z"
LONGEST_ATTR, LONGEST_WORD = 500, 100
"""Bytes of a usable name of a job, and of a word of status."""
LARGEST = 2**53
"""Largest usable number: up to it a floating-point column still holds whole numbers exactly."""


def parquet_columns(path: Path) -> set[str]:
    """Names of a Parquet file's columns; none where there is no such file. Raises BadInput if it is damaged."""
    if not path.is_file():
        return set()
    try:
        return set(pl.read_parquet_schema(path))
    except pl.exceptions.PolarsError as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"{path} is not a readable Parquet file ({first_line}): fetch it again.") from error


def parquet_table(path: Path, columns: Sequence[str], most_rows: int) -> pl.DataFrame:
    """These columns of a Parquet file. Raises BadInput if it is missing, damaged, too long or lacks one."""
    lacking = sorted(set(columns) - parquet_columns(path))
    if lacking:
        raise BadInput(f"{path} is not there or lacks the columns {', '.join(lacking)}: fetch it again.")
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    if rows > most_rows:
        raise BadInput(f"{path} has {rows:,} rows, over the {most_rows:,} that are read: split it.")
    return pl.read_parquet(path, columns=list(columns))


def whole(values: pl.Series) -> pl.Series:
    """Whole numbers from 0 to `LARGEST`; null for all else: fractions, NaN, text, what is out of range."""
    if values.dtype.is_float():
        values = values.set((values.is_nan() | (values != values.floor())).fill_null(value=False), None)
    elif not values.dtype.is_integer():
        return pl.Series(values.name, [None] * values.len(), pl.Int64)
    numbers = values.cast(pl.Int64, strict=False)
    outside = ~numbers.is_between(0, LARGEST).fill_null(value=True)
    return numbers.set(outside, None) if outside.any() else numbers


def attr(name: pl.Expr) -> pl.Expr:
    """Whether a job's name can be used: not empty, not too long, without control characters."""
    return name.str.len_bytes().is_between(1, LONGEST_ATTR) & ~name.str.contains("[[:cntrl:]]")


def word(text: pl.Expr) -> pl.Expr:
    """Whether a word of status can be used, known or not."""
    return text.str.len_bytes().is_between(1, LONGEST_WORD) & ~text.str.contains("[[:cntrl:]]")


def system(name: pl.Expr) -> pl.Expr:
    """Whether a name is that of a Nix system."""
    return name.str.contains(SYSTEM)
