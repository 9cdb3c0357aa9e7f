"""A Hydra job's name as attribute and variant, given the system of its build.

Hydra has names only; nixpkgs' jobsets end them with the system. Where the build's system is not a part of the
name (`tested`, `tarball`), the name is the attribute itself.
"""

import polars as pl

FLAKE_OUTPUTS = frozenset(
    {"packages", "checks", "devShells", "legacyPackages", "hydraJobs", "apps", "bundlers"}
)
"""Outputs of a flake that have the system in second place: what follows it is a name, no variant."""


def split(job: str, system: str) -> tuple[str, str]:
    """(attr, variant) of a job on its build's system.

    `a.b.SYSTEM` is a.b; `a.b.SYSTEM.cuda` is a.b in the variant cuda; `checks.SYSTEM.a` is checks.a. Anywhere
    else the system is left out of the name, and a name that is the system alone stays as it is.
    """
    parts = job.split(".")
    if system not in parts or len(parts) == 1:
        return job, ""
    place = len(parts) - 1 - parts[::-1].index(system)
    before, after = parts[:place], parts[place + 1 :]
    if before and len(after) == 1 and not (len(before) == 1 and before[0] in FLAKE_OUTPUTS):
        return ".".join(before), after[0]
    return ".".join(before + after), ""


def with_names(builds: pl.DataFrame) -> pl.DataFrame:
    """`builds` with columns attr and variant, of its columns job and system; in any order.

    The common form is split over whole columns, the rest name by name.
    """
    suffix = pl.format(".{}", "system")
    is_common = builds.select(pl.col("job").str.ends_with(suffix).fill_null(value=False)).to_series()
    common = (builds if is_common.all() else builds.filter(is_common)).with_columns(
        attr=pl.col("job").str.head(
            pl.col("job").str.len_chars().cast(pl.Int64) - suffix.str.len_chars().cast(pl.Int64)
        ),
        variant=pl.lit(""),
    )
    if common.height == builds.height:
        return common
    rest = builds.filter(~is_common)
    pairs = [split(job, system) for job, system in rest.select("job", "system").iter_rows()]
    named = rest.with_columns(
        attr=pl.Series([attr for attr, _ in pairs], dtype=pl.String),
        variant=pl.Series([variant for _, variant in pairs], dtype=pl.String),
    )
    return pl.concat([common, named])
