"""What the inputs of a derivation are used for, and its recipe without them.

Both look for the paths of inputs in what the builder is given. An input's paths are known where its own
derivation is at hand; where it is not, what it is used for stays unknown, and so does the recipe.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from models.derivations import split_name
from pipelines.nix import store_paths
from pipelines.nix.derivation import Derivation

NONINFLUENCING = frozenset(
    ("nativeCheckInputs", "checkInputs", "nativeInstallCheckInputs", "installCheckInputs")
)
"""Variables whose content is there for the package's own tests only."""
STRUCTURED = "__json"
"""Variable that holds structured attributes; each of them counts as a variable."""
_NO_WORD = re.compile(r"[\s\x00-\x20\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Used:
    """Outputs of one input that are used in the same roles."""

    drv_path: str
    outputs: tuple[str, ...]
    roles: tuple[str, ...] | None
    """Variables that hold the output's path, also `builder` and `args`; empty: none does, it is reached through
    another output or a source. None: the input's derivation is not known."""

    @property
    def is_check_only(self) -> bool | None:
        """Whether it is there for tests only; None where its roles are unknown."""
        return None if self.roles is None else bool(self.roles) and NONINFLUENCING.issuperset(self.roles)


@dataclass(frozen=True, slots=True)
class _Path:
    """A path that may stand in a derivation, and what stands for it in the recipe."""

    text: str
    input: str
    output: str
    key: str


def used(derivation: Derivation, known: Mapping[str, Derivation]) -> tuple[Used, ...]:
    """The inputs of a derivation, by path; outputs with the same roles together. `known`: derivations by path."""
    paths = _paths(derivation, known)
    roles: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for role, text in _texts(derivation):
        for _, path in _found(text, derivation, paths):
            roles[path.input, path.output].add(role)
    listed = []
    for drv, outputs in sorted(derivation.input_drvs.items()):
        by_role: defaultdict[tuple[str, ...] | None, list[str]] = defaultdict(list)
        for output in sorted(outputs):
            of = tuple(sorted(roles[drv, output])) if drv in known else None
            by_role[of].append(output)
        listed += [
            Used(drv, tuple(some), of) for of, some in sorted(by_role.items(), key=lambda pair: pair[1])
        ]
    return tuple(listed)


def recipe(derivation: Derivation, known: Mapping[str, Derivation]) -> str | None:
    """SHA-256 (hex) of what a derivation says besides its inputs; None where one of them is not in `known`.

    Paths of inputs are replaced by package and output, own output paths left out. A fixed output keeps its path,
    which follows from its content: another source is an own change, another way of fetching it is none. So do
    sources, which are named by their content too.
    """
    if not derivation.input_drvs.keys() <= known.keys():
        return None
    paths = _paths(derivation, known)
    for name, output in derivation.outputs.items():
        if output.path is not None:
            _put(paths, _Path(output.path, derivation.path, name, f"!{name}"))
    inputs = sorted(
        _key(known[drv], output) for drv, outputs in derivation.input_drvs.items() for output in outputs
    )
    told = (
        derivation.name,
        derivation.system,
        _keyed(derivation.builder, derivation, paths),
        [_keyed(one, derivation, paths) for one in derivation.args],
        sorted((name, _keyed(value, derivation, paths)) for name, value in derivation.env.items()),
        sorted((name, one.method_and_algorithm, one.hash) for name, one in derivation.outputs.items()),
        inputs,
        sorted(derivation.input_srcs),
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _key(of: Derivation, output: str) -> str:
    """Input key of an output: package and output; of a fixed output its path."""
    found = of.outputs.get(output)
    if of.is_fixed_output and found is not None and found.path is not None:
        return found.path
    return f"{split_name(of.name)[0]}!{output}"


def _put(paths: dict[str, _Path], path: _Path) -> None:
    """Keep a path under what it is found by: its hash, or all of a placeholder."""
    place = path.text[1:] if path.text.count("/") == 1 else store_paths.split(path.text)[1]
    paths[place] = path


def _paths(derivation: Derivation, known: Mapping[str, Derivation]) -> dict[str, _Path]:
    """Every path of the inputs that are known."""
    paths: dict[str, _Path] = {}
    for drv, outputs in derivation.input_drvs.items():
        of = known.get(drv)
        if of is None:
            continue
        _, drv_hash, name = store_paths.split_drv(drv)
        # A derivation may hold the path of another as a text.
        paths[drv_hash] = _Path(drv, drv, "", f"{split_name(name)[0]}!drv")
        for output in outputs:
            found = of.outputs.get(output)
            unbuilt = store_paths.placeholder(drv_hash, name, output)
            text = found.path if found is not None and found.path is not None else unbuilt
            _put(paths, _Path(text, drv, output, _key(of, output)))
    return paths


@lru_cache(maxsize=16)
def _pattern(store: str) -> re.Pattern[str]:
    """Where a path of a store begins, or a placeholder stands."""
    digit = store_paths.DIGIT
    return re.compile(rf"{re.escape(store)}/(?P<hash>{digit}{{32}})-|/(?P<unbuilt>{digit}{{52}})(?!{digit})")


def _found(text: str, derivation: Derivation, paths: Mapping[str, _Path]) -> Iterator[tuple[int, _Path]]:
    """Every place of a text at which one of the paths begins."""
    if "/" not in text:
        return
    for place in _pattern(derivation.path.rpartition("/")[0]).finditer(text):
        path = paths.get(place["hash"] or place["unbuilt"])
        if path is not None and text.startswith(path.text, place.start()):
            yield place.start(), path


def _keyed(text: str, derivation: Derivation, paths: Mapping[str, _Path]) -> str:
    """A text with the paths replaced by their keys."""
    parts, end = [], 0
    for start, path in _found(text, derivation, paths):
        parts += [text[end:start], path.key]
        end = start + len(path.text)
    return "".join([*parts, text[end:]]) if parts else text


def _texts(derivation: Derivation) -> Iterator[tuple[str, str]]:
    """(role, text) of all that a builder is given."""
    yield "builder", derivation.builder
    yield from (("args", one) for one in derivation.args)
    for name, value in derivation.env.items():
        if name == STRUCTURED:
            yield from ((_word(inner), text) for inner, text in _attributes(value))
        else:
            yield _word(name), value


def attributes(derivation: Derivation) -> dict[str, Any]:
    """What a builder is given by name: texts of variables, or the values of structured attributes."""
    found: dict[str, Any] = dict(derivation.env)
    told = found.pop(STRUCTURED, None)
    if told is not None:
        try:
            found |= msgspec.json.decode(told.encode("utf-8", "surrogateescape"), type=dict[str, Any])
        except (ValueError, RecursionError):
            found[STRUCTURED] = told
    return found


def _word(name: str) -> str:
    """A variable's name as one word: a space or a control character in it becomes `_`."""
    return _NO_WORD.sub("_", name) or "_"


def _attributes(text: str) -> Iterable[tuple[str, str]]:
    """Structured attributes as (name, JSON); the whole under the name of its variable where it is no object."""
    try:
        told = msgspec.json.decode(text.encode("utf-8", "surrogateescape"), type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return [(STRUCTURED, text)]
    return [(name, bytes(value).decode("utf-8", "surrogateescape")) for name, value in told.items()]
