"""Small package sets that were built commit by commit, as events, drawn as text.

    commit 2024-01-01
    libc 1
    mock 1
    app 1 seconds=30 nominal=600 <- libc mock(nativeCheckInputs)?

    commit 2024-02-01
    libc 2

A line is a package: its name, what its recipe says, what its build gave, and after the arrow what it needs, with the
role in brackets and a question mark where it is there for tests only. A commit says what differs from the one before;
`-app` takes a package away. Derivations follow: a package is built again when its recipe changed or what it needs.

The content is the recipe's word or `content=`, and the references are to all that it needs but for tests. So a change
of `libc` alters nothing in `app` but the reference, unless `app 1 content=x` says otherwise. Other words: `seconds=`
(`seconds=?`: unknown), `nominal=`, `bytes=`, `failed`, `unbuilt`, `unhashed` (what came out was not looked at),
`alien` (its recipe is not told), `tests` (it runs its own tests), `fixed` (its output is known by hash).
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models.derivation_events import (
    BuildCostDeclared,
    DerivationObserved,
    OutputObserved,
    PackageSetEvaluated,
)
from models.events import BuildObserved, Event
from models.parts import DerivationInput, PackageSetRow
from models.vocabulary import Cause

SYSTEM = "x86_64-linux"
SET = "set"
_NEED = re.compile(r"([\w.+-]+)(?:\((\w*)\))?(\?)?")


@dataclass(frozen=True)
class Line:
    """One package of one commit as drawn."""

    name: str
    recipe: str
    words: dict[str, str]
    needs: tuple[tuple[str, str, bool], ...]


@dataclass
class World:
    """What is known of the derivations of one commit and all before."""

    source: str
    ids: dict[str, int] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


def number(*parts: object) -> int:
    """A signed 64-bit number that stands for these parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def events(text: str, source: str) -> list[Event]:
    """The package sets, derivations, builds and outputs that are drawn."""
    world, lines, found = World(source), dict[str, Line](), list[Event]()
    for place, paragraph in enumerate(re.split(r"\n\s*\n", text.strip()), 1):
        first, *rest = [row.strip() for row in paragraph.splitlines() if row.strip()]
        at = datetime.fromisoformat(first.removeprefix("commit ").strip()).replace(tzinfo=UTC)
        for row in rest:
            if row.startswith("-"):
                del lines[row[1:]]
            else:
                line = _line(row, lines)
                lines[line.name] = line
        world.ids, world.contents = {}, {}
        for line in lines.values():
            found += _package(line, world, at)
        found.append(_package_set(world, place, at))
    return found


def _line(row: str, before: dict[str, Line]) -> Line:
    """What a row draws; without an arrow it needs what it needed before."""
    head, arrow, needs = row.partition("<-")
    name, recipe, *words = head.split()
    told = {key: value for key, _, value in (word.partition("=") for word in words)}
    wanted = tuple((m[1], "buildInputs" if m[2] is None else m[2], bool(m[3])) for m in _NEED.finditer(needs))
    return Line(name, recipe, told, wanted if arrow or name not in before else before[name].needs)


def _package(line: Line, world: World, at: datetime) -> Iterator[Event]:
    """Events about one package at one commit; none but its place in the set where nothing is new."""
    inputs = [(world.ids[name], role, is_check) for name, role, is_check in line.needs]
    derivation = number(world.source, line.name, line.recipe, *inputs)
    world.ids[line.name] = derivation
    refers = [name for name, _, is_check in line.needs if not is_check]
    token = line.words.get("content", line.recipe)
    content = number(token, *(world.contents[name] for name in refers))
    world.contents[line.name] = content
    if derivation in world.seen:
        return
    world.seen.add(derivation)
    yield DerivationObserved(
        source=world.source,
        observed_at=at,
        derivation_id64=derivation,
        drv_hash=f"{derivation % 2**64:032x}",
        name=f"{line.name}-{line.recipe}",
        system=SYSTEM,
        is_fixed_output="fixed" in line.words,
        outputs=["out"],
        does_check="tests" in line.words,
        inputs=[
            DerivationInput(derivation_id64=one, role=role, outputs=["out"], is_check_only=is_check)
            for one, role, is_check in inputs
        ],
        recipe_id64=None if "alien" in line.words else number(line.name, line.recipe, line.needs),
        outputs_id64=number("outputs", derivation),
    )
    if "nominal" in line.words:
        yield BuildCostDeclared(
            id=f"{world.source}:cost:{line.name}",
            source=world.source,
            observed_at=at,
            attr=line.name,
            system=SYSTEM,
            seconds=float(line.words["nominal"]),
            basis="invented",
        )
    if "unbuilt" in line.words:
        return
    yield _build(line, world.source, derivation, at)
    if "failed" not in line.words and "unhashed" not in line.words:
        yield OutputObserved(
            id=f"{world.source}:output:{derivation}:out",
            source=world.source,
            observed_at=at,
            derivation_id64=derivation,
            output="out",
            path=_path(derivation, line),
            nar_hash=f"sha256-{derivation}",
            nar_bytes=int(line.words.get("bytes", "1000")),
            references=sorted(f"/nix/store/{world.ids[name] % 2**64:032x}-{name}" for name in refers),
            self_blanked_id64=number(token, *(world.ids[name] for name in refers)),
            hashes_blanked_id64=number(token, "names"),
            names_keyed_id64=number(token),
            content_id64=content,
        )


def _path(derivation: int, line: Line) -> str:
    return f"/nix/store/{derivation % 2**64:032x}-{line.name}"


def _build(line: Line, source: str, derivation: int, at: datetime) -> BuildObserved:
    seconds = line.words.get("seconds", "10")
    is_known = seconds != "?"
    status = "failed" if "failed" in line.words else "succeeded"
    return BuildObserved(
        source=source,
        jobset="set/commits",
        build_id=f"{derivation % 2**64:032x}",
        attr=line.name,
        system=SYSTEM,
        observed_at=at,
        status=status,
        source_status=status,
        is_finished=True,
        cause=Cause.OWN,
        is_cached=False,
        started_at=at if is_known else None,
        stopped_at=at + timedelta(seconds=float(seconds)) if is_known else None,
        time_kind="measured" if is_known else None,
        derivation_id64=derivation,
    )


def _package_set(world: World, place: int, at: datetime) -> PackageSetEvaluated:
    return PackageSetEvaluated(
        id=f"{world.source}:package-set:{place}",
        source=world.source,
        observed_at=at,
        occurred_at=at,
        package_set=SET,
        revision=f"{place:040x}",
        rows=[
            PackageSetRow(attr=name, system=SYSTEM, derivation_id64=derivation)
            for name, derivation in world.ids.items()
        ],
    )
