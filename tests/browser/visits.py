"""Opens a page with an empty cache and writes down what it did."""

import gzip
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Response

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
    strange: all('.md-content script, img[src="x"]').length,
  };
}"""
TOGETHER = 4
"""Pages open at a time."""


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

    A few pages at a time, each in a context of its own: most of a visit is waiting until the network is silent.
    """
    made: dict[str, Visit] = {}
    for first in range(0, len(names), TOGETHER):
        opened = [_open(browser, base, name, options) for name in names[first : first + TOGETHER]]
        made |= {one.visit.name: _look(one) for one in opened}
    return made


@dataclass(frozen=True)
class _Opened:
    """A page under way, and what was answered to it."""

    visit: Visit
    page: Page
    answers: list[Response]


def _open(browser: Browser, base: str, name: str, options: dict[str, Any]) -> _Opened:
    made = Visit(name)
    answers: list[Response] = []
    page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}).new_page()
    page.on("console", lambda message: made.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: made.said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (made.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: made.requests.append(request.url))
    page.on("requestfailed", lambda request: made.refused.append(request.url))
    page.on("response", lambda answer: answers.append(answer))
    page.goto(base + name, wait_until="commit")
    return _Opened(made, page, answers)


def _look(opened: _Opened) -> Visit:
    made = opened.visit
    opened.page.wait_for_load_state("load")
    served.settle(opened.page)
    made.seen = opened.page.evaluate(LOOK)
    for answer in opened.answers:
        if answer.status >= 400:
            made.refused.append(f"{answer.status} {answer.url}")
        elif answer.status == 200:
            made.sizes[answer.url] = len(gzip.compress(answer.body(), 6))
    opened.page.context.close()
    return made
