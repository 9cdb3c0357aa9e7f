"""A log in memory with the surface that ingesting needs, and a warehouse over it, for many small batches."""

from collections.abc import Mapping

import duckdb
import polars as pl

from models.events import EVENT_TYPES
from models.presets import PRESETS
from pipelines import warehouse
from pipelines.log import schema
from tests import histories


class MemoryLog:
    """Batches of event tables as frames: `append` and `scan` as `pipelines.log.store.EventLog` has them."""

    def __init__(self) -> None:
        self.last = 0
        self._frames: dict[str, list[pl.DataFrame]] = {name: [] for name in EVENT_TYPES}

    def append(self, facts: Mapping[str, pl.DataFrame], description: str) -> None:
        """One batch, its columns checked against the structs."""
        self.last += 1
        for name in EVENT_TYPES:
            if name in facts and facts[name].height:
                table = schema.conform(name, facts[name], self.last)
                self._frames[name].append(pl.from_arrow(table))  # type: ignore[arg-type]

    def frame(self, event_type: str) -> pl.DataFrame:
        """All rows of an event type."""
        return pl.concat([schema.polars_schema(event_type).to_frame(), *self._frames[event_type]])

    def scan(self, event_type: str, last_batch: int | None = None) -> pl.LazyFrame:
        """Rows up to a batch."""
        last = self.last if last_batch is None else last_batch
        return self.frame(event_type).lazy().filter(pl.col("batch") <= last)


def build(log: MemoryLog, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with the spine over the log's frames; the caller closes it."""
    con = warehouse.connect(":memory:")
    con.execute(f"set threads = {int(threads)}")
    con.execute("create schema log")
    for name in EVENT_TYPES:
        con.register("given", log.frame(name).to_arrow(compat_level=pl.CompatLevel.oldest()))
        con.execute(f"create table log.{name} as select * from given")
        con.unregister("given")
    warehouse.build(con, histories.spine(), parameters=PRESETS["headline"].parameters())
    return con
