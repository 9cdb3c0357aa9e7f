"""What a notice says: its title, its text and HTML, and the digest of a feed. Every fact comes from the entry's row.

Text of sources (names of jobs, ids) is escaped in HTML and Markdown; plain text is left for the feeds to clean.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pipelines.publish.feeds import clean
from pipelines.publish.text import counted, day, days, esc, evidence, exact, link, number

_MARKS = re.compile(r"([\\\\`*\[\]~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
SHOWN = 12
"""Jobs that a notice names; their number says how many there are."""
WEEK = timedelta(days=7)
Fact = tuple[str, str, str]
"""Its name, what it says as plain text, and as HTML."""
ENDINGS = {
    "fixed": "is green again",
    "cleared": "left the list of failures",
    "removed": "was removed",
    "marked_broken": "ended after it was marked broken",
    "mixed": "does not fail any more",
}
NIXPKGS = ("nixpkgs/", "nixos/")
"""Projects whose jobsets evaluate nixpkgs, so that their revisions are commits of it."""


@dataclass(frozen=True)
class Told:
    """An entry as one feed tells it."""

    row: Mapping[str, Any]
    """Row of `metrics.regressions`, with `as_of_at` of its jobset."""
    jobs: Sequence[Mapping[str, Any]]
    """Jobs of the entry that the feed is about, own failures first."""
    suspects: Sequence[Mapping[str, Any]] = ()
    """What changed nearest to the root in the dependency graph, the nearest first."""


def title(told: Told) -> str:
    """One line: what fails or failed, where, with how many others."""
    row = told.row
    place = f" [{row['jobset']}]"
    if row["kind"] == "burst":
        what = f"{counted(row['own_jobs'], 'job')} began to fail at once"
        if row["outcome"] != "open":
            what += "; none fails any more"
        return what + place
    name = row["root"]
    if row["outcome"] != "open":
        return f"{name} {ENDINGS[row['outcome']]} on {_systems(row)}{place}"
    others = f", and {counted(row['fallout_jobs'], 'job')} with it" if row["fallout_jobs"] else ""
    what = (
        "fails"
        if row["kind"] == "job"
        else "fails elsewhere"
        if row["kind"] == "elsewhere"
        else "(an input) fails"
    )
    return f"{name} {what} on {_systems(row)}{others}{place}"


def facts(told: Told) -> list[Fact]:
    """Everything that a notice says, in its order."""
    row = told.row
    found = [
        ("First bad evaluation", *_evaluation(row, "first_bad_evaluation_id", "first_bad_at")),
        ("Last good evaluation", *_good(row)),
        ("Commits", *_commits(row)),
        ("Suspects", *_suspects(told)),
    ]
    build = evidence(row["source"], "build", row["first_build_id"])
    if build:
        found.append(("Build", build, link(esc(build), esc(build))))
    state = (
        f"failing still: {counted(row['open_jobs'], 'job')} of {number(row['own_jobs'] + row['fallout_jobs'])}"
        if row["outcome"] == "open"
        else f"{ENDINGS[row['outcome']]} on {day(row['green_at'])}, "
        f"after {days((row['green_at'] - row['first_bad_at']).total_seconds() / 86400)}"
    )
    found.append(("State", state, esc(state)))
    notes = [
        words
        for words, holds in (
            ("a derivation that failed is known to be flaky", row["is_flaky"]),
            ("a verdict on completeness that is not final touches it", row["is_provisional"]),
        )
        if holds
    ]
    if notes:
        found.append(("Note", "; ".join(notes), esc("; ".join(notes))))
    found.append((f"Jobs ({number(len(told.jobs))})", *_jobs(told)))
    return found


def text(told: Sequence[Fact]) -> str:
    """The facts as plain text, one a line."""
    return "\n".join(f"{name}: {plain}" for name, plain, _ in told)


def html(told: Sequence[Fact]) -> str:
    """The facts as HTML."""
    return "<dl>" + "".join(f"<dt>{esc(name)}</dt><dd>{shown}</dd>" for name, _, shown in told) + "</dl>"


def digest(name: str, entries: Sequence[Told], as_of: datetime | None, data_version: str) -> str:
    """The newest week of a feed as Markdown: what began, by evaluation, what is over, how much older goes on."""
    fresh = [one for one in entries if one.row["updated_at"] > one.row["as_of_at"] - WEEK]
    failing = [one for one in fresh if one.row["outcome"] == "open"]
    over = [one for one in fresh if one.row["outcome"] != "open"]
    older = sum(one.row["outcome"] == "open" for one in entries) - len(failing)
    still = f"{counted(older, 'older notice')} of this feed {'is' if older == 1 else 'are'} of failures that go on."
    lines = [
        f"# Regressions: {markdown(name)}",
        "",
        f"Seven days to {day(as_of)}, data version {data_version[:12]}. {still}",
        "",
        f"## Failing ({number(len(failing))})",
        "",
        *(_by_evaluation(failing) or ["Nothing new.", ""]),
        f"## Over ({number(len(over))})",
        "",
        *([f"- {markdown(title(one))}" for one in over] or ["Nothing."]),
    ]
    return "\n".join(lines) + "\n"


def markdown(text: str) -> str:
    """Text that is inert in Markdown and stays readable as it is."""
    flat = " ".join(clean(text).split())
    safe = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", safe)


def _by_evaluation(entries: Sequence[Told]) -> list[str]:
    """The entries under the evaluations in which they began, the newest first."""
    order = sorted(
        entries, key=lambda one: (-one.row["first_bad_at"].timestamp(), one.row["first_bad_evaluation_id"])
    )
    lines = []
    for name, of in itertools.groupby(
        order, key=lambda one: (one.row["source"], one.row["first_bad_evaluation_id"])
    ):
        rows = list(of)
        first = rows[0].row
        address = evidence(first["source"], "eval", name[1])
        shown = f"[{markdown(name[1])}]({address})" if address else markdown(name[1])
        commits = _commits(first)[0] if first["first_bad_revision"] and first["last_good_revision"] else ""
        lines += [
            f"### Evaluation {shown}, {day(first['first_bad_at'])}",
            "",
            *([f"Commits {markdown(commits)}", ""] if commits else []),
            *(f"- {markdown(title(one))}" for one in sorted(rows, key=title)),
            "",
        ]
    return lines


def _systems(row: Mapping[str, Any]) -> str:
    return ", ".join(row["systems"].split(" "))


def _evaluation(row: Mapping[str, Any], key: str, at: str | None) -> tuple[str, str]:
    shown = str(row[key])
    when = f" ({exact(row[at])})" if at else ""
    address = evidence(row["source"], "eval", row[key])
    plain = shown + when + (f" {address}" if address and at else "")
    return plain, link(esc(shown), address and esc(address)) + esc(when)


def _good(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["last_good_evaluation_id"] is None:
        return "not known", "not known"
    plain, shown = _evaluation(row, "last_good_evaluation_id", "last_good_at")
    unsure = "" if row["is_last_good_seen"] else "; its list of failures does not have it, green was not seen"
    return plain + unsure, shown + unsure


def _commits(row: Mapping[str, Any]) -> tuple[str, str]:
    good, bad = row["last_good_revision"], row["first_bad_revision"]
    if good is None or bad is None:
        one = (
            f"up to {bad}, from where on is not known" if bad else "not known: the source tells no revisions"
        )
        return one, esc(one)
    if good == bad:
        words = f"none: both are evaluations of {bad}"
        return words, esc(words)
    plain = f"{good[:12]}..{bad[:12]}"
    address = f"https://github.com/NixOS/nixpkgs/compare/{quote(good)}...{quote(bad)}"
    is_nixpkgs = row["jobset"].startswith(NIXPKGS)
    return (f"{plain} {address}", link(esc(plain), esc(address))) if is_nixpkgs else (plain, esc(plain))


def _suspects(told: Told) -> tuple[str, str]:
    if not told.suspects:
        words = "not known: no dependency graph of these evaluations is there"
        return words, words
    parts = []
    for one in told.suspects[:SHOWN]:
        if one["evidence"] == "earlier_failures":
            how = "it changed, and made this fall before"
        elif one["distance"] == 0:
            how = f"itself, was {one['before']}" if one["before"] else "itself"
        else:
            was = f", was {one['before']}" if one["before"] and one["before"] != one["suspect"] else ""
            how = f"{counted(one['distance'], 'step')} away{was}"
        parts.append(f"{one['suspect']} ({how})")
    more = f" and {number(len(told.suspects) - SHOWN)} more" if len(told.suspects) > SHOWN else ""
    return ", ".join(parts) + more, esc(", ".join(parts)) + more


def _jobs(told: Told) -> tuple[str, str]:
    names: dict[str, list[str]] = {}
    for job in told.jobs:
        role = "" if job["role"] == "own" else "fell: "
        names.setdefault(f"{role}{job['attr']}", []).append(job["system"])
    parts = [f"{name} ({', '.join(dict.fromkeys(systems))})" for name, systems in names.items()]
    more = f" and {number(len(parts) - SHOWN)} more" if len(parts) > SHOWN else ""
    shown = "; ".join(esc(part, 200) for part in parts[:SHOWN]) + more
    return "; ".join(parts[:SHOWN]) + more, shown
