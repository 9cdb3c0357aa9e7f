"""A built site behind a local server, and the Chromium that looks at it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing."""


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """The folder's address while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium, found at that path, while the block runs."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield opened
        finally:
            opened.close()


def settle(page: Page) -> None:
    """Bring every figure into view and wait until it is drawn, then go back to the top."""
    page.wait_for_load_state("networkidle")
    for figure in page.query_selector_all(".fig"):
        figure.scroll_into_view_if_needed()
        page.wait_for_function("(figure) => figure.matches('.is-drawn, .is-static')", arg=figure)
    page.evaluate("() => window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
