"""Events of Nix's log, taken one by one, and what they say of each derivation in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from pipelines.sources.ci import fields, nix_messages
from pipelines.sources.ci.derivations import Result
from pipelines.sources.ci.documents import Broken
from pipelines.sources.ci.nix_messages import Finding

ACTIONS = frozenset({"start", "stop", "result", "msg"})

_REALISE, _COPIES, _BUILDS, _BUILD, _SUBSTITUTE, _HOOK, _WAITING = 102, 103, 104, 105, 108, 110, 111
"""Activities. Numbers that are not listed here are not looked at."""
_PHASE, _PROGRESS = 104, 105
"""Results: with another action the same numbers mean other things."""
_ERRORS = 20
"""Messages kept that name no derivation."""


class Event(msgspec.Struct):
    """One line of the log; other members are not looked at."""

    action: str
    id: int | None = None
    type: int | None = None
    fields: list[int | float | str | bool | None] = msgspec.field(default_factory=list)
    raw_msg: str | None = None
    """Errors have it. Level 0 alone is no error: the plan of a dry run has it too."""


@dataclass
class _Activity:
    """A build or a substitution: the counters done and failed when it started and when it stopped."""

    path: str
    started_at: datetime | None
    before: tuple[int, int]
    after: tuple[int, int] | None = None
    stopped_at: datetime | None = None
    phase: str | None = None


class Log:
    """What the events so far have told."""

    def __init__(self) -> None:
        self.messages: dict[str, Finding] = {}
        self.errors: list[str] = []
        self.newest: datetime | None = None
        self.has_begun = False
        """Whether building began: errors before it are the evaluation's."""
        self._open: dict[int, _Activity] = {}
        self._realising: set[int] = set()
        self._has_realised = False
        self._counters: dict[int, int] = {}
        self._counts: dict[int, tuple[int, int]] = {}
        self._totals = {_COPIES: (0, 0), _BUILDS: (0, 0)}
        """Done and failed of all counters of a kind: a log may hold several commands."""
        self._builds: dict[str, _Activity] = {}
        self._substitutions: dict[str, _Activity] = {}
        self._hooked: set[str] = set()
        self._resolved: dict[str, tuple[str, int]] = {}
        self._stopped: set[int] = set()

    @property
    def open_builds(self) -> int:
        """Builds that had not stopped when the log ended."""
        return sum(build.after is None for build in self._builds.values())

    @property
    def has_ended(self) -> bool:
        """Whether everything that was to be built or fetched has come to its end."""
        return self._has_realised and not self._realising

    def take(self, event: Event, at: datetime | None) -> None:
        """One more event, stamped or not. Raises Broken if it lacks what its kind needs."""
        match event.action:
            case "start":
                self._start(event, at)
            case "stop":
                self._stop(_id(event), at)
            case "result" if event.type in (_PHASE, _PROGRESS):
                self._result(event)
            case "msg" if event.raw_msg is not None:
                self._message(event.raw_msg)
        self.newest = fields.newest([self.newest, at])

    def _start(self, event: Event, at: datetime | None) -> None:
        number = _id(event)
        match event.type:
            case 102 | 103 | 104:
                self.has_begun = True
                if event.type == _REALISE:
                    self._realising.add(number)
                    self._has_realised = True
                else:
                    self._counters.setdefault(number, event.type)
            case 105:
                activity = _Activity(_derivation(event, 0), at, self._totals[_BUILDS])
                self._builds[activity.path] = self._open[number] = activity
                self.has_begun = True
            case 108:
                activity = _Activity(_store_path(event), at, self._totals[_COPIES])
                self._substitutions[activity.path] = self._open[number] = activity
            case 110:
                self._hooked.add(_derivation(event, 0))
            case 111 if len(event.fields) == 2:
                self._resolved[_derivation(event, 0)] = (_derivation(event, 1), number)

    def _stop(self, number: int, at: datetime | None) -> None:
        self._realising.discard(number)
        self._stopped.add(number)
        if activity := self._open.pop(number, None):
            activity.after, activity.stopped_at = self._totals[_BUILDS], at

    def _result(self, event: Event) -> None:
        number = _id(event)
        if event.type == _PHASE:
            phase = fields.text(event.fields[0] if event.fields else None, "phase")
            if activity := self._open.get(number):
                activity.phase = phase
        elif number in self._counters:
            if len(event.fields) != 4:
                raise Broken("a progress without its four numbers")
            done, _, _, failed = (fields.number(value, "progress") for value in event.fields)
            old, kind = self._counts.get(number, (0, 0)), self._counters[number]
            total = self._totals[kind]
            self._totals[kind] = (total[0] + done - old[0], total[1] + failed - old[1])
            self._counts[number] = (done, failed)

    def _message(self, text: str) -> None:
        found = nix_messages.findings(text)
        for finding in found:
            old = self.messages.get(finding.drv)
            if old is None or finding.cause_known and not old.cause_known:
                self.messages[finding.drv] = finding
        if not found and len(self.errors) < _ERRORS:
            self.errors.append(nix_messages.ANSI.sub("", text))

    def results(self) -> Iterator[Result]:
        """What became of each derivation and each fetched path."""
        found = {drv: self._of_message(drv) for drv in self.messages}
        found |= {drv: self._of_build(b) for drv, b in self._builds.items() if drv not in self.messages}
        for original, (resolved, number) in self._resolved.items():
            if original in found:
                continue
            if same := found.get(resolved):
                found[original] = replace(same, path=original)
            else:  # resolved to what is valid already: nothing was built
                is_valid = number in self._stopped and not self._totals[_BUILDS][1] and not self.errors
                status = ("succeeded", True) if is_valid else ("unknown", None)
                found[original] = Result(original, status[0], "resolved", is_cached=status[1])
        own = sorted(drv for drv, result in found.items() if _is_own(result))
        hidden = {resolved for resolved, _ in self._resolved.values()} - self._resolved.keys()
        for drv, result in found.items():
            if drv in hidden:
                continue
            if result.status == "dependency-failed" and len(own) == 1 and self._totals[_BUILDS][1] <= 1:
                yield replace(result, failed_drvs=tuple(own))
            else:
                yield result
        yield from self._fetched()

    def _of_message(self, drv: str) -> Result:
        finding = self.messages[drv]
        build = self._builds.get(drv)
        return Result(
            drv,
            finding.status,
            finding.words,
            cause_known=finding.cause_known,
            is_cached=False if build else None,
            system=finding.system,
            phase=build.phase if build else None,
            started_at=build.started_at if build else None,
            stopped_at=build.stopped_at if build else None,
            time_kind=_time_kind(build),
        )

    def _of_build(self, build: _Activity) -> Result:
        """A build that no message names."""
        status, words = self._verdict(build)
        return Result(
            build.path,
            status,
            words,
            is_cached=False,
            phase=build.phase,
            started_at=build.started_at,
            stopped_at=build.stopped_at,
            time_kind=_time_kind(build),
        )

    def _verdict(self, build: _Activity) -> tuple[str, str]:
        if build.path in self._hooked:
            return "succeeded", "built, post-build hook ran"  # which it does only when the outputs are valid
        if build.after is None:
            return "unknown", "started"
        done, failed = (after > before for before, after in zip(build.before, build.after, strict=True))
        if done and not failed:
            return "succeeded", "built"
        if failed and not done:
            return "failed", "failed without a message"
        explained = sum(f.is_own and f.drv in self._builds for f in self.messages.values())
        if done and failed and self._totals[_BUILDS][1] <= explained:
            return "succeeded", "built"
        return "unknown", "stopped"

    def _fetched(self) -> Iterator[Result]:
        stopped = [fetch for fetch in self._substitutions.values() if fetch.after is not None]
        done, failed = self._totals[_COPIES]
        is_sure = not failed and done >= len(stopped)
        for fetch in stopped:
            yield Result(
                fetch.path,
                "succeeded" if is_sure else "unknown",
                "substituted",
                is_cached=True if is_sure else None,
                started_at=fetch.started_at,
                stopped_at=fetch.stopped_at,
                time_kind=_time_kind(fetch),
            )


def _is_own(result: Result) -> bool:
    return result.status in nix_messages.OWN and result.cause_known


def _time_kind(activity: _Activity | None) -> str:
    return "measured" if activity and activity.stopped_at else "file"


def _id(event: Event) -> int:
    return fields.number(event.id, "id")


def _derivation(event: Event, i: int) -> str:
    """Raises Broken if the activity's field is no derivation."""
    found = fields.derivation_or_none(event.fields[i] if len(event.fields) > i else None, "derivation")
    if found is None:
        raise Broken("an activity without its derivation")
    return found


def _store_path(event: Event) -> str:
    """Raises Broken if the activity names no path in the store."""
    path = fields.text(event.fields[0] if event.fields else None, "path")
    if not nix_messages.STORE_PATH.fullmatch(path):
        raise Broken("a path outside the store")
    return path
