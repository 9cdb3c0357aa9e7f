"""Small graphs of derivations as events, drawn as text.

    hello 1.0 <- stdenv src(src) mock(checkInputs)?
    src!
    tool

A line is a derivation: its name, perhaps a version, and after the arrow what it needs, perhaps with the role in
brackets and a question mark where it is there for tests only. `!` marks a fixed output, `~` one that nobody records,
`-` one that is no attribute of the set. Derivations are told apart by a number, so that graphs of several sources can
stand in one log.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from models.derivation_events import DerivationObserved, PackageSetEvaluated
from models.events import Event
from models.parts import DerivationInput, PackageSetRow

AT = datetime(2024, 1, 1, tzinfo=UTC)
REVISION = "0123456789abcdef0123456789abcdef01234567"
SYSTEM = "x86_64-linux"
_NAME = re.compile(r"([~-]*)(.*?)(!?)$")
_NEED = re.compile(r"([\w.+-]+)(?:\((\w*)\))?(\?)?")


@dataclass(frozen=True)
class Line:
    """One derivation as drawn."""

    name: str
    version: str
    needs: tuple[tuple[str, str, bool], ...]
    marks: str


def lines(text: str) -> list[Line]:
    """The derivations that are drawn."""
    found = []
    for row in text.strip().splitlines():
        head, _, needs = row.partition("<-")
        name, *version = head.split()
        wanted = tuple((m[1], m[2] or "buildInputs", bool(m[3])) for m in _NEED.finditer(needs))
        before, bare, after = _NAME.match(name).groups()  # type: ignore[union-attr]
        found.append(Line(bare, " ".join(version), wanted, before + after))
    return found


def events(text: str, source: str, first: int = 1, at: datetime = AT) -> list[Event]:
    """The derivations and the package set that are drawn; numbers count from `first`."""
    drawn = lines(text)
    number = {line.name: first + place for place, line in enumerate(drawn)}
    return [*_derivations(drawn, number, source, at), _package_set(drawn, number, source, at)]


def _derivations(
    drawn: list[Line], number: dict[str, int], source: str, at: datetime
) -> Iterator[DerivationObserved]:
    for line in drawn:
        if "~" in line.marks:
            continue
        yield DerivationObserved(
            source=source,
            observed_at=at,
            derivation_id64=number[line.name],
            drv_hash=f"{number[line.name]:032d}",
            name=f"{line.name}-{line.version}" if line.version else line.name,
            system=SYSTEM,
            is_fixed_output="!" in line.marks,
            outputs=["out"],
            inputs=[
                DerivationInput(
                    derivation_id64=number[name], role=role, outputs=["out"], is_check_only=is_check
                )
                for name, role, is_check in line.needs
            ],
        )


def _package_set(drawn: list[Line], number: dict[str, int], source: str, at: datetime) -> PackageSetEvaluated:
    return PackageSetEvaluated(
        id=f"{source}:package-set:nixpkgs:{REVISION}",
        source=source,
        observed_at=at,
        occurred_at=at,
        package_set="nixpkgs",
        revision=REVISION,
        rows=[
            PackageSetRow(attr=line.name, system=SYSTEM, derivation_id64=number[line.name])
            for line in drawn
            if "-" not in line.marks
        ],
    )
