"""From the tables of a Hydra to facts: one observation per evaluation, one fact per state of a build.

An evaluation's members and inputs never change, so its observation is named by their hash and recorded once,
whichever way it was read. What becomes of its builds is told by facts with instants of their own; the newest
counts, as coverage is full.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import polars as pl

from pipelines.log.distinct import distinct
from pipelines.log.order import ascends
from pipelines.sources import values
from pipelines.sources.base import Facts, Known, Listing, Rejected, reject
from pipelines.sources.hydra import aggregates, attempts, job_names, statuses
from pipelines.sources.hydra.tables import Tables

LONGEST_ERRORS = 100_000
"""Characters kept of an evaluation's error text, which holds every failing job's trace."""
_WITHOUT_STATUS = pl.DataFrame(
    schema={
        "source_status": pl.String,
        "status": pl.String,
        "is_finished": pl.Boolean,
        "cause": pl.String,
    }
)


def facts(source: str, tables: Tables, known: Known) -> Facts:
    """Observations that the log does not hold yet, and every state in which a build was seen.

    Evaluations of which some member is not among `tables.builds` are left for later. States that the log holds
    already are left out when the facts are recorded.
    """
    builds, rejected = _usable(tables.builds)
    builds = _last(builds, ["build_id", "observed_at"], ["is_finished", "stopped_at", "build_status"])
    evaluations, members = _whole(tables)
    evaluations = _observations(source, evaluations, members)
    seen = pl.Series(sorted(known.ids("evaluation_observed", source)), dtype=pl.String)
    fresh = evaluations.filter(~pl.col("id").is_in(seen.implode()))
    places = _last(
        builds.select("build_id", "attr", "system", "variant", "observed_at"), ["build_id"], ["observed_at"]
    )
    places = places.drop("observed_at")
    listed = members.join(fresh.select("evaluation_id"), on="evaluation_id", how="semi").join(
        places.with_row_index("place"), on="build_id"
    )
    systems = (
        listed.with_columns(places["system"].gather(listed["place"]))
        .group_by("evaluation_id")
        .agg(systems=pl.col("system").unique().sort())
    )
    fresh = fresh.join(systems, on="evaluation_id", how="left", maintain_order="left").with_columns(
        pl.col("systems").fill_null([])
    )
    listings = [
        _listing(source, jobset, part, listed, places)
        for (jobset,), part in sorted(
            fresh.filter(pl.col("systems").list.len() > 0).partition_by("jobset", as_dict=True).items()
        )
    ]
    known_aggregates = known.ids("aggregate_observed", source)
    frames = {
        "evaluation_observed": _evaluations(fresh),
        "build_observed": _states(source, builds, tables),
        "aggregate_observed": aggregates.observed(source, tables.constituents, builds, known_aggregates),
    }
    return Facts(source, frames=frames, listings=listings, rejected=rejected)


def _usable(builds: pl.DataFrame) -> tuple[pl.DataFrame, list[Rejected]]:
    """Builds with attr and variant; those whose names cannot be used, with the reason."""
    named = job_names.with_names(builds)
    is_usable = named.select(
        (
            values.attr(pl.col("attr"))
            & _of_few(named["system"], values.system)
            & _of_few(named["project"], _is_name)
            & _of_few(named["jobset"], _is_name)
            & _of_few(named["variant"], lambda name: values.attr(name) | (name == ""))
            & (pl.col("build_id") > 0)
        ).fill_null(value=False)
    ).to_series()
    if is_usable.all():
        return named, []
    bad = named.filter(~is_usable).sort("build_id", "observed_at")
    rejected: list[Rejected] = []
    parts = bad.select("build_id", "job", "system", jobset=_jobset()).partition_by("jobset", as_dict=True)
    for (jobset,), part in sorted(parts.items()):
        rejected += reject(
            part.drop("jobset").unique(maintain_order=True), "builds", "build without a usable name", jobset
        )
    return named.filter(is_usable), rejected


def _of_few(told: pl.Series, check: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """What the check says of a column of few distinct values: it looks at each of them once."""
    bad = distinct(told).to_frame().filter(~check(pl.first()).fill_null(value=False)).to_series()
    return ~pl.col(told.name).is_in(bad.implode(), nulls_equal=True) if len(bad) else pl.lit(value=True)


def _last(rows: pl.DataFrame, key: list[str], order: Sequence[str] = ()) -> pl.DataFrame:
    """Rows sorted by the key, of those with an equal one the last by `order`: a tenth of the cost of `unique`."""
    if ascends(rows, key):
        return rows
    ordered = rows.sort(*key, *order)
    is_last = [pl.col(name).ne_missing(pl.col(name).shift(-1)) for name in key]
    return ordered.filter(pl.any_horizontal(is_last) | (pl.int_range(pl.len()) == pl.len() - 1))


def _is_name(of: pl.Expr) -> pl.Expr:
    """Whether a project's or jobset's name can be a part of `project/jobset`."""
    return values.word(of) & ~of.str.contains("/", literal=True)


def _jobset() -> pl.Expr:
    return pl.format("{}/{}", "project", "jobset")


def _whole(tables: Tables) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Evaluations whose members are all among the builds, as first observed; and their members, sorted."""
    members = _last(tables.members, ["evaluation_id", "build_id"])
    missing = members.filter(
        ~pl.col("build_id").is_in(tables.builds["build_id"].implode()).fill_null(value=False)
    )
    evaluations = (
        tables.evaluations.join(missing, on="evaluation_id", how="anti")
        .sort("evaluation_id", "observed_at", "project", "jobset")
        .unique("evaluation_id", keep="first", maintain_order=True)
    )
    return evaluations, members.join(evaluations, on="evaluation_id", how="semi", maintain_order="left")


def _observations(source: str, evaluations: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """`evaluations` with jobset as project/name, observation_key and id."""
    ids = members.group_by("evaluation_id", maintain_order=True).agg(
        members=pl.col("build_id").cast(pl.String).str.join(",")
    )
    joined = evaluations.join(ids, on="evaluation_id", how="left", maintain_order="left")
    keys = [
        _key(row["revision"], row["flake"], row["inputs"], row["members"])
        for row in joined.select("revision", "flake", "inputs", "members").iter_rows(named=True)
    ]
    return joined.drop("members").with_columns(
        jobset=_jobset(),
        observation_key=pl.Series(keys, dtype=pl.String),
        id=pl.format(
            "{}:evaluation:{}:{}:{}",
            pl.lit(source),
            _jobset(),
            "evaluation_id",
            pl.Series(keys, dtype=pl.String),
        ),
    )


def _key(
    revision: str | None,
    flake: str | None,
    inputs: Iterable[dict[str, str | None]] | None,
    members: str | None,
) -> str:
    """First 16 hex of the SHA-256 of what an evaluation is made of; only inputs with a revision count."""
    pinned = sorted(f"{one['name']}={one['revision']}" for one in inputs or () if one["revision"])
    told = "\n".join([revision or "", flake or "", *pinned, members or ""])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _listing(
    source: str, jobset: str, observations: pl.DataFrame, listed: pl.DataFrame, places: pl.DataFrame
) -> Listing:
    observations = observations.select(
        "id",
        pl.col("evaluation_id").cast(pl.String),
        "observed_at",
        "systems",
        ordinal=pl.col("evaluation_id"),
    )
    rows = listed.join(
        observations.select(evaluation_id="ordinal").with_row_index("observation"), on="evaluation_id"
    )
    used, build = np.unique(rows["place"].to_numpy(), return_inverse=True)
    return Listing(
        source,
        jobset,
        observations,
        places[used].with_columns(pl.col("build_id").cast(pl.String)),
        _WITHOUT_STATUS,
        rows.select("observation", build=pl.Series(build.astype(np.uint32))),
    )


def _evaluations(observations: pl.DataFrame) -> pl.DataFrame:
    """Columns of `evaluation_observed`; those without members have no list."""
    return observations.select(
        "id",
        "jobset",
        "observation_key",
        "observed_at",
        "systems",
        "inputs",
        source=pl.col("id").str.split(":evaluation:").list.first(),
        evaluation_id=pl.col("evaluation_id").cast(pl.String),
        ordinal=pl.col("evaluation_id"),
        occurred_at=pl.col("evaluated_at"),
        revision=pl.when(pl.col("revision").str.contains(r"\A[0-9a-f]{40}\z")).then("revision"),
        unit=pl.lit("job"),
        coverage=pl.lit("full"),
        listed_statuses=pl.lit(["all"], dtype=pl.List(pl.String)),
        evaluation_errors=pl.when(pl.col("evaluation_errors") != "").then(
            pl.col("evaluation_errors").str.head(LONGEST_ERRORS)
        ),
    )


def _states(source: str, builds: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Columns of `build_observed`, of builds once per instant."""
    ended = pl.col("is_finished")
    told = statuses.with_status(attempts.with_attempts(builds, tables.steps), tables.steps)
    return told.select(
        "observed_at",
        "attr",
        "system",
        "variant",
        "status",
        "source_status",
        "is_finished",
        "cause",
        "is_cached",
        "attempt",
        "machine",
        "queued_at",
        "drv_path",
        "failed_derivations",
        "propagated_from_build",
        source=pl.lit(source),
        jobset=_jobset(),
        build_id=pl.col("build_id").cast(pl.String),
        occurred_at=pl.when(ended).then("stopped_at"),
        started_at=pl.when(ended).then("started_at"),
        stopped_at=pl.when(ended).then("stopped_at"),
        time_kind=pl.when(ended & pl.col("stopped_at").is_not_null()).then(pl.lit("reported")),
    )
