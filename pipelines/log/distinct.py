"""Which values of columns are there, and which more than once: cheap where it is most often one, or none."""

from collections.abc import Sequence

import numpy as np
import polars as pl


def is_one(values: pl.Series) -> bool:
    """Whether a column has one value in every row, null or not; so has one without rows."""
    nulls = values.null_count()
    if nulls or values.is_empty():
        return nulls == len(values)
    # What differs does so most often at once.
    return all(bool((part == values[0]).all()) for part in (values.tail(1), values.head(64), values))


def distinct(values: pl.Series) -> pl.Series:
    """Each value of a column once, null too, in any order."""
    return values.head(1) if is_one(values) else values.unique()


def repeated(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """Which rows may be equal to another one in the columns of the key, null or not; no other row is.

    Told by numbers of 64 bits that stand for the rows. Sorting them tells in a fifth of the time that none repeats.
    """
    differing = [name for name in key if not is_one(rows[name])]
    if not differing:
        return pl.repeat(rows.height > 1, rows.height, eager=True)
    row = pl.col(differing[0]) if len(differing) == 1 else pl.struct(differing)
    numbers = rows.select(row.hash()).to_series()
    ordered = np.sort(numbers.to_numpy())
    if (ordered[1:] == ordered[:-1]).any():
        return numbers.is_duplicated()
    return pl.repeat(value=False, n=rows.height, eager=True)
