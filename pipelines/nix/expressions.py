"""Evaluating attributes of an expression or a flake to derivations, with what they say of their tests."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from models.derivations import split_name
from pipelines.errors import BadInput
from pipelines.nix import store_paths
from pipelines.nix.programs import Store, evaluated

Progress = Callable[[str], None]

HERE = Path(__file__).parent
DESCRIBE = HERE / "describe.nix"
DESCRIBE_ALL = HERE / "describe_all.nix"
_PART = re.compile(r'"([^"\\]+)"|([^".\s]+)')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_'\-]*")


class _Package(msgspec.Struct, rename={"drv_path": "drvPath"}):
    drv_path: str
    lists: dict[str, list[str] | None] = {}
    untested: str | None = None


class _Told(msgspec.Struct, rename={"is_missing": "isMissing"}):
    path: list[str]
    package: _Package | None = None
    is_missing: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An attribute and its derivation."""

    attr: str
    drv_path: str
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """List of test inputs as the package names it -> derivations in it, where it was asked and is known."""
    untested: str | None = None
    """The derivation that it would be without tests, where it was asked and the package can be overridden."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What to evaluate: a file with arguments, or a flake."""

    file: Path | None = None
    flake: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Name -> Nix expression, of the function that the file holds."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The same for arguments that are texts."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of it."""

    attributes: tuple[Evaluated, ...]
    failed: tuple[str, ...]
    """Attributes that do not evaluate, each with what Nix said if it said anything."""


def evaluate(
    expression: Expression, attrs: Sequence[str], store: Store, progress: Progress, *, asks_tests: bool
) -> Evaluation:
    """Evaluate attributes; without any, every derivation that the file holds.

    Raises BadInput where an attribute is not there or named wrongly, where Nix fails, and for a flake without `attrs`.
    """
    paths = [split(attr) for attr in dict.fromkeys(attrs)]
    if expression.flake is None:
        told = _of_file(expression, paths, store, progress, asks_tests)
    elif paths:
        told = _of_flake(expression.flake, paths, store, progress, asks_tests)
    else:
        raise BadInput("A flake's attributes have to be named: give -A, once for each.")
    missing = [joined(one.path) for one in told if one.is_missing]
    if missing:
        raise BadInput(
            f"There is no attribute {', '.join(missing[:5])} in what is evaluated: name others with -A."
        )
    return Evaluation(
        tuple(_evaluated(one.path, one.package) for one in told if one.package is not None),
        tuple(
            joined(one.path) + (f": {one.error}" if one.error else "") for one in told if one.package is None
        ),
    )


def _evaluated(path: list[str], package: _Package) -> Evaluated:
    lists = {name: tuple(drvs) for name, drvs in package.lists.items() if drvs is not None}
    untested = () if package.untested is None else (package.untested,)
    for drv in (package.drv_path, *untested, *(one for drvs in lists.values() for one in drvs)):
        store_paths.split_drv(drv)
    # A file may hold a single derivation: that has no attribute, and its package's name stands for one.
    attr = joined(path) or split_name(store_paths.split_drv(package.drv_path)[2])[0]
    return Evaluated(attr, package.drv_path, lists, package.untested)


def split(attr: str) -> list[str]:
    """The names in a dotted attribute; one with a dot stands in quotes. Raises BadInput for what is none."""
    names, place = [], 0
    while found := _PART.match(attr, place):
        names.append(found[1] or found[2])
        place = found.end()
        if place == len(attr):
            return names
        if attr[place] != ".":
            break
        place += 1
    raise BadInput(f"{attr[:80]!r} is no attribute such as python3Packages.numpy.")


def joined(names: Sequence[str]) -> str:
    """The dotted attribute of names."""
    return ".".join(name if _PART.fullmatch(name) and "." not in name else f'"{name}"' for name in names)


def _of_file(
    expression: Expression, paths: list[list[str]], store: Store, progress: Progress, asks_tests: bool
) -> list[_Told]:
    progress("evaluating" if not paths else f"evaluating {len(paths):,} attributes")
    try:
        return _ask_file(expression, paths or None, store, asks_tests)
    except BadInput:
        # Nix can catch what an expression throws, and no other fault: one such attribute is found by itself.
        if len(paths) < 2:
            raise
    return _one_by_one(paths, progress, lambda path: _ask_file(expression, [path], store, asks_tests)[0])


def _one_by_one(paths: list[list[str]], progress: Progress, ask: Callable[[list[str]], _Told]) -> list[_Told]:
    """What is told of each path, or why it does not evaluate. Raises BadInput where that is so of every one."""
    told: list[_Told] = []
    errors: list[BadInput] = []
    for path in paths:
        progress(f"evaluating {joined(path)}")
        try:
            told.append(ask(path))
        except BadInput as error:
            errors.append(error)
            told.append(_Told(path, error=str(error)))
    if len(errors) == len(paths):
        raise errors[0]
    return told


def _ask_file(
    expression: Expression, paths: list[list[str]] | None, store: Store, asks_tests: bool
) -> list[_Told]:
    for name in (*expression.arguments, *expression.texts):
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name[:80]!r} is no name of an argument.")
    given = [f"{name} = ({text});" for name, text in expression.arguments.items()]
    given += [
        f"{name} = builtins.fromJSON {_text(json.dumps(text))};" for name, text in expression.texts.items()
    ]
    arguments = [
        "--eval", "--strict", "--json", "--read-write-mode", *store.options(),
        "--arg", "isAsked", "true" if asks_tests else "false",
        "--arg", "file", f"/. + {_text(str(expression.file))}",
        "--arg", "arguments", f"{{ {' '.join(given)} }}",
        "--argstr", "attrs", json.dumps(paths),
        str(DESCRIBE_ALL),
    ]  # fmt: skip
    return evaluated("nix-instantiate", arguments, list[_Told])


def _of_flake(
    flake: str, paths: list[list[str]], store: Store, progress: Progress, asks_tests: bool
) -> list[_Told]:
    if flake.startswith("-") or "#" in flake:
        raise BadInput(f"{flake[:80]!r} is no flake such as github:NixOS/nixpkgs: give attributes with -A.")
    # A flake is evaluated without access to other files, so that the question itself is handed over.
    question = f"({DESCRIBE.read_text(encoding='utf-8')}) {'true' if asks_tests else 'false'}"

    def ask(path: list[str]) -> _Told:
        arguments = [
            "eval", "--extra-experimental-features", "nix-command flakes", *store.options(),
            "--json", "--apply", question, f"{flake}#{joined(path)}",
        ]  # fmt: skip
        return _Told(path, evaluated("nix", arguments, _Package))

    return _one_by_one(paths, progress, ask)


def _text(text: str) -> str:
    """A text as Nix writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'
