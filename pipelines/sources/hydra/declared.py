"""That the log is fed from a Hydra, said once per jobset."""

import polars as pl

from models.events import SourceDeclared
from pipelines.sources.base import Known

DATASET = "hydra"
LICENCE = "unknown: the service states none"


def declared(source: str, url: str, evaluations: pl.DataFrame, known: Known) -> list[SourceDeclared]:
    """Jobsets of these evaluations (columns of `tables.EVALUATIONS`) that the log does not have declared.

    The window begins with the oldest evaluation that is told with the declaration, and has no end.
    """
    there = known.ids("source_declared", source)
    first = (
        evaluations.group_by(jobset=pl.format("{}/{}", "project", "jobset"))
        .agg(pl.col("evaluated_at").min(), pl.col("observed_at").min())
        .sort("jobset")
    )
    return [
        SourceDeclared(
            id=identity,
            source=source,
            observed_at=observed_at,
            dataset=DATASET,
            title=f"Builds of {jobset} on {source}",
            covers="build_observed",
            scope=jobset,
            first_at=evaluated_at,
            licence=LICENCE,
            url=url,
        )
        for jobset, evaluated_at, observed_at in first.iter_rows()
        if (identity := f"{source}:source:{DATASET}:{jobset}") not in there
    ]
