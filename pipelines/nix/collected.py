"""What was collected as events of the generic format (`models.ci_format`), one a line, with ids that follow from what
they say: a second run says the same and adds nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from models.ci_format import TYPES, Envelope, faults
from models.ci_nix import (
    AttributeEvaluated,
    DerivationObserved,
    Hashes,
    Input,
    OutputObserved,
    PackageSetEvaluated,
)
from models.derivations import HASH_LENGTH
from pipelines.nix import variables
from pipelines.nix.contents import Contents
from pipelines.nix.derivation import Derivation
from pipelines.nix.programs import Registered
from pipelines.nix.roles import recipe

TYPE_OF = {kind: name for name, kind in TYPES.items()}
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Said:
    """Who says it, of what and when."""

    source: str
    package_set: str
    commit: str
    time: str
    commit_time: str | None = None


def check(said: Said) -> None:
    """Raises ValueError in words for a source, set, commit or instant that the format does not allow."""
    package_set(said, 0, is_whole=False)


def line(said: Said, data: msgspec.Struct, name: str) -> bytes:
    """An event. `name` begins its id. Raises ValueError where the format does not allow it."""
    content = msgspec.json.encode(data)
    told = msgspec.json.decode(content, type=type(data))
    for field, seen, expected in faults(told):
        raise ValueError(f"{field} is {seen}, expected: {expected}")
    digest = hashlib.sha256(content).hexdigest()[:_ID_DIGITS]
    envelope = Envelope(specversion="1.0", id=f"{name}/{digest}", source=said.source, time=said.time)
    msgspec.json.decode(msgspec.json.encode(envelope), type=Envelope)
    around = {name: value for name, value in msgspec.structs.asdict(envelope).items() if value is not None}
    return msgspec.json.encode({**around, "type": TYPE_OF[type(data)], "data": msgspec.Raw(content)}) + b"\n"


def package_set(said: Said, attributes: int, *, is_whole: bool) -> bytes:
    """The set, of which so many attributes have events. `is_whole`: those that evaluate are all there."""
    data = PackageSetEvaluated(
        package_set=said.package_set,
        commit=said.commit,
        commit_time=said.commit_time,
        complete=is_whole,
        expected_attrs=attributes,
    )
    return line(said, data, f"set/{said.package_set}/{said.commit}")


def attribute(said: Said, attr: str, derivation: Derivation) -> bytes:
    """An attribute and its derivation."""
    data = AttributeEvaluated(
        package_set=said.package_set,
        commit=said.commit,
        attr=attr,
        system=derivation.system,
        drv_path=derivation.path,
    )
    return line(said, data, f"attr/{said.package_set}/{said.commit}")


def derivation(
    said: Said, one: Derivation, known: Mapping[str, Derivation], inputs: Sequence[Input]
) -> bytes:
    """A derivation with its inputs and their roles."""
    data = DerivationObserved(
        drv_path=one.path,
        system=one.system,
        outputs={name: output.path for name, output in one.outputs.items()},
        is_fixed_output=one.is_fixed_output,
        recipe_sha256=recipe(one, known),
        required_features=sorted(set(variables.words(one, "requiredSystemFeatures"))),
        prefers_local=variables.is_set(one, "preferLocalBuild"),
        does_check=variables.is_set(one, "doCheck"),
        inputs=list(inputs),
    )
    return line(said, data, f"derivation/{_hash_part(one.path)}")


def output(
    said: Said, one: Derivation, name: str, found: Contents, registered: Registered, closure: int
) -> bytes:
    """An output of a derivation. `closure`: bytes of it with all that it refers to."""
    data = OutputObserved(
        drv_path=one.path,
        output=name,
        path=registered.path,
        nar_hash=found.nar_hash,
        nar_bytes=found.nar_bytes,
        closure_bytes=closure,
        references=[path for path in registered.references if path != registered.path],
        hashes=Hashes(
            self_blanked=found.self_blanked,
            hashes_blanked=found.hashes_blanked,
            names_keyed=found.names_keyed,
            content=found.content,
        ),
    )
    return line(said, data, f"output/{_hash_part(one.path)}/{name}")


def closure_bytes(registered: Mapping[str, Registered], path: str) -> int:
    """Bytes of the archives of a path and of all that it refers to, over any number of steps."""
    seen, waiting = {path}, [path]
    while waiting:
        new = set(registered[waiting.pop()].references) - seen
        seen |= new
        waiting += new
    return sum(registered[one].nar_bytes for one in seen)


def _hash_part(path: str) -> str:
    return path.rpartition("/")[2][:HASH_LENGTH]
