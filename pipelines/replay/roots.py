"""Follows failures of dependencies to where they happened: from links between builds to roots.

A build that failed because of another is linked to it, and that one may have failed because of a third. Links are
followed by doubling (each round, every build takes the link of the build that it points at), so that a chain of
length n takes log2(n) rounds. Builds that only point at each other in a circle have no root.
"""

import numpy as np
import polars as pl
import pyarrow as pa

COLUMNS = (
    "source",
    "build_id",
    "root_build_id",
    "root_attr",
    "root_system",
    "root_derivation",
    "root_is_job",
    "evidence",
)


def followed(links: pa.Table) -> pa.Table:
    """One row a link, with its root.

    In: source, build_id, parent_build_id (itself: it is the root, though another derivation failed in it),
    derivation, evidence and parent_attr, parent_system, parent_derivation. Out: COLUMNS.
    """
    given: pl.DataFrame = pl.from_arrow(links)  # type: ignore[assignment]
    at = np.arange(given.height)
    place = given.select("source", "build_id").with_row_index("place")
    parents = given.select("source", build_id="parent_build_id").join(
        place, on=["source", "build_id"], how="left", maintain_order="left"
    )
    # A build without a link of its own is where the failure happened, and the link to it is the last one.
    target = np.where(parents["place"].is_null(), at, parents["place"].fill_null(0).to_numpy())
    last = target.copy()
    for _ in range(max(given.height, 1).bit_length()):
        last = last[last]
    ends = target[last] == last
    found = given[last]
    derivation = (
        pl.when(pl.col("parent_build_id") == pl.col("build_id"))
        .then("derivation")
        .otherwise(pl.coalesce("derivation", "parent_derivation"))
    )
    of = found.select(
        "parent_build_id",
        "parent_attr",
        "parent_system",
        root_derivation=derivation,
        root_is_job=_is_job(derivation),
    ).with_columns(ends=pl.Series(ends, dtype=pl.Boolean))
    known = pl.col("ends")
    roots = of.select(
        root_build_id=pl.when(known).then("parent_build_id"),
        root_attr=pl.when(known).then("parent_attr"),
        root_system=pl.when(known).then("parent_system"),
        root_derivation=pl.when(known).then("root_derivation"),
        root_is_job=pl.when(known).then("root_is_job"),
    )
    return (
        pl.concat([given.select("source", "build_id", "evidence"), roots], how="horizontal")
        .select(COLUMNS)
        .to_arrow()
    )


def _is_job(derivation: pl.Expr) -> pl.Expr:
    """Whether a derivation is that of the build in which it failed, not one of its inputs.

    A build keeps its id when its derivation is replaced by another of the same outputs, which has the same name.
    """
    names = [one.str.replace(r"^.*/[0-9a-z]{32}-", "") for one in (derivation, pl.col("parent_derivation"))]
    is_elsewhere = pl.col("parent_build_id") != pl.col("build_id")
    return (derivation == pl.col("parent_derivation")) | ((names[0] == names[1]) & is_elsewhere)
