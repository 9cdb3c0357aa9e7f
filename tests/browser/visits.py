"""Opens a page with an empty cache and writes down what it did."""

import gzip
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Response

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


@dataclass
class Visit:
    """What a page asked for, said and shows."""

    name: str
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)


def visit(browser: Browser, base: str, name: str, **options: Any) -> Visit:
    """Open `base + name`, bring every figure into view, and note everything."""
    made = Visit(name)
    answers: list[Response] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    page.on("console", lambda message: made.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: made.said.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (made.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: made.requests.append(request.url))
    page.on("requestfailed", lambda request: made.refused.append(request.url))
    page.on("response", lambda answer: answers.append(answer))
    page.goto(base + name)
    served.settle(page)
    made.seen = page.evaluate(LOOK)
    for answer in answers:
        if answer.status >= 400:
            made.refused.append(f"{answer.status} {answer.url}")
        elif answer.status == 200:
            made.sizes[answer.url] = len(gzip.compress(answer.body(), 6))
    context.close()
    return made
