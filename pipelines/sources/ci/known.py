"""What the log holds of the runs of a CI: late parts are added to it, and what is known is not told again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

from models.vocabulary import Coverage, Unit
from pipelines.log import schema, state
from pipelines.log.store import EventLog
from pipelines.sources.ci.columns import JOBS


@dataclass(frozen=True)
class PastRun:
    """The newest observation of a run that the log holds and that was not taken back."""

    observation_id: str
    jobset: str
    ordinal: int
    observed_at: datetime
    occurred_at: datetime | None
    revision: str | None
    systems: tuple[str, ...]
    counts: tuple[tuple[str, int], ...] | None
    is_full: bool
    is_partial: bool | None
    evaluation_errors: str | None
    unit: Unit
    others: tuple[str, ...]
    """Ids of its older observations."""


@dataclass(frozen=True)
class PastSet:
    """A package set at a commit as the log has it, in its evaluation with most attributes."""

    observed_at: datetime
    committed_at: datetime | None
    is_partial: bool | None
    rows: list[tuple[str, str, int]]
    """System, attribute, derivation."""


class Past:
    """The log as the reader of a CI sees it. Without a log nothing is known."""

    def __init__(self, log: EventLog | None = None) -> None:
        self.log = log

    @cached_property
    def _retracted(self) -> set[str]:
        return set(self._scan("observation_retracted").select("observation_id").collect()["observation_id"])

    def _scan(self, event_type: str) -> pl.LazyFrame:
        return self.log.scan(event_type) if self.log else schema.polars_schema(event_type).to_frame().lazy()

    def ids(self, event_type: str, source: str) -> set[str]:
        """Ids of an event type's rows that are recorded for a source."""
        return set(self._scan(event_type).filter(pl.col("source") == source).select("id").collect()["id"])

    def derivations(self, source: str, wanted: Iterable[int]) -> list[dict[str, Any]]:
        """Rows of these derivations that are recorded for a source."""
        return self._of_derivations("derivation_observed", source, wanted)

    def details(self, source: str, event_ids: pl.Series) -> pl.DataFrame:
        """`event_id`, `event_type` and `details` of these events as they are recorded for a source."""
        wanted = event_ids.alias("event_id").to_frame().lazy()
        found = self._scan("ci_detail_observed").filter(pl.col("source") == source)
        return (
            found.join(wanted, on="event_id", how="semi")
            .select("event_id", "event_type", "details")
            .collect()
        )

    def outputs(self, source: str, wanted: Iterable[int]) -> list[dict[str, Any]]:
        """Rows of outputs of these derivations that are recorded for a source."""
        return self._of_derivations("output_observed", source, wanted)

    def _of_derivations(self, event_type: str, source: str, wanted: Iterable[int]) -> list[dict[str, Any]]:
        ids = pl.LazyFrame({"derivation_id64": pl.Series(sorted(set(wanted)), dtype=pl.Int64)})
        found = self._scan(event_type).filter(pl.col("source") == source)
        return found.join(ids, on="derivation_id64", how="semi").drop("batch", "version").collect().to_dicts()

    def package_set(self, source: str, package_set: str, revision: str) -> PastSet | None:
        """A package set at a commit; None where the log has none of it."""
        rows = (
            self._scan("package_set_evaluated")
            .filter(
                pl.col("source") == source,
                pl.col("package_set") == package_set,
                pl.col("revision") == revision,
            )
            .collect()
        )
        if rows.is_empty():
            return None
        most = rows.with_columns(attrs=pl.len().over("id")).sort(
            pl.col("attrs"), ~pl.col("is_partial").fill_null(value=True), "observed_at", "id"
        )
        last = most.row(-1, named=True)
        own = most.filter(pl.col("id") == last["id"])
        return PastSet(
            last["observed_at"],
            last["occurred_at"],
            last["is_partial"],
            own.select("system", "attr", "derivation_id64").rows(),
        )

    def runs(self, source: str, run_ids: Iterable[str]) -> dict[str, PastRun]:
        """Runs of a source by id, where the log has any of them."""
        wanted = pl.Series(sorted(run_ids), dtype=pl.String)
        rows = (
            self._scan("evaluation_observed")
            .filter(pl.col("source") == source, pl.col("evaluation_id").is_in(wanted.implode()))
            .sort("observed_at", "id")
            .collect()
        )
        found: dict[str, list[dict[str, object]]] = {}
        for row in rows.iter_rows(named=True):
            if row["id"] not in self._retracted:
                found.setdefault(row["evaluation_id"], []).append(row)
        return {run_id: _past(answers) for run_id, answers in found.items()}

    def jobs(self, source: str, uri: str, run_id: str, run: PastRun) -> pl.DataFrame:
        """The jobs of a run as last observed, in the columns of `JOBS`."""
        base = state.listing_at(self.log, source, run.jobset, run.observation_id) if self.log else None
        if base is None:
            return JOBS.to_frame()
        newest = (
            self._scan("build_observed")
            .filter(
                pl.col("source") == source,
                pl.col("jobset") == run.jobset,
                pl.col("build_id").is_in(base.listing["build_id"].implode()),
            )
            .collect()
            .sort("observed_at", "status", nulls_last=False)
            .unique("build_id", keep="last", maintain_order=True)
            .with_columns(
                cause_known=~((pl.col("cause") == "unknown") & (pl.col("status") == "failed")),
                failed_drvs=pl.col("failed_derivations"),
                builder=pl.col("machine"),
            )
        )
        missing = [name for name in JOBS.names() if name not in (*base.listing.columns, *newest.columns)]
        return (
            base.listing.join(
                newest.drop("attr", "system", "variant", "source"), on="build_id", maintain_order="left"
            )
            .with_columns(source=pl.lit(uri), run_id=pl.lit(run_id))
            .with_columns(
                pl.lit(None, dtype=JOBS[name]).alias(name)
                for name in missing
                if name not in ("source", "run_id")
            )
            .select(pl.col(name).cast(dtype) for name, dtype in JOBS.items())
        )


def _past(answers: list[dict[str, object]]) -> PastRun:
    last = answers[-1]
    totals: list[dict[str, object]] = last["totals"] or []  # type: ignore[assignment]
    return PastRun(
        observation_id=last["id"],  # type: ignore[arg-type]
        jobset=last["jobset"],  # type: ignore[arg-type]
        ordinal=last["ordinal"],  # type: ignore[arg-type]
        observed_at=last["observed_at"],  # type: ignore[arg-type]
        occurred_at=last["occurred_at"],  # type: ignore[arg-type]
        revision=last["revision"],  # type: ignore[arg-type]
        systems=tuple(last["systems"]),  # type: ignore[arg-type]
        counts=tuple((t["status"], t["n"]) for t in totals) or None,  # type: ignore[misc]
        is_full=last["coverage"] == Coverage.FULL,
        is_partial=last["is_partial"],  # type: ignore[arg-type]
        evaluation_errors=last["evaluation_errors"],  # type: ignore[arg-type]
        unit=Unit(last["unit"]),  # type: ignore[arg-type]
        others=tuple(answer["id"] for answer in answers[:-1]),  # type: ignore[misc]
    )
