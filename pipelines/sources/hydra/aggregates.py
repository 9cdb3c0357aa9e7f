"""Aggregates (`tested`, `unstable`) and the builds on which they wait, as facts that are recorded once."""

import polars as pl


def observed(source: str, constituents: pl.DataFrame, builds: pl.DataFrame, known: set[str]) -> pl.DataFrame:
    """Columns of `aggregate_observed`, for aggregates among `builds` whose id is not known.

    Constituents do not change while a build exists, so the id is made of the build alone and the instant is that of
    the build's first sight among `builds` (columns of `tables.BUILDS`, usable ones).
    """
    # Of all builds few are aggregates.
    first = (
        builds.filter(pl.col("build_id").is_in(constituents["aggregate"].unique().implode()))
        .group_by("build_id")
        .agg(pl.col("observed_at").min(), pl.col("project").first(), pl.col("jobset").first())
    )
    return (
        constituents.unique()
        .sort("aggregate", "constituent")
        .group_by("aggregate", maintain_order=True)
        .agg(constituents=pl.col("constituent").cast(pl.String))
        .join(first, left_on="aggregate", right_on="build_id", maintain_order="left")
        .select(
            "observed_at",
            id=pl.format("{}:aggregate:{}", pl.lit(source), "aggregate"),
            source=pl.lit(source),
            jobset=pl.format("{}/{}", "project", "jobset"),
            build_id=pl.col("aggregate").cast(pl.String),
            constituents=pl.col("constituents").list.sort(),
        )
        .filter(~pl.col("id").is_in(sorted(known)))
    )
