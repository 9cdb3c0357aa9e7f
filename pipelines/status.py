"""Every source and how it stands: newest answer, last success, lag, rejected inputs and gaps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines import polls
from pipelines.configuration import Configuration
from pipelines.log.store import EventLog
from pipelines.sources.hydra import consent, instance

WIDTH = 80
WITHOUT_JOBSET = (
    "channel_advanced",
    "package_marked_broken",
    "package_unmarked_broken",
    "derivation_observed",
    "output_observed",
    "package_set_evaluated",
    "package_updated",
    "package_owners_listed",
)
"""Event types that are about no jobset: their sources have one row of their own."""


@dataclass(frozen=True)
class Expected:
    """A live jobset that the configuration names."""

    source: str
    jobset: str
    freshness: timedelta
    blocked: str | None = None
    """Why it is not asked at all; null if it is."""


@dataclass(frozen=True)
class Standing:
    """How a jobset of a source stands."""

    source: str
    jobset: str
    newest_at: datetime | None
    """Newest answer in the log; null if none."""
    gaps: int
    rejected: int
    poll: polls.Poll | None
    expected: Expected | None

    def lag(self, now: datetime) -> timedelta | None:
        """Time since the last success of a live source; null for a history and for one never asked."""
        return now - self.poll.succeeded_at if self.poll and self.poll.succeeded_at else None

    def is_overdue(self, now: datetime) -> bool:
        """Whether a live source that may be asked was last heard longer ago than its freshness allows."""
        if self.expected is None or self.expected.blocked:
            return False
        lag = self.lag(now)
        return lag is None or lag > self.expected.freshness


def expected(configured: Configuration, environment: Mapping[str, str]) -> list[Expected]:
    """Every live jobset that is configured, over HTTP or by a database, and what keeps it from being asked."""
    found = []
    for live in configured.live:
        blocked = None
        if not consent.is_given(live.instance):
            blocked = "no contact is set or its operators were not asked (examples/instances.toml)"
        found += [
            Expected(live.instance.source, jobset.name, live.freshness, blocked)
            for jobset in live.instance.jobsets
        ]
    for database in configured.databases:
        source = instance.from_url(database.source_url, ()).source
        blocked = None
        if not environment.get(database.dsn_env):
            blocked = f"the environment variable {database.dsn_env} does not hold its database's address"
        found += [Expected(source, jobset, database.freshness, blocked) for jobset in database.jobsets]
    return found


def standings(log: EventLog, var: Path, expected: Iterable[Expected]) -> list[Standing]:
    """One row per jobset that is in the log or configured, in order of source and jobset."""
    answers = (
        log.scan("evaluation_observed")
        .group_by("source", "jobset")
        .agg(pl.col("observed_at").max())
        .collect()
    )
    newest: dict[tuple[str, str], datetime] = {(row[0], row[1]): row[2] for row in answers.iter_rows()}
    for event_type in WITHOUT_JOBSET:
        told = log.scan(event_type).group_by("source").agg(pl.col("observed_at").max()).collect()
        for source, at in told.iter_rows():
            newest[source, ""] = max(at, newest.get((source, ""), at))
    declared = (
        log.scan("gap_declared")
        .group_by("source", "jobset")
        .agg(
            gaps=(pl.col("kind") != "input_rejected").sum(),
            rejected=pl.col("rows").filter(pl.col("kind") == "input_rejected").sum(),
        )
        .collect()
    )
    missing = {(row[0], row[1] or ""): (row[2], row[3]) for row in declared.iter_rows()}
    asked = polls.read(var)
    wanted = {(one.source, one.jobset): one for one in expected}
    keys = sorted({*newest, *missing, *asked, *wanted})
    return [
        Standing(
            source,
            jobset,
            newest.get((source, jobset)),
            *missing.get((source, jobset), (0, 0)),
            asked.get((source, jobset)),
            wanted.get((source, jobset)),
        )
        for source, jobset in keys
    ]


def lines(found: Iterable[Standing], now: datetime) -> list[str]:
    """A table of at most 80 columns, two lines a jobset, and a third where something is wrong."""
    said = []
    for one in found:
        said.append(_cut(f"{one.source}  {one.jobset}".rstrip()))
        newest = f"{one.newest_at:%Y-%m-%d %H:%M}" if one.newest_at else "never"
        lag = one.lag(now)
        asked = "a history" if one.expected is None and one.poll is None else f"lag {_span(lag)}"
        said.append(
            f"    newest answer {newest:<17} {asked:<14} {one.gaps:>6,} gaps {one.rejected:>8,} rejected"
        )
        if one.expected and one.expected.blocked:
            said.append(_cut(f"    not asked: {one.expected.blocked}"))
        elif one.poll and one.poll.error:
            said.append(_cut(f"    last attempt {one.poll.attempted_at:%Y-%m-%d %H:%M}: {one.poll.error}"))
        elif one.is_overdue(now):
            said.append("    overdue")
    return said


def _span(lag: timedelta | None) -> str:
    if lag is None:
        return "unknown"
    hours = lag.total_seconds() / 3600
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.0f} d"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
