"""Reads `channels.nix` of NixOS/infra: the list of official channels, in the small part of Nix that it is written in.

Understood are attribute sets of attribute sets whose values are texts without interpolation, true or false, with
comments. What stands beside `channels` in the file is not looked at. Anything else within it is refused with its
line: a list that is half understood would lose channels without a word.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from models.events import ChannelDeclared
from models.parts import ChannelPeriod
from pipelines.errors import BadInput
from pipelines.sources.channels.declared import STATUSES

SOURCE = "github.com/NixOS/infra"
INSTANCE = "hydra.nixos.org"
LARGEST = 1024 * 1024
_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\$]|\$(?!\{)|\\.)*")
    |(?P<word>[A-Za-z_][A-Za-z0-9_'.-]*)
    |(?P<mark>[{}=;])""",
    re.VERBOSE | re.DOTALL,
)
_BEGIN = re.compile(r"(?<![\w.'-])channels\s*=\s*(?=\{)")
_JOB = re.compile(r"[^/\s]+/[^/\s]+/[^\s]+\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}\Z")
KEYS = frozenset({"job", "status", "variant", "current"})


@dataclass(frozen=True)
class Official:
    """One channel as the file states it."""

    name: str
    job: str
    """`project/jobset/job`."""
    status: str | None


def read(text: str, where: str) -> list[Official]:
    """The channels of the file, in its order. Raises BadInput naming the line."""
    if len(text) > LARGEST:
        raise BadInput(f"{where} has more than {LARGEST:,} letters: that is not channels.nix.")
    begin = _BEGIN.search(text)
    if begin is None:
        raise BadInput(f"{where} has no `channels = {{`: give the address of channels.nix itself.")
    reader = _Reader(text, begin.end(), where)
    found = []
    reader.mark("{")
    while not reader.is_next("}"):
        line, name = reader.name()
        reader.mark("=")
        found.append(_official(name, reader.values(), f"{where} line {line}"))
        reader.mark(";")
    if len({channel.name for channel in found}) < len(found):
        raise BadInput(f"{where} names a channel twice: correct it there.")
    return found


def _official(name: str, told: dict[str, str | bool], place: str) -> Official:
    unknown = sorted(set(told) - KEYS)
    job, status, current = told.get("job"), told.get("status"), told.get("current")
    if unknown or not _NAME.match(name) or not isinstance(job, str) or not _JOB.match(job):
        seen = f"the key {unknown[0]!r:.60}" if unknown else f"the job {job!r:.80}"
        raise BadInput(
            f"{place}: {name!r:.80} has {seen}, which is not known: this reader must be taught it."
        )
    if current is not None and status is None:
        status = None if current else "unmaintained"  # as the file said it before it had phases
    if status is not None and status not in STATUSES:
        raise BadInput(f"{place}: {name} has the status {status!r:.60}: known are {', '.join(STATUSES)}.")
    return Official(name, job, str(status) if status else None)


class _Reader:
    """Tokens of the text from a place on."""

    def __init__(self, text: str, at: int, where: str) -> None:
        self._text, self._at, self._where = text, at, where

    def _peek(self) -> re.Match[str]:
        while (found := _TOKEN.match(self._text, self._at)) and found.lastgroup == "blank":
            self._at = found.end()
        if found is None:
            line = self._text.count("\n", 0, self._at) + 1
            seen = self._text[self._at : self._at + 30].split("\n")[0] or "the end of the file"
            raise BadInput(
                f"{self._where} line {line}: {seen!r} is not understood: this reader must be taught it."
            )
        return found

    def _take(self, kinds: tuple[str, ...], wanted: str) -> tuple[int, str]:
        found = self._peek()
        line = self._text.count("\n", 0, found.start()) + 1
        if found.lastgroup not in kinds or (wanted in ("{", "}", "=", ";") and found[0] != wanted):
            raise BadInput(
                f"{self._where} line {line}: {found[0]!r:.60} stands where {wanted} is expected: "
                "this reader must be taught it."
            )
        self._at = found.end()
        return line, found[0]

    def is_next(self, mark: str) -> bool:
        """Whether the mark stands next; it is then passed."""
        found = self._peek()
        if found[0] != mark:
            return False
        self._at = found.end()
        return True

    def mark(self, mark: str) -> None:
        """Pass a mark."""
        self._take(("mark",), mark)

    def name(self) -> tuple[int, str]:
        """The line and the name of an attribute, with or without quotes."""
        line, token = self._take(("text", "word"), "a name")
        return line, _plain(token)

    def values(self) -> dict[str, str | bool]:
        """A set of texts and truths."""
        told: dict[str, str | bool] = {}
        self.mark("{")
        while not self.is_next("}"):
            line, key = self.name()
            self.mark("=")
            _, token = self._take(("text", "word"), "a text")
            if token[0] != '"' and token not in ("true", "false"):
                raise BadInput(
                    f"{self._where} line {line}: {key} is {token!r:.60}, no text: it is not understood."
                )
            if key in told:
                raise BadInput(f"{self._where} line {line}: {key} is said twice: correct it there.")
            told[key] = _plain(token) if token.startswith('"') else token.startswith("t")
            self.mark(";")
        return told


def _plain(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL) if token[0] == '"' else token


def compared(
    found: list[Official], ours: dict[str, ChannelDeclared], observed_on: str
) -> tuple[list[ChannelDeclared], list[str]]:
    """Channels that we do not declare, as events of that day; and a sentence for each difference from ours."""
    fresh, said = [], []
    for channel in found:
        mine = ours.get(channel.name)
        project, jobset, job = channel.job.split("/", 2)
        period = ChannelPeriod(jobset=f"{project}/{jobset}", job=job, status=channel.status)
        if mine is None:
            said.append(f"{channel.name} is new: fed by {channel.job}, {channel.status or 'status not told'}")
            fresh.append(_event(channel.name, period, observed_on))
            continue
        last = mine.periods[-1]
        if (last.jobset, last.job) != (period.jobset, period.job):
            said.append(
                f"{channel.name} is fed by {channel.job} there and by {last.jobset}/{last.job} in our file, which holds"
            )
        if channel.status and last.status != channel.status:
            said.append(
                f"{channel.name} is {channel.status} there and {last.status} in our file, which holds"
            )
    named = {channel.name for channel in found}
    said += [
        f"{name} is in our file and not there any more"
        for name in sorted(set(ours) - named)
        if ours[name].kind == "official"
    ]
    return fresh, said


def _event(name: str, period: ChannelPeriod, observed_on: str) -> ChannelDeclared:
    return ChannelDeclared(
        id=f"{SOURCE}:channel:{INSTANCE}:{name}:{observed_on}",
        source=SOURCE,
        observed_at=datetime.fromisoformat(observed_on).replace(tzinfo=UTC),
        channel=name,
        title=name,
        kind="official",
        instance=INSTANCE,
        periods=[period],
    )
