"""Runs the strict MkDocs build over assembled pages, quietly and with the same bytes every time."""

import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from pipelines.errors import CheckFailed
from pipelines.publish.text import esc

_HELD = re.compile(r'<div id="[^"]*" data-held="(\d+)">.*?</div>', re.DOTALL)


def held(number: int, anchor: str, words: str) -> Markup:
    """What stands in a Markdown page for a finished piece of HTML until the page is built.

    Markdown, the search index and the check of anchors parse every byte of HTML that a page holds, which costs more
    than all else about it; they need its anchor and the words by which it is found.
    """
    return Markup(f'<div id="{esc(anchor)}" data-held="{number}">{esc(words)}</div>')


def build(
    config: Path,
    extra: dict[str, str],
    as_of: datetime | None,
    site_url: str | None,
    pieces: Sequence[str] = (),
) -> Path:
    """Build the site that `config` describes and return its folder. Raises CheckFailed if MkDocs warns of anything.

    Dates in the sitemap are the data's `as_of`. `pieces` are put where pages hold their number (see `held`).
    """
    with _surroundings(as_of):
        from mkdocs.commands.build import build as mkdocs_build
        from mkdocs.config import load_config
        from mkdocs.exceptions import Abort, ConfigurationError
        from mkdocs.plugins import BasePlugin

        class Pieces(BasePlugin):
            """Puts the finished pieces into the pages."""

            def on_post_page(self, output: str, **_: object) -> str:
                return _HELD.sub(lambda found: pieces[int(found[1])], output)

        heard = _Listener()
        logger = logging.getLogger("mkdocs")
        logger.addHandler(heard)
        try:
            loaded = load_config(str(config), strict=True, **({"site_url": site_url} if site_url else {}))
            loaded.extra.update(extra)
            loaded.plugins["pieces"] = Pieces()
            mkdocs_build(loaded)
        except (Abort, ConfigurationError) as error:
            said = "; ".join(heard.messages[:5]) or str(error)
            raise CheckFailed(
                f"The report's pages do not build: {said}. Correct the page that is named."
            ) from error
        finally:
            logger.removeHandler(heard)
    html = Path(loaded.site_dir)
    if heard.messages:
        raise CheckFailed(
            f"The report's pages build with warnings: {'; '.join(heard.messages[:5])}. Correct the page that is named."
        )
    return html


class _Listener(logging.Handler):
    """Keeps warnings, shows nothing."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _surroundings(as_of: datetime | None) -> Iterator[None]:
    """What MkDocs and its theme read from the environment, put back afterwards."""
    wanted = {
        "SOURCE_DATE_EPOCH": str(int(as_of.timestamp())) if as_of else "0",
        # the theme announces its successor on standard error at every build
        "NO_MKDOCS_2_WARNING": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
