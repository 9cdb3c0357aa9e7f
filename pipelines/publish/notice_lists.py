"""Lists of attributes for patches: what to mark as broken and what to unmark, per jobset and system, with their feeds.

A list is plain text, one attribute a line, sorted, ready to be read by a script; a feed tells of each candidate once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines.publish import feeds, text
from pipelines.publish.feeds import Entry, Feed
from pipelines.publish.text import day, days, esc, evidence, link

FOLDER = "notices"
MOST = 100
CANDIDATE_AFTER = timedelta(days=90)
"""From when on an own failure is a candidate, as metrics.broken_marker_candidates has it."""
WORDS = {"mark_broken": "Candidates to mark as broken", "unmark": "Candidates to take the broken marker from"}
_QUERIES = {"mark_broken": "notice_candidates", "unmark": "notice_unmark"}
Rows = Callable[..., list[dict[str, Any]]]


@dataclass(frozen=True)
class Written:
    """What was written, for the pages that list it."""

    feeds: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """By kind: place, title, failures, notices, open, over, newest_at."""
    lists: Sequence[Mapping[str, Any]] = ()
    """Lists of attributes: place, word, source, jobset, system, jobs, as_of_at."""


def lists(rows: Rows, folder: Path, site_url: str | None) -> list[dict[str, Any]]:
    """Write every list with its feeds; what was written, for pages: place, word, jobset, system, jobs, as_of_at."""
    made = []
    for word, query in _QUERIES.items():
        parts: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for row in rows(query):
            parts.setdefault((row["source"], row["jobset"], row["system"]), []).append(row)
        for one in rows("notice_systems"):
            of = parts.get((one["source"], one["jobset"], one["system"]), [])
            place = f"{FOLDER}/{text.place(word, one['source'], one['jobset'])}/{text.slug(one['system'])}"
            _write(word, place, one, of, folder, site_url)
            made.append({**one, "place": place, "word": word, "jobs": len(attributes(of))})
    return made


def attributes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Attributes of the rows, sorted, each once; one that would not stay on its line is left out."""
    return sorted({row["attr"] for row in rows if row["attr"].isprintable()})


def _write(
    word: str,
    place: str,
    about: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    site_url: str | None,
) -> None:
    root = f"{site_url.rstrip('/')}/" if site_url else "../" * place.count("/")
    jobset, system = about["jobset"], about["system"]
    newest = sorted(rows, key=lambda row: (_since(word, row), row["attr"], row["variant"]), reverse=True)[
        :MOST
    ]
    feed = Feed(
        id=feeds.tag(word, about["source"], jobset, system),
        title=f"{WORDS[word]}: {jobset}, {system}",
        url=f"{root}notices.html",
        entries=[_entry(word, row, root) for row in newest],
        as_of_at=about["as_of_at"],
        atom_url=f"{root}{place}.atom" if site_url else None,
        json_url=f"{root}{place}.json" if site_url else None,
    )
    file = folder / place.removeprefix(f"{FOLDER}/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_name(f"{file.name}.atom").write_bytes(feeds.atom(feed))
    file.with_name(f"{file.name}.json").write_bytes(feeds.json_feed(feed))
    file.with_name(f"{file.name}.txt").write_text(
        "".join(f"{attr}\n" for attr in attributes(rows)), encoding="utf-8"
    )


def _since(word: str, row: Mapping[str, Any]) -> datetime:
    """When it became a candidate."""
    return row["own_failure_since_at"] + CANDIDATE_AFTER if word == "mark_broken" else row["same_since_at"]


def _entry(word: str, row: Mapping[str, Any], root: str) -> Entry:
    at = _since(word, row)
    build = evidence(row["source"], "build", row["build_id"])
    if word == "mark_broken":
        began = row["own_failure_since_at"]
        lasted = days(row["failing_days"])
        said = f"It has failed by itself in every complete evaluation since {day(began)}, for {lasted}."
        said += f" Now it fails so on {row['systems_failing']} of {row['systems_told']} systems"
        said += f"; {row['systems_unnamed']} do not name it." if row["systems_unnamed"] else "."
        title = f"{row['attr']} has failed for 90 days on {row['system']}"
    else:
        began = row["same_since_at"]
        said = f"It is marked as broken since {day(row['marked_on'])} and green since {day(began)}."
        title = f"{row['attr']} is green on {row['system']} although it is marked as broken"
    more = f" Build: {link(esc(build), esc(build))}" if build else ""
    return Entry(
        id=feeds.tag(
            word,
            row["source"],
            row["jobset"],
            row["system"],
            row["attr"],
            row["variant"],
            f"{began:%Y-%m-%dT%H:%M:%SZ}",
        ),
        title=f"{title} [{row['jobset']}]",
        url=f"{root}jobs.html#job={quote(row['attr'], safe='')}",
        text=said + (f" Build: {build}" if build else ""),
        html=f"<p>{esc(said)}{more}</p>",
        published_at=at,
        updated_at=at,
    )
