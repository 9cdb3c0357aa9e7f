"""The configuration file: which histories, live Hydras, databases and inbox feed the log.

include = ["instances.toml"]        # other files of this form, relative to this one
histories = ["histories/my-set"]    # folders, relative to this file
inbox = "/srv/ci-results"           # files of any CI; without it `inbox` below the state folder
channels = "channels.toml"          # declared channels: see pipelines.sources.channels.declared
waves = "waves/"                    # folder of declared waves: see pipelines.sources.waves.declared
[[notices]]                         # a feed of notices: name, and globs, maintainers or teams
[[hydra]]                           # a Hydra over HTTP: see pipelines.sources.hydra.instance
[[hydra_database]]                  # a Hydra's own database: source, dsn_env, jobsets, freshness_hours
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipelines.errors import BadInput
from pipelines.sources.hydra import instance
from pipelines.sources.hydra.instance import Instance

FRESHNESS_HOURS = 24.0
"""Hours after the last success at which a live source is overdue, unless it says its own."""
KEYS = ("include", "histories", "inbox", "channels", "waves", "notices", "hydra", "hydra_database")
DEEPEST = 4
LONGEST_GLOB = 200
CHOICES = {"globs": '["python3*Packages.**"]', "maintainers": '["handle"]', "teams": '["cuda"]'}
"""What a feed of notices may be about, with an example of each."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,59}")


@dataclass(frozen=True)
class Live:
    """A Hydra that is asked over HTTP, and how often it should be heard."""

    instance: Instance
    freshness: timedelta


@dataclass(frozen=True)
class Database:
    """A Hydra's own database. The address is in the environment, never in a file: it may hold a password."""

    source_url: str
    dsn_env: str
    jobsets: tuple[str, ...]
    freshness: timedelta


@dataclass(frozen=True)
class Notices:
    """A feed of notices about the packages that somebody cares for."""

    name: str
    globs: tuple[str, ...] = ()
    """Attributes; `*` stands for any letters but a dot, `**` for any."""
    maintainers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    """Handles; whose packages these are is told by lists of owners (`pipelines.sources.package_owners`)."""


@dataclass(frozen=True)
class Configuration:
    """What feeds the log, in the order in which it is read."""

    histories: tuple[Path, ...] = ()
    live: tuple[Live, ...] = ()
    databases: tuple[Database, ...] = ()
    inbox: Path | None = None
    channels: Path | None = None
    waves: Path | None = None
    notices: tuple[Notices, ...] = ()

    def instance(self, url: str) -> Live | None:
        """The configured instance at an address, if there is one."""
        wanted = url.rstrip("/")
        return next((live for live in self.live if live.instance.url == wanted), None)


def load(path: Path, depth: int = 0) -> Configuration:
    """Read a configuration and what it includes. Raises BadInput with the file and what to correct."""
    if depth > DEEPEST:
        raise BadInput(f"The configuration {path} is included in a circle: take one `include` out.")
    told = _table(path)
    unknown = sorted(set(told) - set(KEYS))
    if unknown:
        raise BadInput(f"The configuration {path} has {unknown[0]!r}, which is none of {', '.join(KEYS)}.")
    parts = [load(path.parent / name, depth + 1) for name in _texts(told, "include", path)]
    inbox, waves = _place(told, "inbox", path), _place(told, "waves", path)
    own = Configuration(
        tuple((path.parent / name).resolve() for name in _texts(told, "histories", path)),
        tuple(
            _live(table, f"{path} [[hydra]] {n}") for n, table in enumerate(_tables(told, "hydra", path), 1)
        ),
        tuple(
            _database(table, f"{path} [[hydra_database]] {n}")
            for n, table in enumerate(_tables(told, "hydra_database", path), 1)
        ),
        inbox,
        channels=_place(told, "channels", path),
        waves=waves,
        notices=tuple(
            _notices(table, f"{path} [[notices]] {n}")
            for n, table in enumerate(_tables(told, "notices", path), 1)
        ),
    )
    every = [*parts, own]
    return Configuration(
        tuple(folder for part in every for folder in part.histories),
        tuple(live for part in every for live in part.live),
        tuple(database for part in every for database in part.databases),
        next((part.inbox for part in reversed(every) if part.inbox), None),
        channels=next((part.channels for part in reversed(every) if part.channels), None),
        waves=next((part.waves for part in reversed(every) if part.waves), None),
        notices=_once(path, [one for part in every for one in part.notices]),
    )


def _notices(table: dict[str, Any], where: str) -> Notices:
    name, told = table.get("name"), {key: table[key] for key in CHOICES if key in table}
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInput(f"{where}: name is {name!r:.80}: write letters, digits, dots and dashes, at most 60.")
    if not told:
        raise BadInput(f"{where}: {name} chooses nothing: give one of {', '.join(CHOICES)}.")
    for key, values in told.items():
        if not isinstance(values, list) or not values or not all(_is_choice(one) for one in values):
            raise BadInput(f"{where}: {key} is {values!r:.80}: write a list, {key} = {CHOICES[key]}.")
    if unknown := sorted(set(table) - {"name", *CHOICES}):
        raise BadInput(f"{where}: {unknown[0]} is no setting here: take it out or correct it.")
    return Notices(name, **{key: tuple(values) for key, values in told.items()})


def _is_choice(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= LONGEST_GLOB and text.isprintable()


def _once(path: Path, notices: list[Notices]) -> tuple[Notices, ...]:
    """The feeds, if no two have one name."""
    names = [one.name for one in notices]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"The configuration {path} has two [[notices]] named {twice}: rename one of them.")
    return tuple(notices)


def _place(told: Mapping[str, Any], key: str, path: Path) -> Path | None:
    """A folder or file that the configuration names, relative to it."""
    named = told.get(key)
    if named is not None and (not isinstance(named, str) or not named):
        raise BadInput(f"The configuration {path} has a `{key}` that is no folder: write a text.")
    return (path.parent / named).resolve() if named else None


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as handle:
            return tomllib.load(handle)
    except FileNotFoundError as error:
        raise BadInput(
            f"The configuration {path} does not exist: name another with NIXPKGS_HEALTH_CONFIG."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The configuration {path} is not TOML ({error}): correct that place.") from error


def _texts(told: Mapping[str, Any], key: str, path: Path) -> list[str]:
    named = told.get(key, [])
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        what = "folders" if key == "histories" else "files"
        raise BadInput(
            f'The configuration {path} has `{key}` that is no list of {what}: write {key} = ["..."].'
        )
    return named


def _tables(told: Mapping[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    tables = told.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadInput(f"The configuration {path} has `{key}` that is no list of tables: write [[{key}]].")
    return tables


def _freshness(table: dict[str, Any], where: str) -> timedelta:
    hours = table.pop("freshness_hours", FRESHNESS_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= 24 * 365:
        raise BadInput(f"{where}: freshness_hours is {hours!r}: give hours, above 0 and at most a year.")
    return timedelta(hours=hours)


def _live(table: dict[str, Any], where: str) -> Live:
    rest = dict(table)
    freshness = _freshness(rest, where)
    return Live(instance.from_toml(rest, where), freshness)


def _database(table: dict[str, Any], where: str) -> Database:
    rest = dict(table)
    freshness = _freshness(rest, where)
    source, dsn_env, jobsets = (rest.pop(name, None) for name in ("source", "dsn_env", "jobsets"))
    if not isinstance(source, str) or "://" not in source:
        raise BadInput(
            f"{where}: source is {source!r}: give the address of the instance that the database is of."
        )
    if not isinstance(dsn_env, str) or not dsn_env.isidentifier():
        # What stands there is not repeated: it may be the address itself, with a password.
        raise BadInput(f"{where}: dsn_env is no name: name the environment variable that holds the address.")
    if not isinstance(jobsets, list) or not jobsets or not all(isinstance(name, str) for name in jobsets):
        raise BadInput(f'{where}: jobsets is {jobsets!r}: write jobsets = ["PROJECT/JOBSET"].')
    if rest:
        raise BadInput(f"{where}: {min(rest)} is no setting here: take it out or correct it.")
    return Database(source.rstrip("/"), dsn_env, tuple(jobsets), freshness)
