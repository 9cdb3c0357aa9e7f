"""Facts that never change and whose id is derived from their columns: what the log holds is not told again."""

import polars as pl

from models import events
from pipelines.log.store import EventLog

EVENT_TYPES = ("derivation_observed", "package_updated")


def untold(log: EventLog, event_type: str, told: pl.DataFrame) -> pl.DataFrame:
    """The rows of `told` whose identity (`id_columns` of the event type) the log does not hold."""
    identity = list(events.EVENT_TYPES[event_type].id_columns)
    there = log.scan(event_type).select(identity).unique().collect()
    return told.unique(identity, keep="first", maintain_order=True).join(
        there, on=identity, how="anti", maintain_order="left"
    )
