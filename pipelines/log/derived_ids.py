"""Facts that never change and whose id is derived from their columns: what the log holds is not told again."""

import polars as pl

from models import events
from pipelines.log import schema
from pipelines.log.store import EventLog

EVENT_TYPES = ("derivation_observed", "package_updated")
KNOWN = {
    "derivation_observed": (
        pl.col("recipe_id64").is_not_null().cast(pl.Int64)
        + pl.col("outputs_id64").is_not_null()
        + pl.col("does_check").is_not_null()
        + (pl.col("inputs").list.len() > 0)
        + pl.col("inputs").list.eval(pl.element().struct.field("role").is_not_null()).list.sum()
        + pl.col("inputs").list.eval(pl.element().struct.field("is_check_only").is_not_null()).list.sum()
    ).fill_null(0)
}
"""How much a telling knows: one that knows more is told again, and is the one that staging takes."""


def untold(log: EventLog, event_type: str, told: pl.DataFrame) -> pl.DataFrame:
    """The rows of `told` whose identity (`id_columns` of the event type) the log does not hold, or knows less of."""
    identity = list(events.EVENT_TYPES[event_type].id_columns)
    known = KNOWN.get(event_type, pl.lit(0, pl.Int64))
    absent = [name for name in schema.polars_schema(event_type) if name not in told.columns]
    kinds = schema.polars_schema(event_type)
    rated = (
        told.with_columns(pl.lit(None, kinds[name]).alias(name) for name in absent)
        .with_columns(_known=known)
        .select(*told.columns, "_known")
        .sort("_known", descending=True, maintain_order=True)
    )
    there = (
        log.scan(event_type).select(*identity, _there=known).group_by(identity).agg(pl.col("_there").max())
    )
    return (
        rated.unique(identity, keep="first", maintain_order=True)
        .join(there.collect(), on=identity, how="left", maintain_order="left")
        .filter((pl.col("_known") > pl.col("_there")).fill_null(value=True))
        .drop("_known", "_there")
    )
