"""What the log says of a jobset now: the newest durable observation, its listing, statuses of builds.

Only what is needed to write the next change: from the key frame before it on.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.log.distinct import distinct
from pipelines.log.facts import SAME
from pipelines.log.listings import KEY, Base
from pipelines.log.store import EventLog

FEW_WORDS = 8
LARGEST_ID = 2**40
"""Of what is told apart by one number: five columns of so few words each, and an id up to here, fit into one."""
ORDER = ["ordinal", "evaluation_id", "observed_at", "id"]
"""Order of the observations of a jobset."""


def newest(log: EventLog, source: str, jobset: str) -> Base | None:
    """The newest observation of the jobset by (ordinal, evaluation, observed_at, id), with its listing."""
    observations = _observations(log, source, jobset)
    return (
        None if observations.is_empty() else _base(log, source, jobset, observations, observations["id"][-1])
    )


def listing_at(log: EventLog, source: str, jobset: str, observation_id: str) -> Base | None:
    """An observation of the jobset with its listing; None if it has none, or if the way to it is broken."""
    observations = _observations(log, source, jobset)
    if observation_id not in observations["id"]:
        return None
    return _base(log, source, jobset, observations, observation_id)


def _observations(log: EventLog, source: str, jobset: str) -> pl.DataFrame:
    """Observations of the jobset that have a listing, in their order."""
    return (
        log.scan("evaluation_observed")
        .filter(pl.col("source") == source, pl.col("jobset") == jobset, pl.col("listed_rows").is_not_null())
        .select("batch", *ORDER, "systems", "listed_rows", "listing_checksum")
        .sort(ORDER)
        .collect()
    )


def _base(
    log: EventLog, source: str, jobset: str, observations: pl.DataFrame, observation_id: str
) -> Base | None:
    edges = (
        log.scan("membership_changed")
        .filter(pl.col("source") == source, pl.col("jobset") == jobset)
        .select("observation_id", "base_observation_id")
        .unique()
        .collect()
    )
    path = _path_back(observation_id, observations, dict(edges.iter_rows()))
    if path is None:
        return None
    rows = (
        log.scan("membership_changed")
        .filter(
            pl.col("source") == source,
            pl.col("jobset") == jobset,
            pl.col("observation_id").is_in(pl.Series(path, dtype=pl.String).implode()),
        )
        .select("observation_id", *KEY, "change", "build_id")
        .collect()
    )
    systems = dict(observations.select("id", "systems").iter_rows())
    return Base(
        observation_id=observation_id,
        systems=systems[observation_id],
        listing=replay(path, rows, systems),
        since_key_frame=len(path) - 1,
    )


def facts(log: EventLog, source: str, jobset: str, builds: pl.Series) -> pl.DataFrame:
    """Every fact that the log has about builds of the jobset: what a new one is compared with."""
    columns = ("build_id", "observed_at", "status", "cause", "is_finished")
    return (
        log.scan("build_observed")
        .filter(pl.col("source") == source, pl.col("jobset") == jobset)
        .join(builds.alias("build_id").to_frame().lazy(), on="build_id", how="semi")
        .select(columns)
        .collect()
    )


def untold(log: EventLog, told: pl.DataFrame) -> pl.DataFrame:
    """The rows of `told`, columns of `build_observed`, that the log does not hold word for word already.

    Asked before `build_facts`, of few columns and of the same instants: most of what a source tells again is there.
    """
    instants = told["observed_at"]
    there = (
        log.scan("build_observed")
        .filter(
            pl.col("source").is_in(distinct(told["source"]).implode()),
            pl.col("observed_at").is_between(instants.min(), instants.max()),
        )
        .select(SAME)
        .collect()
    )
    numbers = _numbers(told, there)
    if numbers is None:
        return told.join(there, on=SAME, how="anti", maintain_order="left")
    return told.filter(~numbers[0].is_in(numbers[1].implode()))


def _numbers(told: pl.DataFrame, there: pl.DataFrame) -> tuple[pl.Series, pl.Series] | None:
    """A number for each row of both, equal where the rows are; None where they are not of a form that has one.

    Whole numbers as ids, and few distinct words: as Hydra's builds are. Looking for a number takes a tenth of looking
    for six texts.
    """
    if told.is_empty() or there.is_empty():
        return None
    numbers = []
    words = {
        name: pl.concat([distinct(told[name]), distinct(there[name])]).unique()
        for name in SAME
        if name != "build_id"
    }
    if any(len(of) > FEW_WORDS or of.null_count() for of in words.values()):
        return None
    for rows in (told, there):
        build = rows["build_id"].cast(pl.Int64, strict=False)
        if build.null_count() or not build.is_between(0, LARGEST_ID).all():
            return None
        if not (build.cast(pl.String) == rows["build_id"]).all():
            return None
        number = pl.lit(build)
        for name, of in words.items():
            number = number * len(of)
            for place, word in enumerate(of[1:], start=1):
                number += pl.when(pl.col(name) == pl.lit(word, of.dtype)).then(place).otherwise(0)
        numbers.append(rows.select(number.alias("number")).to_series())
    return numbers[0], numbers[1]


def build_facts(log: EventLog, told: pl.DataFrame) -> pl.DataFrame:
    """Every fact that the log has about the builds of `told` (source, build_id), whatever the jobset."""
    wanted = told.select("source", "build_id").unique()
    return (
        log.scan("build_observed")
        .filter(
            pl.col("source").is_in(wanted["source"].unique().implode()),
            pl.col("build_id").is_in(wanted["build_id"].unique().implode()),
        )
        .select(
            "source", "build_id", "observed_at", "status", "is_finished", "cause", "stopped_at", "drv_path"
        )
        .collect()
    )


def _path_back(last: str, observations: pl.DataFrame, bases: dict[str, str | None]) -> list[str] | None:
    """Observations from a key frame to `last`, oldest first; None if the way back is broken.

    An observation without changes has the listing of its base, which is not recorded. The first one written
    with that listing stands for it: it has changes, or no rows at all.
    """
    written: dict[tuple[int, int], str] = {}
    listings: dict[str, tuple[int, int]] = {}
    for identity, rows, checksum in (
        observations.sort("batch", *ORDER).select("id", "listed_rows", "listing_checksum").iter_rows()
    ):
        listings[identity] = rows, checksum
        written.setdefault((rows, checksum), identity)
    path: list[str] = []
    at: str | None = last
    while at is not None and at in listings and at not in path:
        if at not in bases:
            at = written[listings[at]]
        path.append(at)
        if listings[at][0] == 0 or bases.get(at, "") is None:
            return path[::-1]
        at = bases.get(at)
    return None


def replay(path: Sequence[str], rows: pl.DataFrame, systems: dict[str, list[str]]) -> pl.DataFrame:
    """Listing after the last observation of a path that begins with a key frame.

    A job's newest change counts, unless an observation after it does not cover its system.
    """
    place = pl.DataFrame(
        {"observation_id": path, "position": range(len(path))}, schema_overrides={"position": pl.Int64}
    )
    last_uncovered = {
        system: max((n for n, identity in enumerate(path) if system not in systems[identity]), default=-1)
        for system in {s for identity in path for s in systems[identity]}
    }
    uncovered = pl.DataFrame(
        {"system": list(last_uncovered), "uncovered": list(last_uncovered.values())},
        schema={"system": pl.String, "uncovered": pl.Int64},
    )
    return (
        rows.join(place, on="observation_id")
        .sort("position")
        .group_by(KEY, maintain_order=True)
        .last()
        .join(uncovered, on="system")
        .filter(pl.col("change") != "unlisted", pl.col("position") > pl.col("uncovered"))
        .select(*KEY, "build_id")
        .sort(KEY)
    )
