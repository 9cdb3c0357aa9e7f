"""Markers of nixpkgs' Haskell packages: the list of broken ones, and changes of the list not to be built.

The broken list tells for each entry the day on which it was last marked and the failed build named as its
reason. Most entries are from one sweep in September 2023 that marked again what had been marked before, so a
date is that of the latest marking, not of the first. An entry without a date cannot be placed in time: it is
rejected, counted and kept in quarantine. The window that the list covers runs from its first to its last
date; what was marked before, or unmarked since, it does not tell.

The list of packages not to be built (`dont-distribute-packages`) comes as additions and removals by commit.
It is another marker than `broken`, with a window of its own.
"""

from datetime import UTC, date, datetime, time
from pathlib import Path

import polars as pl

from models.events import SourceDeclared
from pipelines.sources import fields, files
from pipelines.sources.base import Facts, Known, Progress

NAME = "Haskell broken markers"
WANTS = (
    "a CSV with the columns package, marked_date, build_id, reason_kind, "
    "or a file with committed_at, commit, package, event, platforms"
)
SOURCE = "github.com/NixOS/nixpkgs"
SCOPE = "haskellPackages."
BROKEN, DONT_DISTRIBUTE = "broken", "dont-distribute"

_SYSTEM = r'"?[a-z0-9_]{1,30}-[a-z0-9_]{1,30}"?'
BROKEN_FIELDS = (
    fields.word("package"),
    fields.day("marked_date"),
    fields.digits("build_id", is_optional=True),
    fields.matching("reason_kind", "[a-z_]{1,40}", "a word of small letters"),
)
CHANGE_FIELDS = (
    fields.instant("committed_at"),
    fields.revision("commit"),
    fields.word("package"),
    fields.matching("event", "added|removed", "added or removed"),
    fields.matching("platforms", rf"{_SYSTEM}( {_SYSTEM}){{0,19}}", "up to 20 systems"),
)


def recognises(path: Path) -> bool:
    """Whether a file of the folder has the columns of either list."""
    return bool(files.find(path, BROKEN_FIELDS) or files.find(path, CHANGE_FIELDS))


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Every marker that the log does not hold, and the windows that the lists cover."""
    progress("reading markers of packages")
    broken = files.read_all(
        files.find(path, BROKEN_FIELDS), BROKEN_FIELDS, key=("package", "marked_date", "build_id")
    )
    changes = files.read_all(
        files.find(path, CHANGE_FIELDS), CHANGE_FIELDS, key=("commit", "package", "event")
    )
    marked = pl.concat([_broken(broken.frame), _changed(changes.frame, "added", "marked_on")], how="diagonal")
    unmarked = _changed(changes.frame, "removed", "unmarked_on")
    told = known.ids("source_declared", SOURCE)
    declared = _declared(broken.frame, changes.frame)
    return Facts(
        SOURCE,
        events=[event for event in declared if event.id not in told],
        frames={
            "package_marked_broken": files.unknown(marked, known.ids("package_marked_broken", SOURCE)),
            "package_unmarked_broken": files.unknown(unmarked, known.ids("package_unmarked_broken", SOURCE)),
        },
        rejected=broken.rejected + changes.rejected,
    )


def _broken(rows: pl.DataFrame) -> pl.DataFrame:
    """Entries of the broken list as `package_marked_broken`; observed on the day that they name."""
    return rows.select(
        id=pl.format(
            "{}:marker:{}:{}:{}:{}",
            pl.lit(SOURCE),
            pl.lit(BROKEN),
            "package",
            "marked_date",
            pl.col("build_id").fill_null(""),
        ),
        source=pl.lit(SOURCE),
        observed_at=pl.col("marked_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        package="package",
        attr=pl.lit(SCOPE) + pl.col("package"),
        marked_on="marked_date",
        reason_kind="reason_kind",
        reason_build_id="build_id",
        systems=pl.lit([], dtype=pl.List(pl.String)),
        marker=pl.lit(BROKEN),
    )


def _changed(rows: pl.DataFrame, event: str, day: str) -> pl.DataFrame:
    """Additions or removals of the list not to be built, the day of the commit under the name `day`."""
    return rows.filter(pl.col("event") == event).select(
        pl.format(
            "{}:marker:{}:{}:{}:{}", pl.lit(SOURCE), pl.lit(DONT_DISTRIBUTE), "package", "commit", "event"
        ).alias("id"),
        pl.lit(SOURCE).alias("source"),
        pl.col("committed_at").alias("observed_at"),
        pl.col("committed_at").alias("occurred_at"),
        pl.col("package"),
        (pl.lit(SCOPE) + pl.col("package")).alias("attr"),
        pl.col("committed_at").dt.date().alias(day),
        pl.col("platforms")
        .str.replace_all('"', "")
        .str.split(" ")
        .list.unique()
        .list.sort()
        .alias("systems"),
        pl.lit(DONT_DISTRIBUTE).alias("marker"),
        pl.col("commit").alias("revision"),
    )


def _declared(broken: pl.DataFrame, changes: pl.DataFrame) -> list[SourceDeclared]:
    """The window of each list. Only the broken list covers `package_marked_broken`: outcomes rest on it."""
    windows = (
        (broken["marked_date"], BROKEN, "package_marked_broken", "Haskell packages marked broken"),
        (
            changes["committed_at"].dt.date(),
            DONT_DISTRIBUTE,
            "core.package_markers",
            "Haskell packages not to be built",
        ),
    )
    return [
        SourceDeclared(
            id=f"{SOURCE}:source:haskell-{marker}:{days.min()}:{days.max()}",
            source=SOURCE,
            observed_at=_midnight(days.max()),
            dataset=f"haskell-{marker}",
            title=f"{title}, as nixpkgs lists them",
            covers=covers,
            scope=SCOPE,
            first_at=_midnight(days.min()),
            last_at=_midnight(days.max()),
            licence="MIT",
            url="https://github.com/NixOS/nixpkgs",
        )
        for days, marker, covers, title in windows
        if days.len()
    ]


def _midnight(day: object) -> datetime:
    """A date's beginning in UTC."""
    if not isinstance(day, date):
        raise TypeError(f"{day!r} is not a date")
    return datetime.combine(day, time(), UTC)
