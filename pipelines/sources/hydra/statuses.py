"""What Hydra's numbers say of a build: our status, whether it is finished, and whose failure it is.

`finished` decides, not the code: a restarted build keeps the code of the run before. Only a dependency that
failed with code 1 gives its dependents code 2; one that timed out or was aborted gives them its own code. Whose
failure it is stays unknown for those, unless the build's steps are there (database only).
"""

import polars as pl

STATUSES: dict[int, tuple[str, str]] = {
    0: ("succeeded", "unknown"),
    1: ("failed", "own"),
    2: ("dependency-failed", "dependency"),
    3: ("aborted", "unknown"),
    4: ("cancelled", "unknown"),
    6: ("failed-with-output", "own"),
    7: ("timed-out", "unknown"),
    8: ("failed", "unknown"),
    9: ("unsupported", "unknown"),
    10: ("log-limit-exceeded", "unknown"),
    11: ("output-limit-exceeded", "unknown"),
    12: ("not-deterministic", "unknown"),
}
"""Code of a finished build -> our status and the cause; any other code is `unknown` (5 is in old rows only)."""
SHARED = (3, 7, 8, 9, 10, 11, 12)
"""Codes that a build may have from a dependency: steps tell."""
SUCCEEDED, RESOLVED = 0, 13
"""Codes of steps that are no failure; 13: the step goes on under another derivation."""


def with_status(builds: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """`builds` with status, source_status, cause, failed_derivations and propagated_from_build."""
    code = pl.col("build_status")
    words = {number: word for number, (word, _) in STATUSES.items()}
    causes = {number: cause for number, (_, cause) in STATUSES.items()}
    told = builds.with_columns(
        status=pl.when(~pl.col("is_finished"))
        .then(pl.lit("queued"))
        .otherwise(code.replace_strict(words, default="unknown", return_dtype=pl.String)),
        source_status=pl.when("is_finished")
        .then(code.cast(pl.String).fill_null("none"))
        .when(code.is_not_null())
        .then(pl.format("restarted:{}", code))
        .otherwise(pl.lit("unfinished")),
        cause=pl.when("is_finished")
        .then(code.replace_strict(causes, default="unknown", return_dtype=pl.String))
        .otherwise(pl.lit("unknown")),
    )
    told = told.with_columns(pl.col("status").fill_null("unknown"), pl.col("cause").fill_null("unknown"))
    if steps.is_empty():
        return told.with_columns(
            failed_derivations=pl.lit([], dtype=pl.List(pl.String)),
            propagated_from_build=pl.lit(None, pl.String),
        )
    roots = _roots(told.filter(pl.col("is_finished") & ~code.is_in([0, 4])), steps)
    known = pl.col("root_cause").is_not_null() & code.is_in(list(SHARED))
    return (
        told.join(roots, on=["build_id", "observed_at"], how="left", maintain_order="left")
        .with_columns(
            pl.col("failed_derivations").fill_null([]),
            cause=pl.when(known).then("root_cause").otherwise("cause"),
        )
        .drop("root_cause")
    )


def _roots(failed: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """Per failed build: root_cause, failed_derivations, propagated_from_build, of the step that decided it.

    `propagated_from_build` is the build in which that step really ran, null for this one.

    Steps of earlier runs stay behind a restart, and infrastructure is tried again: those with the build's own
    code count, of code 2 any that failed; else nothing is known. Of several that ended, the last to end decided.
    """
    failing = (
        failed.select("build_id", "observed_at", "build_status", "stopped_at", build_drv="drv_path")
        .join(steps.drop("stopped_at", "started_at"), on="build_id")
        .filter(
            pl.col("status").is_not_null(),
            ~pl.col("status").is_in([SUCCEEDED, RESOLVED]),
            (pl.col("status") == pl.col("build_status"))
            | pl.col("build_status").is_in([2, 8])
            | (pl.col("status") == 8),
        )
    )
    redirected = steps.filter(pl.col("status") == RESOLVED).select("build_id").unique()
    last = (
        failing.sort("step")
        .group_by("build_id", "observed_at", maintain_order=True)
        .last()
        .join(redirected.with_columns(is_redirected=pl.lit(value=True)), on="build_id", how="left")
    )
    is_own = pl.col("drv_path") == pl.col("build_drv")
    # A step of another derivation may be the build's own under the name that it was resolved to.
    is_unsure = pl.col("is_redirected").fill_null(value=False) & pl.col("propagated_from").is_null()
    is_other = pl.col("drv_path") != pl.col("build_drv")
    return last.select(
        "build_id",
        "observed_at",
        root_cause=pl.when(is_own).then(pl.lit("own")).when(is_other & ~is_unsure).then(pl.lit("dependency")),
        failed_derivations=pl.when(is_other & ~is_unsure)
        .then(pl.concat_list("drv_path"))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        propagated_from_build=pl.col("propagated_from").cast(pl.String),
    )
