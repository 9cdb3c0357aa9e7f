"""Feeds: what the formats require is there, hostile text stays text, and the same data gives the same bytes."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publish import feeds
from pipelines.publish.feeds import Entry, Feed
from pipelines.publish.text import esc

ATOM = "{http://www.w3.org/2005/Atom}"
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOSTILE = "]]><script>alert(1)</script>&amp;\x00\x0b\ud800\ufffe\u202e\"'<!DOCTYPE x>"


def entry(name: str, days: int = 0) -> Entry:
    at = AT + timedelta(days=days)
    return Entry(feeds.tag("test", name), name, "page.html#x", name, f"<p>{esc(name)}</p>", AT, at)


FEED = Feed(
    feeds.tag("feed", "test"), "A feed", "https://example.org/p.html", [entry("old"), entry("new", 2)], AT
)


def test_an_atom_feed_has_what_the_format_requires() -> None:
    root = ET.fromstring(feeds.atom(FEED))
    assert root.tag == f"{ATOM}feed"
    assert {child.tag.removeprefix(ATOM) for child in root} >= {"id", "title", "updated", "author", "entry"}
    assert root.findtext(f"{ATOM}updated") == "2026-05-03T12:00:00Z"
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    entries = root.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}title") for one in entries] == ["new", "old"]
    for one in entries:
        assert {"id", "title", "updated", "published", "content"} <= {c.tag.removeprefix(ATOM) for c in one}
        assert one.find(f"{ATOM}content").get("type") == "html"  # type: ignore[union-attr]


def test_a_json_feed_has_what_the_format_requires() -> None:
    told = json.loads(feeds.json_feed(FEED))
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["title"] == "A feed"
    assert told["home_page_url"] == "https://example.org/p.html"
    assert [item["id"] for item in told["items"]] == [feeds.tag("test", "new"), feeds.tag("test", "old")]
    assert all(item["content_html"] and item["content_text"] for item in told["items"])
    assert "url" not in told["items"][0], "an address that is not absolute is none to a reader of JSON"


def test_a_feed_without_entries_was_last_true_at_the_newest_answer() -> None:
    root = ET.fromstring(feeds.atom(replace(FEED, entries=[])))
    assert root.findtext(f"{ATOM}updated") == "2026-05-01T12:00:00Z"
    assert json.loads(feeds.json_feed(replace(FEED, entries=[])))["items"] == []


def test_hostile_text_stays_text() -> None:
    feed = replace(FEED, title=HOSTILE, entries=[entry(HOSTILE)])
    one = ET.fromstring(feeds.atom(feed)).find(f"{ATOM}entry")
    assert one is not None
    assert (one.findtext(f"{ATOM}title") or "").startswith("]]><script>alert(1)</script>&amp;")
    assert len(list(one)) == 6, "nothing in it became an element"
    assert "<script" not in (one.findtext(f"{ATOM}content") or "")
    (item,) = json.loads(feeds.json_feed(feed))["items"]
    assert "<script" not in item["content_html"]
    assert item["id"].isascii()


def test_a_name_is_its_own_for_good() -> None:
    assert feeds.tag("regression", "a b/c", "ü") == "tag:nixpkgs-health,2026:regression/a%20b%2Fc/%C3%BC"
    assert feeds.tag("x", "a/b", "c") != feeds.tag("x", "a", "b/c")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 5)), max_size=6), st.randoms())
def test_any_text_parses_and_the_order_in_which_entries_come_is_nothing(
    told: list[tuple[str, int]], random: object
) -> None:
    entries = [
        replace(entry(words, days), id=feeds.tag("test", str(n))) for n, (words, days) in enumerate(told)
    ]
    mixed = entries[:]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    first, second = replace(FEED, entries=entries), replace(FEED, entries=mixed)
    assert feeds.atom(first) == feeds.atom(second)
    assert feeds.json_feed(first) == feeds.json_feed(second)
    assert len(ET.fromstring(feeds.atom(first)).findall(f"{ATOM}entry")) == len(told)
    assert len(json.loads(feeds.json_feed(first))["items"]) == len(told)
