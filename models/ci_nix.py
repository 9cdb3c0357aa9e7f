"""What events of the generic format say of derivations, their outputs, and sets of packages."""

from typing import Annotated

import msgspec
from msgspec import Meta

from models.ci_words import (
    Commit,
    Count,
    Derivation,
    Instant,
    NarHash,
    OutputPath,
    Role,
    Sha256,
    System,
    Text,
    Word,
)


class Input(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """Outputs of one input of a derivation that are used in the same roles."""

    drv_path: Derivation
    outputs: Annotated[list[Word], Meta(min_length=1, description="names of outputs, one at least")]
    roles: list[Role] | None = None
    is_check_only: bool | None = None


class DerivationObserved(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A derivation, its inputs and what each is used for."""

    drv_path: Derivation
    system: Text
    outputs: Annotated[
        dict[Word, OutputPath | None],
        Meta(min_length=1, description="path by name of the output, one at least"),
    ]
    is_fixed_output: bool
    recipe_sha256: Sha256 | None = None
    required_features: list[Text] | None = None
    prefers_local: bool | None = None
    does_check: bool | None = None
    inputs: list[Input] | None = None


class Hashes(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """SHA-256 of an output's archive after more and more of the names in it was taken out."""

    self_blanked: Sha256 | None = None
    hashes_blanked: Sha256 | None = None
    names_keyed: Sha256 | None = None
    content: Sha256 | None = None


class OutputObserved(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """The content of an output, as it came out of a build or lies in a cache."""

    drv_path: Derivation
    output: Word
    path: OutputPath
    nar_hash: NarHash
    nar_bytes: Count
    file_bytes: Count | None = None
    closure_bytes: Count | None = None
    references: list[OutputPath] | None = None
    hashes: Hashes | None = None


class PackageSetEvaluated(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A package set was evaluated at one commit; its attributes have an event each."""

    package_set: Text
    commit: Commit
    commit_time: Instant | None = None
    complete: bool
    expected_attrs: Count | None = None


class AttributeEvaluated(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """An attribute of a package set at one commit, and its derivation."""

    package_set: Text
    commit: Commit
    attr: Text
    system: System
    drv_path: Derivation
