"""The history of channel advances that nix-channel-monitor kept: when a channel pointed to which commit.

The monitor polls, so an advance is dated some minutes late, and rows from before it began carry the date of
their commit only. It sees a pointer, not its change: a channel's earliest dated row is a *first sight* and
not an advance if the monitor had only just begun (within `FIRST_ROUND` of its earliest row), or if the commit
was already older than `STANDING_COMMIT`, as of channels that it was told about late.

Release names lie in a second file, without the whole commit. A name is given to the advance of its channel
whose commit begins as the name ends, if that is one only. A name that comes in a later copy than its advance
is not added.
"""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from models.events import SourceDeclared
from pipelines.sources import fields, files
from pipelines.sources.base import Facts, Known, Progress

NAME = "channel history"
WANTS = "a CSV with the columns channel, commit_date, detected_at, commit"
SOURCE = "github.com/grahamc/nix-channel-monitor"
FIRST_ROUND = timedelta(hours=1)
STANDING_COMMIT = timedelta(days=30)
"""New channels arrived with commits of up to 15 days, channels found late with ones of 170 days and more."""

ADVANCE_FIELDS = (
    fields.word("channel"),
    fields.instant("commit_date"),
    fields.instant("detected_at", is_optional=True),
    fields.revision("commit"),
)
RELEASE_FIELDS = (fields.word("channel"), fields.word("release"), fields.instant("detected_at"))


def recognises(path: Path) -> bool:
    """Whether a file of the folder has the columns of the advances."""
    return bool(files.find(path, ADVANCE_FIELDS))


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Every advance that the log does not hold, and the window that the history covers."""
    progress("reading channel advances")
    advances = files.read_all(
        files.find(path, ADVANCE_FIELDS),
        [
            fields.word("channel"),
            fields.instant("commit_date"),
            fields.instant("detected_at", is_optional=True),
            fields.revision("commit"),
        ],
        key=("channel", "commit"),
    )
    releases = files.read_all(files.find(path, RELEASE_FIELDS), RELEASE_FIELDS)
    named = _named(_dated(advances.frame), releases.frame, progress)
    facts = named.select(
        id=pl.format("{}:advance:{}:{}", pl.lit(SOURCE), "channel", "commit"),
        source=pl.lit(SOURCE),
        observed_at=pl.coalesce("detected_at", "commit_date"),
        occurred_at="detected_at",
        channel="channel",
        revision="commit",
        commit_at="commit_date",
        is_first_sight="is_first_sight",
        release="release",
    )
    declared = _declared(advances.frame)
    told = known.ids("source_declared", SOURCE)
    return Facts(
        SOURCE,
        events=[event for event in declared if event.id not in told],
        frames={"channel_advanced": files.unknown(facts, known.ids("channel_advanced", SOURCE))},
        rejected=advances.rejected + releases.rejected,
    )


def _dated(advances: pl.DataFrame) -> pl.DataFrame:
    """Advances with `is_first_sight`, as the module's docstring defines it."""
    detected = pl.col("detected_at")
    earliest_of_channel = detected == detected.min().over("channel")
    is_new_to_monitor = detected < detected.min() + FIRST_ROUND
    is_standing = detected - pl.col("commit_date") > STANDING_COMMIT
    return advances.with_columns(
        is_first_sight=(earliest_of_channel & (is_new_to_monitor | is_standing)).fill_null(False)
    )


def _named(advances: pl.DataFrame, releases: pl.DataFrame, progress: Progress) -> pl.DataFrame:
    """Advances with the name of the release that the monitor saw first for it, null where it saw none."""
    ends = releases.with_columns(end=pl.col("release").str.extract(r"\.([0-9a-f]{7,40})$"))
    matches = (
        advances.select("channel", "commit", start=pl.col("commit").str.slice(0, 7))
        .join(ends.with_columns(start=pl.col("end").str.slice(0, 7)), on=["channel", "start"])
        .filter(pl.col("commit").str.starts_with(pl.col("end")))
        .filter(pl.col("commit").n_unique().over("channel", "release") == 1)
    )
    first = matches.sort("detected_at", "release").unique(
        ["channel", "commit"], keep="first", maintain_order=True
    )
    names = releases.select("channel", "release").unique()
    unmatched = names.join(matches, on=["channel", "release"], how="anti")
    progress(
        f"{names.height:,} release names: {names.height - unmatched.height:,} name an advance, "
        f"{unmatched.height:,} do not"
    )
    return advances.join(
        first.select("channel", "commit", "release"),
        on=["channel", "commit"],
        how="left",
        maintain_order="left",
    )


def _declared(advances: pl.DataFrame) -> list[SourceDeclared]:
    """The window in which advances were watched: first to last detection. None without any."""
    first, last = advances["detected_at"].min(), advances["detected_at"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return []
    return [
        SourceDeclared(
            id=f"{SOURCE}:source:channel-history:{first:%Y%m%dT%H%M%SZ}:{last:%Y%m%dT%H%M%SZ}",
            source=SOURCE,
            observed_at=last,
            dataset="channel-history",
            title="Channel advances as nix-channel-monitor saw them",
            covers="channel_advanced",
            first_at=first,
            last_at=last,
            licence="none stated; plain facts (channel, commit, time)",
            url="https://github.com/grahamc/nix-channel-monitor",
        )
    ]
