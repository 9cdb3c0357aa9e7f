"""A Hydra to be asked over HTTP: where it is, which jobsets, how politely. Read from a TOML table."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import BadInput

RATE = 0.5
"""Requests a second: one every two seconds, a quarter of what hydra.nixos.org allows one address."""
REFRESH_SECONDS = 30 * 60
"""First delay after which an unfinished build is asked for again; it doubles up to a day."""

LONGEST_REFRESH = 86400
MOST_PAGES = 100_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class JobsetConfig:
    """One jobset of an instance and how it is crawled."""

    name: str
    """`project/jobset`."""
    big: bool = False
    """Evaluations of more than some thousand jobs: its list is never asked for, only its newest finished one."""
    bulk: bool = False
    """Take results of new builds from the list of latest builds: a quarter of the cost, without times and
    derivations."""
    aggregates: tuple[str, ...] = ()
    """Jobs that are aggregates although their name ends in a system."""
    pages: int = 50
    """Most pages of evaluations (of 20) that a first crawl goes back."""

    @property
    def project(self) -> str:
        """Its project."""
        return self.name.split("/")[0]

    @property
    def jobset(self) -> str:
        """Its name within the project."""
        return self.name.split("/")[1]


@dataclass(frozen=True)
class Instance:
    """A Hydra that is asked over HTTP."""

    url: str
    jobsets: tuple[JobsetConfig, ...] = ()
    rate: float = RATE
    contact: str | None = None
    """Address or page by which the operators reach who crawls; part of the user agent."""
    operators_agreed: bool = False
    """Whether the instance's operators agreed to be crawled."""
    window: tuple[time, time] | None = None
    """UTC times between which requests are made; may run over midnight. None: always."""
    refresh_seconds: float = REFRESH_SECONDS

    @property
    def source(self) -> str:
        """Name of the source: the host, its port unless the scheme's own, and the path under which Hydra lives."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
        return f"{host}{port}{parts.path.rstrip('/')}"

    @property
    def is_loopback(self) -> bool:
        """Whether the address is this machine's own."""
        host = (urlsplit(self.url).hostname or "").lower()
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def is_open(self, now: datetime) -> bool:
        """Whether requests may be made at this instant (UTC)."""
        if self.window is None:
            return True
        begin, end = self.window
        at = now.time()
        return begin <= at < end if begin <= end else at >= begin or at < end


def from_url(url: str, jobsets: tuple[str, ...], rate: float = RATE) -> Instance:
    """An instance as a command line names it. Unfinished builds of a Hydra on loopback, one's own, are asked for
    again on every run. Raises BadInput."""
    table: dict[str, Any] = {"url": url, "rate": rate, "jobsets": list(jobsets)}
    return from_toml(table, "the command line")


def from_toml(table: Mapping[str, Any], where: str) -> Instance:
    """An instance from a table of the configuration; `where` names the place in messages. Raises BadInput."""
    fields = _Fields(table, where)
    url = _address(fields.text("url"), where)
    rate = fields.number("rate", RATE)
    if not 0 < rate <= 1000:
        raise BadInput(f"{where}: rate is {rate}: give the requests a second, above 0 and at most 1000.")
    instance = Instance(
        url=url.rstrip("/"),
        jobsets=tuple(_jobset(item, where) for item in fields.items("jobsets")),
        rate=rate,
        contact=_contact(fields.text("contact"), where),
        operators_agreed=fields.flag("operators_agreed"),
        window=_window(fields.text("window"), where),
    )
    names = [jobset.name for jobset in instance.jobsets]
    if len(set(names)) < len(names):
        raise BadInput(f"{where}: jobsets names {max(names, key=names.count)} twice: leave one out.")
    delay = fields.number("refresh_seconds", 0 if instance.is_loopback else REFRESH_SECONDS)
    if not 0 <= delay <= LONGEST_REFRESH:
        raise BadInput(
            f"{where}: refresh_seconds is {delay}: give seconds, at most {LONGEST_REFRESH} (a day)."
        )
    fields.finish()
    return Instance(**{**vars(instance), "refresh_seconds": delay})


class _Fields:
    """A table whose values are taken out with their type, so that what is left over was misspelt."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._left = dict(table)
        self._where = where

    def take(self, name: str, kinds: type | tuple[type, ...], expected: str) -> Any:
        value = self._left.pop(name, None)
        is_flag = isinstance(value, bool) and kinds is not bool
        if value is not None and (is_flag or not isinstance(value, kinds)):
            raise BadInput(f"{self._where}: {name} is {value!r}, expected {expected}.")
        return value

    def text(self, name: str) -> str | None:
        return self.take(name, str, "a text")

    def number(self, name: str, default: float) -> float:
        value = self.take(name, (int, float), "a number")
        return default if value is None else float(value)

    def flag(self, name: str) -> bool:
        return bool(self.take(name, bool, "true or false"))

    def items(self, name: str) -> list[Any]:
        return self.take(name, list, "a list") or []

    def finish(self) -> None:
        if self._left:
            raise BadInput(f"{self._where}: {min(self._left)} is no setting here: take it out or correct it.")


def _address(url: str | None, where: str) -> str:
    try:
        parts = urlsplit(url or "")
        is_usable = (
            url is not None
            and url.isprintable()
            and " " not in url
            and parts.scheme in _PORTS
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.query or parts.fragment)
        )
    except ValueError:
        # A port or an address in brackets that is none.
        is_usable = False
    if url is None or not is_usable:
        shown = None if url is None else re.sub(r"//.*@", "//(left out)@", url, flags=re.DOTALL)
        raise BadInput(
            f"{where}: url is {shown!r}, not an http or https address: write for example https://hydra.example.org."
        )
    if parts.username or parts.password:
        raise BadInput(f"{where}: url holds a user name or password: take it out, a crawl needs none.")
    return url


def _jobset(item: Any, where: str) -> JobsetConfig:
    fields = _Fields({"name": item} if isinstance(item, str) else _table(item, "jobsets", where), where)
    name = fields.text("name") or ""
    if name.count("/") != 1 or not all(_NAME.match(part) for part in name.split("/")):
        raise BadInput(
            f"{where}: jobset {name!r} is not of the form PROJECT/JOBSET, for example nixpkgs/unstable."
        )
    pages = fields.number("pages", 50)
    if not 1 <= pages <= MOST_PAGES:
        raise BadInput(
            f"{where}: pages of {name} is {pages}: give how many, at least 1 and at most {MOST_PAGES}."
        )
    config = JobsetConfig(
        name=name,
        big=fields.flag("big"),
        bulk=fields.flag("bulk"),
        aggregates=tuple(str(job) for job in fields.items("aggregates")),
        pages=int(pages),
    )
    fields.finish()
    return config


def _table(item: Any, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise BadInput(f"{where}: {name} holds {item!r}, expected a table.")
    return item


def _contact(contact: str | None, where: str) -> str | None:
    if contact is None or not contact.strip():
        return None
    if not contact.isascii() or not contact.isprintable() or not ("@" in contact or "://" in contact):
        raise BadInput(f"{where}: contact is {contact!r}: give an e-mail address or the address of a page.")
    return contact.strip()


def _window(text: str | None, where: str) -> tuple[time, time] | None:
    if text is None:
        return None
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
        if begin.tzinfo or end.tzinfo or begin == end:
            raise ValueError("times of another zone, or no time between them")
    except ValueError as error:
        raise BadInput(
            f"{where}: window is {text!r}, expected two UTC times, for example 22:00-06:00."
        ) from error
    return begin, end
