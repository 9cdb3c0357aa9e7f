"""From a Hydra over HTTP to the log: crawl, tables, facts, one batch. Says what a run did and where it stopped."""

import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.errors import BadInput
from pipelines.ingest import Ingested, known, record
from pipelines.log.lock import exclusive
from pipelines.log.store import EventLog
from pipelines.side_by_side import ALONE, Beside
from pipelines.sources.hydra import consent, crawled
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.crawl import Outcome, crawl
from pipelines.sources.hydra.declared import declared
from pipelines.sources.hydra.facts import facts
from pipelines.sources.hydra.instance import Instance, JobsetConfig
from pipelines.sources.hydra.outcomes import Clock, NotAsked
from pipelines.sources.hydra.store import Store


def ingest_hydra(
    instance: Instance,
    jobsets: tuple[str, ...],
    var: Path,
    log: EventLog,
    quarantine: Path,
    progress: Callable[[str], None],
    now: Callable[[], datetime],
    clock: Clock | None = None,
    *,
    is_doubtful: bool = False,
    beside: Beside = ALONE,
) -> list[Ingested]:
    """Ask for what is new in the jobsets (empty: the instance's own) and append it as one batch.

    What was answered is kept and recorded even when the run then gives up. `is_doubtful`: it did not answer when it
    was asked last, so one short attempt decides whether it is asked at all. `beside`: what else the run does
    meanwhile; the log is read and written in its turn. Raises BadInput (no consent, no jobset), Busy, GaveUp.
    """
    consent.require(instance)
    configs = _chosen(instance, jobsets)
    folder = var / "crawl"
    name = file_name(instance.source)
    with (
        exclusive(folder / f"{name}.lock", f"the crawl of {instance.source}"),
        closing(Store(folder / f"{name}.sqlite")) as store,
    ):
        ticking = clock or Clock(time.monotonic, time.sleep, now)
        stop = stop_switch(folder / "STOP", instance, ticking, beside)
        with beside.turn:
            there = _jobsets(log, instance.source)
        with closing(Client(instance, ticking, stop, is_awaited=beside.is_awaited)) as client:
            outcome = crawl(instance, configs, store, client, there, progress, is_doubtful=is_doubtful)
        progress(outcome.sentence())
        with beside.turn:
            if beside.is_over():
                return []
            done = _record(instance, configs, store, log, quarantine, progress)
    return _ended(instance.source, outcome, done)


def _ended(source: str, outcome: Outcome, done: Ingested) -> list[Ingested]:
    if outcome.gave_up is not None:
        raise outcome.gave_up
    if outcome.is_stopped and not outcome.requests:
        raise NotAsked(f"{source} was not asked: {outcome.ended}.")
    if outcome.problems:
        raise BadInput("; ".join(outcome.problems) + ".")
    return [done]


def file_name(source: str) -> str:
    """A source's name as the name of a file."""
    return "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in source)


def stop_switch(
    file: Path, instance: Instance, clock: Clock, beside: Beside = ALONE
) -> Callable[[], str | None]:
    """Why to end between two requests: the file is there, the window of time is closed, or the run has ended."""

    def stop() -> str | None:
        if beside.is_over():
            return "the run has ended"
        if file.exists():
            return f"{file} is there: remove it to go on"
        if not instance.is_open(clock.now()):
            return "outside of the configured window of time"
        return None

    return stop


def _chosen(instance: Instance, jobsets: tuple[str, ...]) -> tuple[JobsetConfig, ...]:
    configured = {config.name: config for config in instance.jobsets}
    chosen = tuple(configured.get(name, JobsetConfig(name)) for name in jobsets) or instance.jobsets
    if not chosen:
        raise BadInput(f"{instance.source} has no configured jobset: name one with --jobset PROJECT/JOBSET.")
    return chosen


def _jobsets(log: EventLog, source: str) -> frozenset[str]:
    """Jobsets of the source for which the log has evaluations."""
    rows = log.scan("evaluation_observed").filter(pl.col("source") == source)
    return frozenset(rows.select(pl.col("jobset").unique()).collect()["jobset"].to_list())


def recorded(log: EventLog, source: str, names: Collection[str]) -> crawled.Recorded:
    """What the log has of these jobsets in full."""

    def of_jobsets(event_type: str) -> pl.LazyFrame:
        rows = log.scan(event_type).filter(pl.col("source") == source)
        return rows.filter(pl.col("jobset").is_in(sorted(names)))

    def numbers(rows: pl.LazyFrame, column: str) -> frozenset[int]:
        return frozenset(rows.select(pl.col(column).cast(pl.Int64, strict=False)).collect().to_series())

    build = pl.col("build_id").cast(pl.Int64, strict=False)
    return crawled.Recorded(
        numbers(of_jobsets("evaluation_observed").filter(pl.col("coverage") == "full"), "evaluation_id"),
        of_jobsets("build_observed").select(build, "observed_at").drop_nulls().collect(),
        numbers(of_jobsets("aggregate_observed"), "build_id"),
    )


def _record(
    instance: Instance,
    configs: tuple[JobsetConfig, ...],
    store: Store,
    log: EventLog,
    quarantine: Path,
    progress: Callable[[str], None],
) -> Ingested:
    source = instance.source
    names = {named[0] for config in configs if (named := store.recorded_name(config.name))}
    configured = [config.name for config in configs]
    with log.writer_lock():
        seen = known(log)
        tables = crawled.tables(store, names, recorded(log, source, names))
        told = facts(source, tables, seen)
        known_gaps = seen.ids("gap_declared", source)
        found = crawled.gaps(store, source, names) + crawled.jobset_gaps(store, source, configured)
        fresh = [gap for gap in found if gap.id not in known_gaps]
        said = declared(source, instance.url, tables.evaluations, seen)
        events = [*told.events, *fresh, *said]
        return record(replace(told, events=events), source, log, quarantine, progress)
