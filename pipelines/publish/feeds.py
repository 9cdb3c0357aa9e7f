"""Atom (RFC 4287) and JSON Feed 1.1: the same entries in both, byte for byte the same for the same data.

An entry's id is made of what it is about and never of when or where a page was written, so that a reader who has
seen an entry is not shown it again when the site is rewritten. Dates are the data's. Text from the outside world is
escaped by whoever makes the HTML of an entry; titles and plain text are escaped here.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

AUTHOR = "nixpkgs-health"
AUTHORITY = "nixpkgs-health,2026"
"""Who names entries, and since when (RFC 4151): fixed, whatever address the site moves to."""
ATOM = "http://www.w3.org/2005/Atom"
JSON_FEED = "https://jsonfeed.org/version/1.1"
LONGEST_TITLE = 300
_NOT_XML = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True)
class Entry:
    """One thing that readers are told; told anew, under the same id, when `updated_at` moves."""

    id: str
    """`tag:` URI, see `tag`."""
    title: str
    url: str | None
    """Page that shows it, absolute or relative to the feed's file; None if there is none."""
    text: str
    """Plain text, any length."""
    html: str
    """The same as HTML, escaped by the caller."""
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Feed:
    """A list of entries, the newest first, and what it is a list of."""

    id: str
    title: str
    url: str | None
    """Page that the feed goes with."""
    entries: Sequence[Entry]
    as_of_at: datetime | None = None
    """Newest answer of the data behind it: when a feed without entries was last true."""
    atom_url: str | None = None
    """Where the Atom file will be, if known."""
    json_url: str | None = None
    """Where the JSON file will be, if known."""


def tag(kind: str, *parts: str) -> str:
    """A URI that names one thing for good: `tag:nixpkgs-health,2026:kind/part/part`."""
    return f"tag:{AUTHORITY}:" + "/".join(
        quote(part, safe="", errors="surrogatepass") for part in (kind, *parts)
    )


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """The entries as feeds give them: last updated first, ties by id."""
    return sorted(sorted(entries, key=lambda one: one.id), key=lambda one: one.updated_at, reverse=True)


def atom(feed: Feed) -> bytes:
    """The feed as an Atom document in UTF-8."""
    root = ET.Element("feed", {"xmlns": ATOM})
    _child(root, "id", feed.id)
    _child(root, "title", _line(feed.title))
    _child(root, "updated", _instant(_updated(feed)))
    _child(ET.SubElement(root, "author"), "name", AUTHOR)
    _link(root, feed.url, "alternate", "text/html")
    _link(root, feed.atom_url, "self", "application/atom+xml")
    for entry in ordered(feed.entries):
        node = ET.SubElement(root, "entry")
        _child(node, "id", entry.id)
        _child(node, "title", _line(entry.title))
        _child(node, "published", _instant(entry.published_at))
        _child(node, "updated", _instant(entry.updated_at))
        _link(node, entry.url, "alternate", "text/html")
        _child(node, "content", clean(entry.html), {"type": "html"})
    ET.indent(root, " ")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n"


def json_feed(feed: Feed) -> bytes:
    """The feed as a JSON Feed document in UTF-8. Addresses that are not absolute are left out: the format has none."""
    items = []
    for entry in ordered(feed.entries):
        item = {
            "id": entry.id,
            "title": _line(entry.title),
            "content_html": clean(entry.html),
            "content_text": clean(entry.text),
            "date_published": _instant(entry.published_at),
            "date_modified": _instant(entry.updated_at),
        }
        items.append(item | _absolute(url=entry.url))
    told = {
        "version": JSON_FEED,
        "title": _line(feed.title),
        **_absolute(home_page_url=feed.url, feed_url=feed.json_url),
        "authors": [{"name": AUTHOR}],
        "items": items,
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def clean(text: str) -> str:
    """Text without what XML cannot hold and without marks that turn the direction of writing around."""
    return _NOT_XML.sub(" ", text)


def _line(text: str) -> str:
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= LONGEST_TITLE else flat[: LONGEST_TITLE - 1] + "…"


def _updated(feed: Feed) -> datetime:
    told = [entry.updated_at for entry in feed.entries]
    return max(told) if told else feed.as_of_at or datetime(1970, 1, 1, tzinfo=UTC)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _child(parent: ET.Element, name: str, text: str, attributes: dict[str, str] | None = None) -> None:
    ET.SubElement(parent, name, attributes or {}).text = text


def _link(parent: ET.Element, href: str | None, rel: str, kind: str) -> None:
    if href is not None:
        ET.SubElement(parent, "link", {"rel": rel, "type": kind, "href": href})


def _absolute(**addresses: str | None) -> dict[str, str]:
    return {name: url for name, url in addresses.items() if url is not None and "://" in url}
