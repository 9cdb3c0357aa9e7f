"""Who looks after which package: maintainers and teams, as nixpkgs publishes them in `packages.json`.

A folder with two files: `packages.json` (unpacked from https://channels.nixos.org/nixos-unstable/packages.json.br, or
written by `nix-env -f . -qa --json --meta` below a key `packages`) and `owners.toml`, which says what that file does
not:

listed_on = 2026-08-19      # date of the list
left_out = ["somebody"]     # handles of those who asked to be left out; letters count alike, large or small

Only public handles are kept. Names and e-mail addresses stand beside them and are never stored, not in quarantine
either. A newer list, or one of the same date from which more is left out, takes the place of the one before in all that
is computed and published; the log itself keeps what it once recorded. Where a package tells its direct maintainers
apart from the members of its teams, only they are maintainers.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from models.events import SourceDeclared
from pipelines.errors import BadInput
from pipelines.sources import declarations, values
from pipelines.sources.base import Facts, Known, Progress, Rejected
from pipelines.sources.declarations import Table

NAME = "package-owners"
LIST, ABOUT = "packages.json", "owners.toml"
WANTS = f"{LIST} of a channel, and {ABOUT} with its date"
SOURCE = "github.com/NixOS/nixpkgs"
MAX_BYTES = 1024**3
_HANDLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_TEAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,99}")
_SCHEMA = {"attr": pl.String, "owner_kind": pl.String, "owner": pl.String}
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class _Meta(msgspec.Struct):
    """What `meta` says of owners: untyped, since packages of all ages and sets are in it."""

    maintainers: Any = None
    direct: Any = msgspec.field(name="nonTeamMaintainers", default=None)
    teams: Any = None


class _Package(msgspec.Struct):
    meta: _Meta | None = None


class _Listed(msgspec.Struct):
    packages: dict[str, msgspec.Raw]


def recognises(path: Path) -> bool:
    """Whether the folder holds both files."""
    return (path / LIST).is_file() and (path / ABOUT).is_file()


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """The list as one event, unless the log holds it. Raises BadInput for what cannot be read or leaves nobody."""
    progress("reading owners of packages")
    about = declarations.load(path / ABOUT)
    table = Table(about, (), about.table)
    table.known(("listed_on", "left_out"))
    listed_at = table.day("listed_on")
    if listed_at is None:  # `day` gives None only for a default of None
        raise table.fault("listed_on is missing: add it.")
    left_out = {one.lower() for one in table.texts("left_out", [])}
    told, rejected = _owners(path / LIST)
    rows = told.filter(~pl.col("owner").str.to_lowercase().is_in(sorted(left_out)))
    if rows.is_empty():
        raise BadInput(
            f"{path / LIST} names nobody who may be told: leave the folder out, or fetch the list again."
        )
    digest = hashlib.sha256(rows.write_csv().encode()).hexdigest()[:16]
    identity = f"{SOURCE}:owners:{listed_at:%Y-%m-%d}:{digest}"
    frames = {}
    if identity not in known.ids("package_owners_listed", SOURCE):
        frames["package_owners_listed"] = rows.with_columns(
            id=pl.lit(identity),
            source=pl.lit(SOURCE),
            observed_at=pl.lit(listed_at, pl.Datetime("us", "UTC")),
            left_out_rows=pl.lit(told.height - rows.height, pl.Int64),
        )
    declared = SourceDeclared(
        id=f"{SOURCE}:source:package-owners:{listed_at:%Y-%m-%d}",
        source=SOURCE,
        observed_at=listed_at,
        dataset=NAME,
        title="Maintainers and teams of packages, as nixpkgs lists them",
        covers="package_owners_listed",
        first_at=listed_at,
        last_at=listed_at,
        licence="MIT (nixpkgs); only facts are kept: attributes and public handles",
        url="https://github.com/NixOS/nixpkgs",
    )
    is_new = declared.id not in known.ids("source_declared", SOURCE)
    return Facts(SOURCE, events=[declared] if is_new else [], frames=frames, rejected=rejected)


def _owners(path: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Distinct owners by attribute, sorted, and what could not be used: counted, never kept."""
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(f"{path} has more than {MAX_BYTES:,} bytes: that is no list of packages.")
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=_Listed)
    except _UNREADABLE as error:
        raise BadInput(f"{path} is no list of packages ({error}): fetch it again.") from error
    decoder = msgspec.json.Decoder(_Package)
    rows: list[tuple[str, str, str]] = []
    faults: dict[str, int] = {}
    for attr, raw in listed.packages.items():
        try:
            meta = decoder.decode(raw).meta or _Meta()
        except _UNREADABLE:
            _count(faults, "package whose meta cannot be read")
            continue
        direct = meta.maintainers if meta.direct is None else meta.direct
        for kind, told, form in (("maintainer", direct, _HANDLE), ("team", meta.teams, _TEAM)):
            for handle in _handles(told):
                if handle is not None and form.fullmatch(handle):
                    rows.append((attr, kind, handle))
                else:
                    _count(faults, f"{kind} without a usable handle")
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row").unique().sort("attr", "owner_kind", "owner")
    is_usable = frame.select(values.attr(pl.col("attr"))).to_series()
    if not is_usable.all():
        faults["owner of an attribute whose name cannot be used"] = int((~is_usable).sum())
    rejected = [Rejected(path.name, reason, b"", rows=n) for reason, n in sorted(faults.items())]
    return frame.filter(is_usable), rejected


def _handles(told: Any) -> Iterator[str | None]:
    """The handle of each owner told; None where there is none."""
    if told is None:
        return
    for one in told if isinstance(told, list) else [told]:
        named = one if isinstance(one, dict) else {}
        handle = named.get("github") or named.get("shortName")
        yield handle if isinstance(handle, str) else None


def _count(faults: dict[str, int], reason: str) -> None:
    faults[reason] = faults.get(reason, 0) + 1
