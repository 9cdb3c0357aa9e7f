"""Asks one Hydra politely, and lets nothing through that is not what it should be.

One connection, one request at a time, at a fixed rate. What a request can come to: an `Answer` (status 200,
JSON, parsed, of the expected shape), `Gone`, or `Failed`; after five failures in a row, `GaveUp`.
"""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from pipelines.sources.hydra.consent import user_agent
from pipelines.sources.hydra.instance import Instance
from pipelines.sources.hydra.outcomes import (
    PROBE,
    Again,
    Answer,
    Bounds,
    Clock,
    Failed,
    GaveUp,
    Gone,
    Stopped,
    parsed,
    plain,
)

T = TypeVar("T")

FAILURES_IN_A_ROW = 5
REDIRECTS = 3
RETRIED = frozenset({429, 502, 503, 504})
MOVED = frozenset({301, 302, 303, 307, 308})
LONGEST_WAIT = 15 * 60.0
"""Seconds; a longer `Retry-After` is waited for this long, and then counts as a failure again."""
LONGEST_AWAITED = 180.0
"""Seconds without a usable answer after which no further attempt is waited for, where a whole run waits for it; the
usual waits between five attempts take at most two minutes of them."""
FIRST_WAIT = 4.0
CONNECT_SECONDS = 30.0
SLICE = 5.0
"""Seconds between two looks at the stop switch while waiting."""


@dataclass
class Client:
    """One connection to one instance. `stop` gives the reason to end, or None."""

    instance: Instance
    clock: Clock
    stop: Callable[[], str | None] = lambda: None
    bounds: Bounds = field(default_factory=Bounds)
    chance: random.Random = field(default_factory=random.Random)
    requests: int = 0
    failures: int = 0
    """Failures in a row."""
    patience: int = FAILURES_IN_A_ROW
    """Failures in a row after which it gives up."""
    kinds: tuple[str, ...] = ("application/json",)
    """Beginnings of the content types that an answer may have."""
    is_awaited: Callable[[], bool] = lambda: False
    """Whether a run waits for this instance alone."""

    def __post_init__(self) -> None:
        self._next = self._heard_at = self.clock.monotonic()
        self._http = httpx.Client(
            headers={
                "User-Agent": user_agent(self.instance),
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            follow_redirects=False,
            # Hydra sets a session cookie each time; sending it back would only make sessions.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=not self.instance.is_loopback,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, shape: type[T]) -> Answer[T]:
        """Ask for `path` until it is answered. Raises Gone, Failed, GaveUp, Stopped."""
        return self.fetch(path, lambda body: parsed(path, body, shape))

    def fetch(self, path: str, read: Callable[[bytes], T]) -> Answer[T]:
        """Ask for `path` until `read` makes something of the answer; it may raise Again or Failed.

        Raises Gone, Failed, GaveUp, Stopped.
        """
        return self._persist(path, lambda: self._answer(path, read))

    def location(self, path: str) -> tuple[str, str]:
        """Path to which `path` redirects, itself not asked for, and the path that said so: a renamed jobset is
        followed.

        Raises Gone, Failed, GaveUp, Stopped.
        """
        return self._persist(path, lambda: self._location(path))

    def probe(self) -> None:
        """Ask once, and not for long, whether anything answers. Raises GaveUp, Stopped."""
        usual = self.bounds, self.patience
        self.bounds, self.patience = PROBE, 1
        try:
            self.get("/", list[msgspec.Raw])
        except Gone:
            # Something answers; what is not there is found out by what is asked for next.
            return
        finally:
            self.bounds, self.patience = usual

    def count_failure(self, what: str) -> None:
        """Count a failure. Raises GaveUp where the patience ends."""
        self.failures += 1
        if self.failures >= self.patience:
            raise self._gave_up(what)

    def _persist(self, path: str, ask: Callable[[], T]) -> T:
        while True:
            try:
                answer = ask()
            except (httpx.TransportError, zlib.error, Again) as error:
                what = f"{plain(error)} at {path}"
                self.count_failure(what)
                told = error.wait if isinstance(error, Again) else None
                self._wait(self._delay() if told is None else min(told, LONGEST_WAIT), what)
                continue
            except Failed as error:
                self.count_failure(str(error))
                raise
            except Gone as error:
                if error.is_told:
                    self._was_heard()
                raise
            self._was_heard()
            return answer

    def _was_heard(self) -> None:
        self.failures, self._heard_at = 0, self.clock.monotonic()

    def _gave_up(self, what: str) -> GaveUp:
        times = "again" if self.patience == 1 else f"{self.failures} times in a row"
        return GaveUp(
            f"{self.instance.source} failed {times}, last with {what}: the crawl ended, what it got is kept; "
            "try again later, and write to the operators if it stays so."
        )

    def _delay(self) -> float:
        """Twice as long after each failure in a row, between half of that and all of it."""
        longest = min(FIRST_WAIT * 2**self.failures, LONGEST_WAIT)
        return longest * (0.5 + self.chance.random() / 2)

    def _wait(self, seconds: float, failed: str | None = None) -> None:
        """Wait, after a failure where one is named. Raises Stopped; GaveUp where a run would be held up for long."""
        until = self.clock.monotonic() + seconds
        while True:
            if reason := self.stop():
                raise Stopped(reason)
            if failed and until - self._heard_at > LONGEST_AWAITED and self.is_awaited():
                raise self._gave_up(f"{failed}, and the rest of the run waits for it alone")
            left = until - self.clock.monotonic()
            if left <= 0:
                return
            self.clock.sleep(min(left, SLICE))

    def _answer(self, path: str, read: Callable[[bytes], T]) -> Answer[T]:
        seen: set[str] = set()
        while True:
            body, moved = self._request(path)
            if moved is None:
                return Answer(path, self.clock.now(), body, read(body))
            seen.add(path)
            if moved in seen or len(seen) > REDIRECTS:
                raise Failed(path, f"redirects in a circle or more than {REDIRECTS} times")
            path = moved

    def _location(self, path: str) -> tuple[str, str]:
        seen: set[str] = set()
        while True:
            _, moved = self._request(path)
            if moved is None:
                raise Failed(path, "a page where a redirect was expected")
            seen.add(path)
            if not moved.startswith("/jobset/"):
                return moved, path
            if moved in seen or len(seen) > REDIRECTS:
                raise Failed(path, f"redirects in a circle or more than {REDIRECTS} times")
            path = moved

    def _request(self, path: str) -> tuple[bytes, str | None]:
        """Body of a good answer, or the path that a redirect names."""
        self._wait(self._next - self.clock.monotonic())
        self._next = self.clock.monotonic() + 1 / self.instance.rate
        self.requests += 1
        deadline = self.clock.monotonic() + self.bounds.answer_seconds
        silence = self.bounds.read_seconds
        timeout = httpx.Timeout(silence, connect=min(silence, CONNECT_SECONDS))
        with self._http.stream("GET", self.instance.url + path, timeout=timeout) as response:
            status = response.status_code
            if status in RETRIED:
                raise Again(f"status {status}", self._retry_after(response))
            if status in MOVED:
                return b"", self._moved(path, response)
            kind = response.headers.get("Content-Type", "")
            is_usable = kind.lower().startswith(self.kinds)
            if status == 404:
                raise Gone(path, is_usable)
            if status != 200:
                raise Failed(path, f"status {status}")
            if not is_usable:
                raise Failed(
                    path, f"status 200 with content type {kind[:60]!r}, as pages for unwanted clients have"
                )
            return b"".join(self._body(path, response, deadline)), None

    def _moved(self, path: str, response: httpx.Response) -> str:
        """The path that a redirect names; the host is never left, whatever it says."""
        target = urlsplit(urljoin(self.instance.url + path, response.headers.get("Location", "")))
        prefix = urlsplit(self.instance.url).path.rstrip("/")
        if not target.path.startswith(prefix + "/"):
            raise Failed(path, "a redirect that leads elsewhere")
        return target.path[len(prefix) :] + (f"?{target.query}" if target.query else "")

    def _body(self, path: str, response: httpx.Response, deadline: float) -> Iterator[bytes]:
        coding = response.headers.get("Content-Encoding", "identity").lower()
        if coding not in ("identity", "gzip", ""):
            raise Failed(path, f"content encoding {coding[:20]!r}, which was not asked for")
        unzip = zlib.decompressobj(31) if coding == "gzip" else None
        size = 0
        for raw in response.iter_raw():
            # One byte more than allowed shows that there is more, and a small answer cannot unfold to gigabytes.
            chunk = unzip.decompress(raw, self.bounds.max_bytes - size + 1) if unzip else raw
            size += len(chunk)
            if size > self.bounds.max_bytes:
                raise Failed(path, f"more than {self.bounds.max_bytes:,} bytes")
            if self.clock.monotonic() > deadline:
                raise Again(f"an answer that took more than {self.bounds.answer_seconds:,.0f} seconds")
            yield chunk
        if unzip and not unzip.eof:
            raise Again("a truncated answer")

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Seconds that the server asks to wait, at least a second; None if it does not say."""
        told = response.headers.get("Retry-After", "").strip()
        if told.isascii() and told.isdigit():
            return max(1.0, float(told[:9]))
        try:
            at = parsedate_to_datetime(told)
        except (ValueError, OverflowError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(1.0, (at - self.clock.now()).total_seconds())
