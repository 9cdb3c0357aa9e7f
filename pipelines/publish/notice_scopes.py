"""What feeds of notices there are: a jobset, its maintained packages, a channel, a wave, a team, a pattern, a set.

A scope is a choice of jobs; an entry belongs to it if one of its jobs does, whether it failed itself or fell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.publish import text
from pipelines.replay.selections import pattern

KINDS = {
    "jobsets": "Jobsets",
    "maintained": "Packages with a maintainer",
    "channels": "Channels",
    "waves": "Waves",
    "teams": "Teams",
    "patterns": "Patterns",
    "sets": "Attribute sets",
}
"""Kinds of feeds, in the order in which pages list them."""
MOST_SETS = 60
LEAST_FAILURES = 20
"""Attribute sets with a feed: those in which at least so many failures ever began, the most of them first."""


@dataclass(frozen=True)
class Pattern:
    """A feed that the configuration names."""

    name: str
    globs: tuple[str, ...] = ()
    """`*` stands for any letters but a dot, `**` for any."""
    maintainers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    """Handles; whose packages these are is known from lists of owners."""


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


@dataclass(frozen=True)
class Known:
    """What feeds may be about.

    `jobsets`, `maintained`: (source, jobset), the latter where the source tells what is maintained. `selections`: rows
    with source, jobset, attr and the name of the channel or wave, by kind. `owners`: rows with owner_kind, owner and
    attr. `sets`: attribute sets with the failures that ever began in them, the most first.
    """

    jobsets: Sequence[tuple[str, str]]
    maintained: Sequence[tuple[str, str]] = ()
    selections: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    owners: Sequence[Mapping[str, Any]] = ()
    sets: Sequence[tuple[str, int]] = ()


def scopes(known: Known, patterns: Sequence[Pattern]) -> Iterator[Scope]:
    """Every scope there is, in the order of `KINDS`.

    Teams have a feed each; a maintainer has one only where a pattern of the configuration names them.
    """
    owned = _owned(known.owners)
    for source, jobset in known.jobsets:
        yield Scope("jobsets", (source, jobset), jobset, _of_jobset(source, jobset))
    for source, jobset in known.maintained:
        holds = _of_jobset(source, jobset) & pl.col("is_maintained")
        yield Scope("maintained", (source, jobset), f"{jobset}, maintained", holds)
    for kind in ("channels", "waves"):
        yield from _selected(kind, known.selections.get(kind, ()))
    for (kind, _), (team, attrs) in sorted(owned.items()):
        if kind == "team":
            yield Scope("teams", (team,), team, pl.col("attr").is_in(sorted(attrs)))
    for one in patterns:
        shown = one.name.replace("-", " ")
        yield Scope("patterns", (one.name,), shown, _of_pattern(one, owned))
    for name in [name for name, failures in known.sets if failures >= LEAST_FAILURES][:MOST_SETS]:
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


def _owned(owners: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[str, set[str]]]:
    """Attributes by kind and handle in small letters, with the handle as it was told first."""
    found: dict[tuple[str, str], tuple[str, set[str]]] = {}
    for row in owners:
        key = row["owner_kind"], row["owner"].lower()
        found.setdefault(key, (row["owner"], set()))[1].add(row["attr"])
    return found


def _of_pattern(one: Pattern, owned: Mapping[tuple[str, str], tuple[str, set[str]]]) -> pl.Expr:
    named = [("maintainer", name) for name in one.maintainers] + [("team", name) for name in one.teams]
    attrs = {attr for kind, name in named for attr in owned.get((kind, name.lower()), ("", set()))[1]}
    return pl.col("attr").str.contains(_regex(one.globs)) | pl.col("attr").is_in(sorted(attrs))


def _regex(globs: Sequence[str]) -> str:
    """The globs for the engine of polars, which has no look-around; made of the same pieces as Python's."""
    return f"^(?:{pattern(list(globs)).pattern})$" if globs else "$^"
