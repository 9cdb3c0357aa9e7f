"""Waves and the ledger of what is not going to be fixed, as people declare them in TOML.

`*.toml` of a folder, one wave each; `resolutions.toml` is the ledger:

id = "15-2"                      # major wave, or major-minor
title = "GCC 15, second step"
declared = 2026-01-31            # date of this version of the text: change it with the text
started = 2026-02-01             # optional, as is `ended`; evaluations of these days count
instance = "hydra.nixos.org"     # whose jobsets they are
jobsets = ["nixpkgs/staging-next"]
roots = ["gcc", "gfortran"]      # attributes
groups = [["gcc", "gfortran"]]   # roots that move together
baseline = "1824010"             # evaluation id or revision; default: the last complete evaluation before the start
exclusions = ["linuxKernel.**"]  # `*` any letters but a dot, `**` any
channels = ["nixos-unstable"]
paused = false

[[resolution]]                   # of the ledger
wave = "15-2"
package = "hello"                # attribute
system = "x86_64-linux"          # optional
resolution = "wont-fix"          # or "cant-fix"; "open" takes an earlier entry back
author = "somebody"
reason = "unmaintained upstream"
date = 2026-02-03
link = "https://example.org/1"   # optional
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.events import Event, WaveDeclared, WavePackageResolved
from pipelines.errors import BadInput
from pipelines.sources import declarations
from pipelines.sources.declarations import Key, Table, TomlFile

SOURCE = "waves"
LEDGER = "resolutions.toml"
FILES = 1_000
"""Waves of a folder."""
ID = r"[A-Za-z0-9][A-Za-z0-9._]{0,39}(-[0-9]{1,6})?"
JOBSET = r"[A-Za-z0-9_.+-]+(/[A-Za-z0-9_.+-]+)+"
SYSTEM = r"[a-z0-9_]{1,30}-[a-z0-9_]{1,30}"
WAVE_KEYS = (
    "id",
    "title",
    "declared",
    "started",
    "ended",
    "instance",
    "jobsets",
    "roots",
    "groups",
    "baseline",
    "exclusions",
    "channels",
    "paused",
)
RESOLUTION_KEYS = ("wave", "package", "system", "resolution", "author", "reason", "date", "link")
RESOLUTIONS = ("wont-fix", "cant-fix", "open")


@dataclass(frozen=True)
class Declared:
    """An event and where in which file it is declared."""

    event: Event
    file: TomlFile
    place: tuple[Key, ...] = ()

    @property
    def id(self) -> str:
        """Identity of the event: two with one id are two texts of one date."""
        return str(getattr(self.event, "id"))  # noqa: B009 (events of each type have their own)


def folder(path: Path) -> list[Declared]:
    """Everything that a folder declares. Raises BadInput with file and line for whatever cannot be used."""
    if not path.is_dir():
        raise BadInput(f"The folder of waves {path} does not exist: correct the name, or make it.")
    files = sorted(file for file in path.glob("*.toml") if file.name != LEDGER)
    if len(files) > FILES:
        raise BadInput(f"{path} holds {len(files):,} files of waves: at most {FILES:,} are read.")
    waves: dict[str, Declared] = {}
    for file in files:
        name, one = _wave(declarations.load(file))
        before = waves.setdefault(name, one)
        if before is not one:
            raise one.file.fault(
                f"the wave {name} is declared in {before.file.path.name} already: rename one.", "id"
            )
    ledger = path / LEDGER
    return [*waves.values(), *(_ledger(declarations.load(ledger), list(waves)) if ledger.exists() else [])]


def _wave(file: TomlFile) -> tuple[str, Declared]:
    table = Table(file, (), file.table)
    table.known(WAVE_KEYS)
    name = table.text("id", pattern=ID, form='a word, or a word and a number, such as "15" or "15-2"')
    declared, started, ended = table.day("declared"), table.day("started", None), table.day("ended", None)
    if ended and (not started or ended < started):
        raise table.fault("ended lies before started: correct the dates.", "ended")
    roots, jobsets = table.texts("roots"), table.texts("jobsets")
    for key, given in (("roots", roots), ("jobsets", jobsets)):
        if not given:
            raise table.fault(f"{key} is empty: name at least one.", key)
    bad = next((one for one in jobsets if not re.fullmatch(JOBSET, one)), None)
    if bad is not None:
        raise table.fault(f"jobsets has {bad!r}: write PROJECT/JOBSET.", "jobsets")
    event = WaveDeclared(
        id=f"{SOURCE}:declared:{name}:{declared:%Y-%m-%d}",
        source=SOURCE,
        observed_at=declared,  # type: ignore[arg-type]
        wave=name,
        title=table.text("title"),
        roots=roots,
        groups=_groups(table, roots),
        instance=table.text("instance"),
        jobsets=jobsets,
        baseline=table.text("baseline", None),
        exclusions=table.texts("exclusions", []),
        channels=table.texts("channels", []),
        is_paused=table.flag("paused"),
        started_at=started,
        ended_at=ended,
    )
    return name, Declared(event, file)


def _groups(table: Table, roots: Sequence[str]) -> list[list[str]]:
    groups = table.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        raise table.fault('groups is no list of lists: write groups = [["gcc", "gfortran"]].', "groups")
    seen: set[str] = set()
    for group in groups:
        if len(group) < 2:
            raise table.fault("groups has a group of fewer than two roots: take it out.", "groups")
        for root in group:
            if root not in roots:
                raise table.fault(f"groups has {root!r}, which is no root: add it to roots.", "groups")
            if root in seen:
                raise table.fault(f"groups has {root!r} twice: a root moves with one group.", "groups")
            seen.add(root)
    return groups


def _ledger(file: TomlFile, waves: Sequence[str]) -> list[Declared]:
    Table(file, (), file.table).known(("resolution",))
    found: dict[str, Declared] = {}
    majors = {wave.rpartition("-")[0] or wave for wave in waves}
    for table in declarations.tables(file, "resolution"):
        one = _resolution(table, sorted({*waves, *majors}))
        if found.setdefault(one.id, one) is not one:
            raise table.fault("this package has an entry of the same date already: join the two.", "package")
    return list(found.values())


def _resolution(table: Table, waves: Sequence[str]) -> Declared:
    table.known(RESOLUTION_KEYS)
    wave, attr = table.text("wave"), table.text("package")
    if wave not in waves:
        near = difflib.get_close_matches(wave, waves, 1)
        hint = f"did you mean {near[0]}?" if near else "declare it in a file beside this one."
        raise table.fault(f"no file declares the wave {wave!r}: {hint}", "wave")
    word = table.text("resolution")
    if word == "pass":
        raise table.fault(
            "a pass is seen by a CI and never declared: take the entry out, or write wont-fix or cant-fix.",
            "resolution",
        )
    if word not in RESOLUTIONS:
        raise table.fault(f"resolution is {word!r}: write one of {', '.join(RESOLUTIONS)}.", "resolution")
    author = table.text("author")
    if "@" in author.lstrip("@"):
        raise table.fault("author is an e-mail address, which is not published: write a handle.", "author")
    system = table.text("system", None, SYSTEM, "a Nix system such as x86_64-linux")
    day = table.day("date")
    event = WavePackageResolved(
        id=f"{SOURCE}:resolved:{wave}:{attr}:{system or '*'}:{day:%Y-%m-%d}",
        source=SOURCE,
        observed_at=day,  # type: ignore[arg-type]
        occurred_at=day,
        wave=wave,
        attr=attr,
        system=system,
        resolution=word,
        author=author,
        reason=table.text("reason"),
        url=table.text("link", None, r"https?://\S+", "an address that begins with https://"),
    )
    return Declared(event, table.file, table.place)
