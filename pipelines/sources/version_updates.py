"""Version updates of packages as the subjects of nixpkgs commits tell them: "attr: old -> new".

Attributes are as the author wrote them (`pythonPackages.x`, `python.pkgs.x`, `x`): nothing is resolved here.
Backports repeat an update on a release branch.
"""

from datetime import datetime
from pathlib import Path

import polars as pl

from models.events import SourceDeclared
from pipelines.sources import fields, values
from pipelines.sources.base import Facts, Known, Progress, reject

NAME = "nixpkgs-version-updates"
WANTS = "a Parquet file with the columns commit, committed_at, attr, from_version, to_version, in_nixpkgs_unstable"
SOURCE = "github.com/NixOS/nixpkgs"
COLUMNS = ("commit", "committed_at", "attr", "from_version", "to_version", "in_nixpkgs_unstable")
MAX_ROWS = 1_000_000


def recognises(path: Path) -> bool:
    """Whether a file of the folder has the columns."""
    return bool(_found(path))


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Every update, and the window that the history covers."""
    progress("reading version updates")
    frames, rejected = [], []
    for file in _found(path):
        told = values.parquet_table(file, COLUMNS, MAX_ROWS)
        typed = told.with_columns(
            pl.col("commit", "attr", "from_version", "to_version").cast(pl.String, strict=False),
            pl.col("committed_at").cast(pl.Datetime("us"), strict=False).dt.replace_time_zone("UTC"),
            pl.col("in_nixpkgs_unstable").cast(pl.Boolean, strict=False),
        )
        is_usable = (
            pl.col("commit").str.contains(r"\A[0-9a-f]{40}\z")
            & pl.col("committed_at").is_between(fields.EARLIEST, fields.LATEST, closed="left")
            & values.attr(pl.col("attr"))
            & values.word(pl.col("from_version"))
            & values.word(pl.col("to_version"))
        ).fill_null(value=False)
        usable = typed.select(is_usable).to_series()
        rejected += reject(
            told.filter(~usable), file.name, "update without a usable commit, instant, name or version"
        )
        frames.append(typed.filter(usable))
    updates = pl.concat(frames).sort("committed_at", "commit", "attr", "from_version", "to_version")
    facts = updates.select(
        "attr",
        "from_version",
        "to_version",
        source=pl.lit(SOURCE),
        observed_at=pl.col("committed_at").max(),
        occurred_at="committed_at",
        revision="commit",
        is_on_main_branch="in_nixpkgs_unstable",
    )
    declared = _declared(updates)
    told_already = known.ids("source_declared", SOURCE)
    return Facts(
        SOURCE,
        events=[event for event in declared if event.id not in told_already],
        frames={"package_updated": facts},
        rejected=rejected,
    )


def _found(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.iterdir())
        if file.suffix == ".parquet" and set(COLUMNS) <= values.parquet_columns(file)
    ]


def _declared(updates: pl.DataFrame) -> list[SourceDeclared]:
    """The window of the commits. None without any."""
    first, last = updates["committed_at"].min(), updates["committed_at"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return []
    return [
        SourceDeclared(
            id=f"{SOURCE}:source:version-updates:{first:%Y%m%dT%H%M%SZ}:{last:%Y%m%dT%H%M%SZ}",
            source=SOURCE,
            observed_at=last,
            dataset=NAME,
            title="Version updates told by the subjects of nixpkgs commits",
            covers="package_updated",
            first_at=first,
            last_at=last,
            licence="MIT (nixpkgs); only facts are kept: attributes, versions, commits, instants",
            url="https://github.com/NixOS/nixpkgs",
        )
    ]
