"""Histories of small package sets as events: what a builder of derivations would make of them, without building.

A derivation's number follows from its text and from the outputs that it needs, as in Nix; that of a fixed output
follows from its inputs too, but its output only from its text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from models.derivation_events import DerivationObserved, OutputObserved, PackageSetEvaluated
from models.derivations import text_id64
from models.events import BuildObserved, Event
from models.parts import DerivationInput, PackageSetRow
from models.vocabulary import Cause

AT = datetime(2024, 1, 1, tzinfo=UTC)
SYSTEM = "x86_64-linux"
CHECK = "checkInputs"


@dataclass(frozen=True)
class Package:
    """A package at one commit; `needs` are names with roles, of packages that stand before it."""

    name: str
    text: str = "1"
    needs: tuple[tuple[str, str], ...] = ()
    is_fixed: bool = False


@dataclass(frozen=True)
class Made:
    """What a package evaluates to at one commit."""

    package: Package
    inputs: tuple[tuple["Made", str], ...]
    source: str
    """Histories of several sources can stand in one log: none has a derivation of another."""

    @property
    def recipe(self) -> str:
        """What it says besides the paths of its inputs."""
        inputs = sorted((one.package.name, role) for one, role in self.inputs)
        return f"{self.source} {self.package.name} {self.package.text} {inputs}"

    @property
    def number(self) -> int:
        """Identity of the derivation."""
        return _number(self)

    @property
    def output(self) -> int:
        """Identity of its output path."""
        return _output(self)


@cache
def _number(made: Made) -> int:
    return text_id64(f"drv {made.recipe} {[(i.number, r) for i, r in made.inputs]}")


@cache
def _output(made: Made) -> int:
    if made.package.is_fixed:
        return text_id64(f"fixed {made.source} {made.package.name} {made.package.text}")
    return text_id64(f"out {made.recipe} {[(i.output, r) for i, r in made.inputs]}")


@dataclass(frozen=True)
class History:
    """Commits of a package set, and what became of its builds."""

    source: str
    commits: Sequence[Sequence[Package]]
    statuses: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """(commit, name) -> status of that derivation; `succeeded` where none is given, `none` for no build."""
    contents: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """(commit, name) -> content of that derivation's output; the text of the package where none is given."""
    seconds: Mapping[str, int] = field(default_factory=dict)
    """Seconds of a build by name; 60 where none is given."""

    def made(self) -> list[dict[str, Made]]:
        """What each commit evaluates to, by name."""
        found = []
        for packages in self.commits:
            at: dict[str, Made] = {}
            for package in packages:
                at[package.name] = Made(
                    package, tuple((at[name], role) for name, role in package.needs), self.source
                )
            found.append(at)
        return found

    def events(self) -> list[Event]:
        """Package sets, derivations, builds and outputs, each once."""
        found: dict[object, Event] = {}
        for commit, at in enumerate(self.made()):
            when = AT + timedelta(hours=commit)
            found["set", commit] = self._set(commit, at, when)
            for made in at.values():
                found.setdefault(("drv", made.number), self._derivation(made, when))
                if ("build", made.number) not in found:
                    found.update(self._results(commit, made, when))
        return list(found.values())

    def _set(self, commit: int, at: Mapping[str, Made], when: datetime) -> PackageSetEvaluated:
        rows = [
            PackageSetRow(attr=name, system=SYSTEM, derivation_id64=made.number) for name, made in at.items()
        ]
        return PackageSetEvaluated(
            id=f"{self.source}:package-set:{commit}",
            source=self.source,
            observed_at=when,
            occurred_at=when,
            package_set="set",
            revision=f"{commit:04d}",
            is_partial=False,
            rows=rows,
        )

    def _derivation(self, made: Made, when: datetime) -> DerivationObserved:
        return DerivationObserved(
            source=self.source,
            observed_at=when,
            derivation_id64=made.number,
            name=f"{made.package.name}-1",
            system=SYSTEM,
            is_fixed_output=made.package.is_fixed,
            outputs=["out"],
            inputs=[
                DerivationInput(
                    derivation_id64=one.number, role=role, outputs=["out"], is_check_only=role == CHECK
                )
                for one, role in made.inputs
            ],
            recipe_id64=text_id64(made.recipe),
            outputs_id64=made.output,
        )

    def _results(self, commit: int, made: Made, when: datetime) -> Iterable[tuple[object, Event]]:
        name = made.package.name
        status = self.statuses.get((commit, name), "succeeded")
        if status == "none":
            return
        cause = Cause.DEPENDENCY if status == "dependency-failed" else Cause.OWN
        has_run = cause is Cause.OWN
        yield (
            ("build", made.number),
            BuildObserved(
                source=self.source,
                observed_at=when,
                jobset="builds",
                build_id=str(made.number),
                attr=name,
                system=SYSTEM,
                status=status,
                source_status=status,
                is_finished=True,
                cause=cause,
                is_cached=False,
                started_at=when if has_run else None,
                stopped_at=when + timedelta(seconds=self.seconds.get(name, 60)) if has_run else None,
                time_kind="measured",
                derivation_id64=made.number,
            ),
        )
        if status == "succeeded":
            content = self.contents.get((commit, name), f"{name} {made.package.text}")
            yield (
                ("output", made.number),
                output(
                    self.source, made.number, when, f"/nix/store/{abs(made.output):032d}-{name}-1", content
                ),
            )


def output(
    source: str, number: int, when: datetime, path: str, content: str, references: Sequence[str] = ()
) -> OutputObserved:
    """An output whose identities all follow from one text; its size from the length of the text."""
    return OutputObserved(
        id=f"{source}:output:{number}:out:{text_id64(content)}",
        source=source,
        observed_at=when,
        derivation_id64=number,
        output="out",
        path=path,
        nar_hash=f"sha256-{text_id64(path + content):x}",
        nar_bytes=1000 + len(content),
        references=list(references),
        self_blanked_id64=text_id64(f"self {path} {content}"),
        hashes_blanked_id64=text_id64(f"hashes {content}"),
        names_keyed_id64=text_id64(f"names {content}"),
        content_id64=text_id64(f"content {content}"),
    )
