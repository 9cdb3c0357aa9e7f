"""A derivation as its file holds it, in whatever form it was read."""

from collections.abc import Mapping
from dataclasses import dataclass

IMPURE = "impure"
"""Stands for the hash of an output that comes out anew each time."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output: its path, and where it is fixed the hash that it must have."""

    path: str | None
    """Null where it is unknown before it is built (content-addressed, or deferred)."""
    method_and_algorithm: str = ""
    """As in the file, for example `r:sha256`; empty where the output is not fixed."""
    hash: str = ""
    """Hex, as in the file; empty where it is not known before, `IMPURE` where it never is."""

    @property
    def is_fixed(self) -> bool:
        """Whether its content is known by hash before it is made."""
        return bool(self.hash) and self.hash != IMPURE


@dataclass(frozen=True, slots=True)
class Derivation:
    """A recipe of one build. Paths are whole store paths."""

    path: str
    """Of the derivation itself, ending in `.drv`."""
    outputs: Mapping[str, Output]
    input_drvs: Mapping[str, tuple[str, ...]]
    """Derivation -> names of its outputs that are used."""
    input_srcs: tuple[str, ...]
    system: str
    builder: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    """Variables of the builder; with structured attributes the one variable `__json`."""

    @property
    def name(self) -> str:
        """Name with version, from the path."""
        return self.path.rpartition("/")[2][33:].removesuffix(".drv")

    @property
    def is_fixed_output(self) -> bool:
        """Whether its output is known by hash: what it is made with does not change what comes out."""
        return any(output.is_fixed for output in self.outputs.values())
