"""The rows of a batch as the tables that are written, and their digests."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import polars as pl
import pyarrow as pa

from pipelines.log import digest, schema
from pipelines.log.distinct import identity
from pipelines.log.order import in_order


def tables(frames: Sequence[tuple[str, pl.DataFrame]], batch: int) -> Iterator[tuple[str, pa.Table, str]]:
    """Event type, table and digest of each of the frames, its rows in their order.

    Builds and the lists that name them often have whole columns in common: these are turned into Arrow, and digested,
    once.
    """
    # They hold as long as the frames are there.
    keys = {name: _keys(name, frame) for name, frame in frames}
    often = Counter(key for of_frame in keys.values() for key in of_frame.values())
    arrays: dict[Hashable, pa.ChunkedArray] = {}
    digests: dict[Hashable, bytes | None] = {}
    for name, frame in frames:
        ordered = in_order(name, frame)
        # Nothing is where it was in a frame that had to be put in order.
        common = {column: key for column, key in keys[name].items() if often[key] > 1 and ordered is frame}
        made = {column: arrays[key] for column, key in common.items() if key in arrays}
        table = schema.conform(name, ordered, batch, made)
        for column in common.keys() - made.keys():
            arrays[common[column]] = table[column]
            digests[common[column]] = digest.of_column(table[column])
        yield name, table, digest.of_table(table, {column: digests[key] for column, key in common.items()})


def _keys(event_type: str, frame: pl.DataFrame) -> dict[str, Hashable]:
    """Column -> what it shares with the same column of another table."""
    kinds = {field.name: str(field.type) for field in schema.arrow_schema(event_type)}
    keys = {one.name: identity(one) for one in frame.get_columns() if one.name in kinds}
    return {name: (kinds[name], key) for name, key in keys.items() if key is not None}
