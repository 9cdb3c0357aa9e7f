"""Reads pages as files, and says which of those that are alike must be opened in a browser all the same.

A page is made of kinds of elements: a tag with its classes and the names of its attributes inside another such, the
file that it loads, the script that it holds. What a script or a stylesheet does hangs on these, so a page without a
figure whose every kind is on pages that are opened gives a browser nothing that it was not given there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
ADDRESSES = frozenset(("data", "href", "poster", "src"))
ACTIVE = frozenset(("srcset", "style"))
NAMED_ONLY = frozenset(("canonical", "next", "prev"))
"""Relations of a link to pages that a browser is told of and does not load."""
BARE = ("script", "style")


@dataclass
class Page(HTMLParser):
    """What a file says, in the words of `visits.LOOK`, with the kinds of its elements."""

    address: str
    seen: dict[str, Any] = field(
        default_factory=lambda: {"links": [], "ids": [], "headings": [], "images": [], "strange": 0}
    )
    kinds: set[tuple[str, ...]] = field(default_factory=set)
    open: list[tuple[str, str]] = field(default_factory=list)
    heading: list[Any] | None = None

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def has_figure(self) -> bool:
        """Whether it has something for the drawing library."""
        return any("fig" in kind[1].split(" ")[0].split(".") for kind in self.kinds)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        kind = " ".join([".".join([tag, *sorted(classes)]), *sorted(given)])
        outer = self.open[-1][1] if self.open else ""
        self.kinds.add((outer, kind, *self._does(tag, given)))
        if "id" in given:
            self.seen["ids"].append(given["id"])
        if tag == "a" and "href" in given:
            self.seen["links"].append(urljoin(self.address, given["href"]))
        if tag == "img":
            self.seen["images"].append([given.get("src"), given.get("alt")])
            self.seen["strange"] += given.get("src") == "x"
        if tag == "script":
            self.seen["strange"] += any("md-content" in one.split(" ")[0].split(".") for _, one in self.open)
        if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self.heading = [int(tag[1]), ""]
            self.seen["headings"].append(self.heading)
        if tag not in VOID:
            self.open.append((tag, kind))

    def _does(self, tag: str, given: Mapping[str, str]) -> Iterator[str]:
        """What an element loads or runs by itself; where a link leads is not a kind."""
        for name, value in given.items():
            if name in ADDRESSES and tag != "a" and given.get("rel") not in NAMED_ONLY:
                yield urljoin(self.address, value)
            elif name in ACTIVE or name.startswith("on"):
                yield value

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element of that name, and what was left open in it."""
        if any(name == tag for name, _ in self.open):
            while self.open.pop()[0] != tag:
                pass
        if len(tag) == 2 and tag[0] == "h" and self.heading is not None:
            self.heading[1] = self.heading[1].strip()
            self.heading = None

    def handle_data(self, data: str) -> None:
        """Text of a heading; text of a script, which is a kind of its own."""
        if self.heading is not None:
            self.heading[1] += data
        if self.open and self.open[-1][0] in BARE:
            self.kinds.add((self.open[-1][1], "text", data))


def read(html: Path, base: str, names: Iterable[str]) -> dict[str, Page]:
    """The pages of those names below a folder that is served at `base`."""
    made = {}
    for name in names:
        made[name] = page = Page(base + name)
        page.feed((html / name).read_text(encoding="utf-8"))
        page.close()
    return made


def of_a_relation(name: str) -> bool:
    """Whether a page is one of the many that show a relation: its columns and its SQL."""
    return name.startswith(("core/", "metrics/")) and name != "metrics/index.html"


def needless(pages: Mapping[str, Page], alike: Iterable[str]) -> set[str]:
    """Those of the pages `alike` that need not be opened when all others are: every kind of theirs is on another."""
    waiting = set(alike)
    known = set().union(*(page.kinds for name, page in pages.items() if name not in waiting))
    while waiting:
        richest = max(sorted(waiting), key=lambda name: len(pages[name].kinds - known))
        if pages[richest].kinds <= known:
            break
        known |= pages[richest].kinds
        waiting.remove(richest)
    return waiting
