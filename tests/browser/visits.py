"""Opens pages without a cache and writes down what each did."""

import gzip
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Dialog, Response

from tests.browser import served

LOOK = """() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  return {
    links: all('a[href]').map((link) => link.href),
    ids: all('[id]').map((element) => element.id),
    headings: all('h1, h2, h3, h4, h5, h6').map((heading) => [Number(heading.tagName[1]), heading.textContent.trim()]),
    images: all('img').map((image) => [image.getAttribute('src'), image.getAttribute('alt')]),
    figures: all('.fig').map((figure) => ({
      id: figure.id,
      drawn: figure.classList.contains('is-drawn'),
      label: figure.querySelector('[role=img]').getAttribute('aria-label'),
      title: figure.querySelector('.fig-title').textContent,
      subtitle: figure.querySelector('.fig-sub').textContent,
      parts: Object.fromEntries(
        Array.from(figure.querySelectorAll('[data-part]'), (part) => [part.dataset.part, part.textContent])),
      links: Array.from(figure.querySelectorAll('.fig-foot a'), (link) => [link.textContent, link.href]),
      rows: figure.querySelectorAll('details tbody tr').length,
      marks: figure.querySelectorAll('.fig-plot svg path, .fig-plot svg text').length,
    })),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    text: document.body.innerText,
    whole: all('code[title]').map((code) => code.title),
    strange: all('.md-content script, img[src="x"]').length,
  };
}"""
TOGETHER = 2
"""Tabs open at a time. Each costs time of its own for drawing, so no more than fill the waiting."""


@dataclass
class Visit:
    """What a page asked for, said and shows."""

    name: str
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)


def visits(browser: Browser, base: str, names: list[str], **options: Any) -> dict[str, Visit]:
    """Open each page, bring every figure into view, and note everything.

    A few tabs at a time: much of a visit is waiting until the network is silent. Each shows one page after the other
    and keeps no cache between them, since a window and a process for every page cost more than the pages.
    """
    made: dict[str, Visit] = {}
    known: dict[str, int] = {}
    tabs = [_Tab(browser, options, known) for _ in names[:TOGETHER]]
    try:
        for first in range(0, len(names), TOGETHER):
            under_way = list(zip(names[first : first + TOGETHER], tabs, strict=False))
            for name, tab in under_way:
                tab.open(base, name)
            made |= {name: tab.look() for name, tab in under_way}
    finally:
        for tab in tabs:
            tab.page.context.close()
    return made


class _Tab:
    """A tab with a context of its own, and what the page in it did so far."""

    def __init__(self, browser: Browser, options: dict[str, Any], known: dict[str, int]) -> None:
        """`known` are the sizes of what was loaded before: the site behind an address does not change."""
        self.known = known
        self.visit = Visit("about:blank")
        self.answers: list[Response] = []
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        page.on("console", lambda message: self.visit.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.visit.said.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.visit.requests.append(request.url))
        page.on("requestfailed", lambda request: self.visit.refused.append(request.url))
        page.on("response", lambda answer: self.answers.append(answer))

    def _dismiss(self, dialog: Dialog) -> None:
        self.visit.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, base: str, name: str) -> None:
        """Go to a page; what is heard from here on is told of it."""
        self.visit = Visit(name)
        self.answers = []
        self.page.goto(base + name, wait_until="commit")

    def look(self) -> Visit:
        """Wait for the page, scroll through it and note what it shows."""
        made = self.visit
        self.page.wait_for_load_state("load")
        served.settle(self.page)
        made.seen = self.page.evaluate(LOOK)
        for answer in self.answers:
            if answer.status >= 400:
                made.refused.append(f"{answer.status} {answer.url}")
            elif answer.status == 200:
                if answer.url not in self.known:
                    self.known[answer.url] = len(gzip.compress(answer.body(), 6))
                made.sizes[answer.url] = self.known[answer.url]
        return made
