"""Shows the built site on this machine."""

import functools
import http.server
from pathlib import Path

from pipelines.errors import BadInput, Busy


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line per request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


def server(html: Path, port: int) -> http.server.ThreadingHTTPServer:
    """A server of the site on loopback. Raises BadInput where there is no site, Busy where the port is taken."""
    if not (html / "index.html").is_file():
        raise BadInput(f"There is no site at {html}: run `./run report` first.")
    try:
        return http.server.ThreadingHTTPServer(
            ("127.0.0.1", port), functools.partial(_Quiet, directory=str(html))
        )
    except PermissionError as error:
        raise BadInput(
            f"Port {port} needs rights that you do not have: choose one above 1023 with --port."
        ) from error
    except OSError as error:
        raise Busy(f"Port {port} is in use: choose another with --port.") from error
