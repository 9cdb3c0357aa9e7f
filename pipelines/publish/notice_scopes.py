"""What feeds of notices there are: a jobset, its maintained packages, an attribute set, a pattern, a channel, a wave.

A scope is a choice of jobs; an entry belongs to it if one of its jobs does, whether it failed itself or fell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.publish import text
from pipelines.replay.selections import pattern

KINDS = {
    "jobsets": "Jobsets",
    "maintained": "Packages with a maintainer",
    "channels": "Channels",
    "waves": "Waves",
    "patterns": "Patterns",
    "sets": "Attribute sets",
}
"""Kinds of feeds, in the order in which pages list them."""
MOST_SETS = 60
LEAST_FAILURES = 20
"""Attribute sets with a feed of their own: those in which at least so many failures began, the most of them first."""


@dataclass(frozen=True)
class Pattern:
    """A feed that the configuration names."""

    name: str
    globs: tuple[str, ...]
    """`*` stands for any letters but a dot, `**` for any."""


@dataclass(frozen=True)
class Scope:
    """A choice of jobs with a feed."""

    kind: str
    parts: tuple[str, ...]
    """What names it within its kind, as the parts of its path."""
    title: str
    holds: pl.Expr
    """Over source, jobset, attr and is_maintained of a job."""

    @property
    def place(self) -> str:
        """Path of its files below the folder of notices, without suffix."""
        return "/".join([self.kind, *(text.slug(part) for name in self.parts for part in name.split("/"))])


def scopes(
    failures: pl.DataFrame,
    jobsets: Sequence[tuple[str, str]],
    patterns: Sequence[Pattern],
    selections: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Iterator[Scope]:
    """Every scope there is, in the order of `KINDS`.

    `failures`: rows of `queries/notice_failures.sql`; `selections`: rows with source, jobset, attr and the name of the
    channel or wave, by kind.
    """
    for source, jobset in jobsets:
        yield Scope("jobsets", (source, jobset), jobset, _of_jobset(source, jobset))
    for source, jobset in (
        failures.filter("is_maintained")
        .select("source", "jobset")
        .unique()
        .sort("source", "jobset")
        .iter_rows()
    ):
        holds = _of_jobset(source, jobset) & pl.col("is_maintained")
        yield Scope("maintained", (source, jobset), f"{jobset}, maintained", holds)
    for kind in ("channels", "waves"):
        yield from _selected(kind, selections.get(kind, ()))
    for one in patterns:
        shown = one.name.replace("-", " ")
        yield Scope("patterns", (one.name,), shown, pl.col("attr").str.contains(_regex(one.globs)))
    attribute_set = pl.col("attr").str.split(".").list.first()
    counted = (
        failures.filter(pl.col("attr").str.contains(".", literal=True))
        .group_by(name=attribute_set)
        .agg(pl.col("failures").sum())
        .filter(pl.col("failures") >= LEAST_FAILURES)
        .sort("failures", "name", descending=[True, False])
        .head(MOST_SETS)
    )
    for name in counted["name"].to_list():
        yield Scope("sets", (name,), name, pl.col("attr").str.starts_with(f"{name}."))


def _of_jobset(source: str, jobset: str) -> pl.Expr:
    return (pl.col("source") == source) & (pl.col("jobset") == jobset)


def _selected(kind: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Scope]:
    by_name: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        jobsets = by_name.setdefault((row["source"], row["name"]), {})
        jobsets.setdefault(row["jobset"], []).append(row["attr"])
    for (source, name), jobsets in sorted(by_name.items()):
        holds = pl.any_horizontal(
            *(
                _of_jobset(source, jobset) & pl.col("attr").is_in(sorted(set(attrs)))
                for jobset, attrs in sorted(jobsets.items())
            )
        )
        yield Scope(kind, (source, name), name, holds)


def _regex(globs: Sequence[str]) -> str:
    """The globs for the engine of polars, which has no look-around; made of the same pieces as Python's."""
    return f"^(?:{pattern(list(globs)).pattern})$" if globs else "$^"
