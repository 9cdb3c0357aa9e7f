"""Writes the feeds of notices: Atom, JSON and a Markdown digest of each scope, and lists for patches.

The relations decide what is an entry and what is told; nothing is decided here but which feed an entry is in. The same
entry has the same id in every feed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from pipelines.publish import feeds, notice_scopes, notice_words
from pipelines.publish.feeds import Entry, Feed
from pipelines.publish.notice_lists import Written, lists
from pipelines.publish.notice_scopes import Known, Pattern, Scope
from pipelines.publish.notice_words import Told
from pipelines.publish.text import evidence

if TYPE_CHECKING:
    from pipelines.publish.pages import Assembly

FOLDER = "notices"
DAYS = 90
"""How far back feeds reach, from the newest complete evaluation of each jobset."""
MOST = 60
"""Entries of a feed, the last changed."""
Key = tuple[str, str, str]
_AT = pl.Datetime("us", "UTC")
_JOBS = {
    **dict.fromkeys(("source", "jobset", "entry", "role", "attr", "system", "variant"), pl.String),
    "began_at": _AT,
    "is_open": pl.Boolean,
    "is_maintained": pl.Boolean,
    "build_id": pl.String,
}
_FAILURES = {
    **dict.fromkeys(("source", "jobset", "attr"), pl.String),
    "failures": pl.Int64,
    "is_maintained": pl.Boolean,
}


def write(
    made: "Assembly", folder: Path, patterns: Sequence[Pattern] = (), site_url: str | None = None
) -> Written:
    """Write every feed and list below `folder`; addresses in them are absolute if the site's is known."""
    found: dict[str, list[dict[str, Any]]] = {}
    entries = {key(row): row for row in made.rows("notice_entries", days=DAYS)}
    suspects: dict[Key, list[dict[str, Any]]] = {}
    for row in made.rows("notice_suspects", days=DAYS):
        suspects.setdefault(key(row), []).append(row)
    jobs = pl.DataFrame(made.rows("notice_jobs", days=DAYS), schema=_JOBS, orient="row")
    failures = pl.DataFrame(made.rows("notice_failures", days=DAYS), schema=_FAILURES, orient="row")
    as_of = made.everything().as_of_at
    for scope in notice_scopes.scopes(_known(made), patterns):
        chosen: dict[Key, list[dict[str, Any]]] = {}
        for row in jobs.filter(scope.holds).iter_rows(named=True):
            chosen.setdefault(key(row), []).append(row)
        told = [Told(entries[name], of, suspects.get(name, ())) for name, of in chosen.items()]
        told.sort(key=lambda one: (-one.row["updated_at"].timestamp(), key(one.row)))
        began = int(failures.filter(scope.holds)["failures"].sum())
        _feed(scope, told, folder, as_of, made.data_version, site_url)
        found.setdefault(scope.kind, []).append(_counts(scope, told, began))
    return Written(found, lists(made.rows, folder, site_url))


def _known(made: "Assembly") -> Known:
    """What feeds may be about. None depends on how much there is to tell: an address that was published stays."""
    wanted = {
        "channels": "core.channel_selections",
        "waves": "core.wave_packages",
        "owners": "core.package_owners",
    }
    told = {
        name: made.rows(f"notice_{name}") if relation in made.relations else []
        for name, relation in wanted.items()
    }
    return Known(
        jobsets=[(scope.source, scope.label) for scope in made.jobsets],
        maintained=[(row["source"], row["jobset"]) for row in made.rows("notice_maintained")],
        selections={kind: told[kind] for kind in ("channels", "waves")},
        owners=told["owners"],
        sets=[(row["name"], row["failures"]) for row in made.rows("notice_sets")],
    )


def _counts(scope: Scope, told: Sequence[Told], failures: int) -> dict[str, Any]:
    return {
        "place": f"{FOLDER}/{scope.place}",
        "parts": scope.parts,
        "title": scope.title,
        "failures": failures,
        "notices": sum(one.row["confirmed_at"] > one.row["as_of_at"] - timedelta(days=DAYS) for one in told),
        "open": sum(one.row["outcome"] == "open" for one in told),
        "over": sum(one.row["outcome"] != "open" for one in told),
        "newest_at": max((one.row["updated_at"] for one in told), default=None),
    }


def key(row: Mapping[str, Any]) -> Key:
    """What names an entry."""
    return row["source"], row["jobset"], row["entry"]


def entry(told: Told, place: str, site_url: str | None) -> Entry:
    """The entry as a feed at `place` gives it."""
    row = told.row
    root = address(site_url, place)
    facts = notice_words.facts(told)
    return Entry(
        id=feeds.tag("regression", *key(row)),
        title=notice_words.title(told),
        url=f"{root}jobs.html#job={quote(row['root'], safe='')}"
        if row["kind"] in ("job", "elsewhere")
        else evidence(row["source"], "eval", row["first_bad_evaluation_id"]) or f"{root}notices.html",
        text=notice_words.text(facts),
        html=notice_words.html(facts),
        published_at=row["confirmed_at"],
        updated_at=row["updated_at"],
    )


def address(site_url: str | None, place: str) -> str:
    """The site's root as a file at `place` names it: absolute if the site's address is known."""
    return f"{site_url.rstrip('/')}/" if site_url else "../" * place.count("/")


def put(feed: Feed, folder: Path, place: str) -> None:
    """Write a feed in both formats."""
    file = folder / place.removeprefix(f"{FOLDER}/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_name(f"{file.name}.atom").write_bytes(feeds.atom(feed))
    file.with_name(f"{file.name}.json").write_bytes(feeds.json_feed(feed))


def _feed(
    scope: Scope,
    told: Sequence[Told],
    folder: Path,
    as_of: datetime | None,
    data_version: str,
    site_url: str | None,
) -> None:
    place = f"{FOLDER}/{scope.place}"
    root = address(site_url, place)
    feed = Feed(
        id=feeds.tag("notices", scope.kind, *scope.parts),
        title=f"Regressions: {scope.title}",
        url=f"{root}notices.html",
        entries=[entry(one, place, site_url) for one in told[:MOST]],
        as_of_at=max((one.row["as_of_at"] for one in told), default=as_of),
        atom_url=f"{root}{place}.atom" if site_url else None,
        json_url=f"{root}{place}.json" if site_url else None,
    )
    put(feed, folder, place)
    words = notice_words.digest(scope.title, told, feed.as_of_at, data_version)
    file = folder / scope.place
    file.with_name(f"{file.name}.md").write_text(words, encoding="utf-8")
