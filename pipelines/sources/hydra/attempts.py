"""How often a build was tried, and on which machine last, from the steps that built its own derivation.

A step belongs to the first build that needed it: a build whose derivation another one built has none of its own.
Steps that only hand on what happened elsewhere, or that name the derivation to which another was resolved, are no
attempts. Those of the runs before a restart are.
"""

import polars as pl

from pipelines.sources import machines
from pipelines.sources.hydra.statuses import RESOLVED

_BUILD = 0
_CACHED_FAILURE = 8


def with_attempts(builds: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """`builds` with `attempt` (from 1) and `machine` of those that ended; null where no step tells."""
    key = ["build_id", "observed_at"]
    ended = builds.filter("is_finished").select(*key, "drv_path", build_stopped_at="stopped_at")
    own = (
        steps.filter(
            pl.col("type") == _BUILD,
            pl.col("propagated_from").is_null(),
            pl.col("started_at").is_not_null(),
            pl.col("status").is_not_null(),
            ~pl.col("status").is_in([RESOLVED, _CACHED_FAILURE]),
        )
        .join(ended, on=["build_id", "drv_path"])
        .filter((pl.col("stopped_at") <= pl.col("build_stopped_at")).fill_null(value=True))
        .sort("step")
        .group_by(key, maintain_order=True)
        .agg(attempt=pl.len().cast(pl.Int64), machine=machines.name(pl.col("machine")).last())
    )
    if own.is_empty():
        absent = own.drop(key).schema
        return builds.with_columns(pl.lit(None, kind).alias(name) for name, kind in absent.items())
    return builds.join(own, on=key, how="left", maintain_order="left")
