"""The tables between a Hydra and its facts: whoever reads a Hydra fills them, `facts` alone reads them.

Ids are Hydra's own numbers, unique within one instance. Instants are UTC with microseconds; Hydra tells whole
seconds. `observed_at` is when the instance was asked, or when a database was exported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
INPUT = pl.Struct({"name": pl.String, "uri": pl.String, "revision": pl.String})

EVALUATIONS: Mapping[str, pl.DataType] = pl.Schema(
    {
        "project": pl.String(),
        "jobset": pl.String(),
        "evaluation_id": pl.Int64(),
        "evaluated_at": INSTANT,
        "revision": pl.String(),
        "flake": pl.String(),
        "inputs": pl.List(INPUT),
        "evaluation_errors": pl.String(),
        "observed_at": INSTANT,
    }
)
"""One row per observation of an evaluation that has members of its own (`hasnewbuilds` = 1).

`evaluated_at`: Hydra's `timestamp`. `revision`: that of the input `nixpkgs` (40 hex). Null where not told:
revision, flake, evaluation_errors. `inputs` is empty, not null, where there are none.
"""

MEMBERS: Mapping[str, pl.DataType] = pl.Schema({"evaluation_id": pl.Int64(), "build_id": pl.Int64()})
"""Which builds an evaluation holds."""

BUILDS: Mapping[str, pl.DataType] = pl.Schema(
    {
        "build_id": pl.Int64(),
        "project": pl.String(),
        "jobset": pl.String(),
        "job": pl.String(),
        "system": pl.String(),
        "is_finished": pl.Boolean(),
        "build_status": pl.Int64(),
        "is_cached": pl.Boolean(),
        "queued_at": INSTANT,
        "started_at": INSTANT,
        "stopped_at": INSTANT,
        "drv_path": pl.String(),
        "nix_name": pl.String(),
        "observed_at": INSTANT,
    }
)
"""One row per state in which a build was seen; several rows where it was seen several times.

`build_status`: the raw code, null if none; that of an unfinished build is left over from before a restart.
`is_cached`: null where not told (HTTP). `queued_at`: Hydra's `timestamp`. Null where not told or not yet so:
started_at, stopped_at, drv_path, nix_name.
"""

STEPS: Mapping[str, pl.DataType] = pl.Schema(
    {
        "build_id": pl.Int64(),
        "step": pl.Int64(),
        "type": pl.Int64(),
        "status": pl.Int64(),
        "started_at": INSTANT,
        "stopped_at": INSTANT,
        "machine": pl.String(),
        "system": pl.String(),
        "drv_path": pl.String(),
        "propagated_from": pl.Int64(),
    }
)
"""Build steps; over HTTP there are none. `type`: 0 build, 1 substitution. `propagated_from`: the build in which
the step really ran."""

CONSTITUENTS: Mapping[str, pl.DataType] = pl.Schema({"aggregate": pl.Int64(), "constituent": pl.Int64()})
"""Builds that an aggregate build waits for, of the same evaluation."""


def empty(schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A table without rows."""
    return pl.DataFrame(schema=schema)


@dataclass(frozen=True)
class Tables:
    """What was seen of one Hydra; a table that was not read is empty.

    An evaluation whose members are not all in `builds` is left for later.
    """

    evaluations: pl.DataFrame = field(default_factory=lambda: empty(EVALUATIONS))
    members: pl.DataFrame = field(default_factory=lambda: empty(MEMBERS))
    builds: pl.DataFrame = field(default_factory=lambda: empty(BUILDS))
    steps: pl.DataFrame = field(default_factory=lambda: empty(STEPS))
    constituents: pl.DataFrame = field(default_factory=lambda: empty(CONSTITUENTS))


SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = {
    "evaluations": EVALUATIONS,
    "members": MEMBERS,
    "builds": BUILDS,
    "steps": STEPS,
    "constituents": CONSTITUENTS,
}
"""Name of the table -> its columns, in the order of `Tables`."""


def concat(parts: list[Tables]) -> Tables:
    """Several readings of one Hydra as one, each row once."""
    return Tables(
        **{
            item.name: pl.concat([getattr(part, item.name) for part in parts]).unique(maintain_order=True)
            if parts
            else empty(SCHEMAS[item.name])
            for item in fields(Tables)
        }
    )
