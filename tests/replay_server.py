"""A Hydra on loopback that answers from a recording: a real HTTP server, with faults on demand. No test itself.

`/eval/ID?filter=...` is answered with `/eval/ID`, and `/api/latestbuilds?nr=N` with the first N of the largest
recorded answer for the same project and jobset; where there is none, of the recorded builds as Hydra lists them.
"""

import gzip
import json
import re
import socket
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ANSWERS = Path(__file__).parent / "data" / "hydra-recorded" / "http" / "answers.zip"
RECORDED_HOST = "http://hydra.example.org"
JSON = "application/json"
LISTED = ("id", "project", "jobset", "job", "system", "nixname", "finished", "timestamp", "buildstatus")
"""Keys of a row of the latest builds."""

Fault = Callable[["Handler"], None]
"""Answers a request in place of the recording."""
Chooser = Callable[[int, str], Fault | None]
"""Number of the request (from 1) and its path -> the fault to answer with."""


@cache
def _bodies() -> bytes:
    with zipfile.ZipFile(ANSWERS) as archive:
        return archive.read("bodies")


@cache
def recorded(instant: str) -> dict[str, tuple[int, str, str | None, int, int]]:
    """Path -> status, content type, Location, offset, size."""
    with zipfile.ZipFile(ANSWERS) as archive:
        return {path: tuple(row) for path, row in json.loads(archive.read(f"{instant}.json")).items()}


def body(instant: str, path: str) -> bytes:
    """A recorded body."""
    *_, offset, size = recorded(instant)[path]
    return _bodies()[offset : offset + size]


@cache
def builds(instant: str) -> dict[int, dict[str, Any]]:
    """Recorded builds by id."""
    paths = (
        path for path, row in recorded(instant).items() if re.fullmatch(r"/build/\d+", path) and row[0] == 200
    )
    return {one["id"]: one for one in (json.loads(body(instant, path)) for path in paths)}


@cache
def latest(instant: str, project: str | None, jobset: str | None) -> list[dict[str, Any]]:
    """The largest recorded list of latest builds for a project and jobset, or what Hydra would list."""
    found: list[list[dict[str, Any]]] = []
    for path, row in recorded(instant).items():
        asked = parse_qs(urlsplit(path).query)
        told = asked.keys() - {"nr"}, asked.get("project"), asked.get("jobset")
        is_list = path.startswith("/api/latestbuilds") and row[0] == 200 and jobset is not None
        if is_list and told == ({"project", "jobset"}, [project], [jobset]):
            found.append(json.loads(body(instant, path)))
    if found:
        return max(found, key=len)
    return [
        {key: build[key] for key in LISTED}
        for _, build in sorted(builds(instant).items(), reverse=True)
        if build["finished"] and project in (None, build["project"]) and jobset in (None, build["jobset"])
    ]


class Replay(ThreadingHTTPServer):
    """The server; `instant`, `fault` and `gone` may be changed while it runs."""

    daemon_threads = True

    def __init__(self, instant: str = "t1") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.instant = instant
        self.fault: Chooser = lambda _number, _path: None
        self.gone: set[str] = set()
        """Paths that Hydra answers with 404."""
        self.paths: list[str] = []
        """Every path that was asked for, in order."""
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        """Connections that were opened to it."""
        self.lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A connection is opened."""
        self.connections += 1
        super().process_request(request, client_address)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Head and body are sent apart; without this every answer would wait 40 ms."""
    server: Replay

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it so)
        """Say nothing."""

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.paths.append(self.path)
            server.headers.append(dict(self.headers.items()))
            number = len(server.paths)
        fault = server.fault(number, self.path)
        if fault:
            fault(self)
            return
        status, kind, location, content = self.lookup()
        if "json" not in self.headers.get("Accept", "") and status == 200:
            status, kind, content = 200, "text/html; charset=utf-8", b"<html></html>"
        self.answer(status, content, kind, {"Location": location} if location else {})

    def lookup(self) -> tuple[int, str, str | None, bytes]:
        """The recorded answer."""
        parts = urlsplit(self.path)
        instant, path = self.server.instant, self.path
        if path in self.server.gone or parts.path in self.server.gone:
            return 404, JSON, None, b'{"error":"gone"}'
        if parts.path == "/api/latestbuilds" and path not in recorded(instant):
            asked = parse_qs(parts.query)
            rows = latest(instant, asked.get("project", [None])[0], asked.get("jobset", [None])[0])
            return 200, JSON, None, json.dumps(rows[: int(asked["nr"][0])]).encode()
        if path not in recorded(instant) and "filter" in parse_qs(parts.query):
            path = parts.path
        if path not in recorded(instant):
            return 404, JSON, None, b'{"error":"not recorded"}'
        status, kind, location, *_ = recorded(instant)[path]
        moved = location.replace(RECORDED_HOST, self.server.url) if location else None
        return status, kind, moved, body(instant, path)

    def answer(
        self, status: int, content: bytes, kind: str = JSON, headers: dict[str, str] | None = None
    ) -> None:
        """Send an answer whole, compressed where it may be."""
        extra = {"Vary": "Accept", "Set-Cookie": "hydra_session=0; path=/; HttpOnly", **(headers or {})}
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(content) > 1000:
            content = gzip.compress(content, 1)
            extra["Content-Encoding"] = "gzip"
        self.head(status, {"Content-Type": kind, "Content-Length": len(content), **extra})
        self.wfile.write(content)

    def head(self, status: int, headers: Mapping[str, object]) -> None:
        """Send all that comes before the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()


@contextmanager
def serve(instant: str = "t1") -> Iterator[Replay]:
    """A running server."""
    server = Replay(instant)
    # What is recorded is read before a client waits for it.
    recorded(instant)
    _bodies()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, headers: dict[str, str] | None = None) -> Fault:
    """An error page with that status."""
    return lambda handler: handler.answer(code, b"<html>no</html>", "text/html", headers)


def page(content: bytes, kind: str) -> Fault:
    """Status 200 with something else."""
    return lambda handler: handler.answer(200, content, kind)


def redirect(to: str) -> Fault:
    """A redirect."""
    return lambda handler: handler.answer(302, b"", "text/html", {"Location": to})


def truncated(handler: Handler) -> None:
    """Half of the answer, and the end of the connection."""
    content = handler.lookup()[3]
    handler.head(200, {"Content-Type": JSON, "Content-Length": len(content)})
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def truncated_without_length(handler: Handler) -> None:
    """Half of the answer, which ends as if it were whole."""
    content = handler.lookup()[3]
    handler.answer(200, content[: len(content) // 2])


def truncated_gzip(handler: Handler) -> None:
    """Half of a compressed answer, of the length that it says."""
    content = gzip.compress(handler.lookup()[3])
    _compressed(handler, content[: len(content) // 2])


def reset(handler: Handler) -> None:
    """The connection is reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def endless(handler: Handler) -> None:
    """An array that never ends, as fast as it is taken."""
    handler.head(200, {"Content-Type": JSON, "Connection": "close"})
    handler.wfile.write(b"[")
    while True:
        handler.wfile.write(b"0," * 50_000)


def bomb(handler: Handler) -> None:
    """A small compressed answer that unfolds to 64 MiB."""
    _compressed(handler, _unfolding())


@cache
def _unfolding() -> bytes:
    return gzip.compress(b"[" + b" " * (64 << 20) + b"]", 9)


def _compressed(handler: Handler, content: bytes) -> None:
    handler.head(200, {"Content-Type": JSON, "Content-Encoding": "gzip", "Content-Length": len(content)})
    handler.wfile.write(content)


def slow(handler: Handler) -> None:
    """A byte now and then."""
    handler.head(200, {"Content-Type": JSON, "Connection": "close"})
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)
