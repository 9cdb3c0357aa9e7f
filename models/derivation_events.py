"""Events about derivations, the sets of packages that evaluate to them, and what they build."""

from typing import ClassVar

from models.event import Event
from models.parts import DerivationInput, PackageSetRow


class DerivationObserved(Event, frozen=True, kw_only=True, tag="derivation_observed"):
    """A derivation and its inputs; recorded once, for it cannot change.

    The id is `<source>:derivation:<derivation_id64>`; it is derived, not stored.
    """

    id_columns: ClassVar[tuple[str, ...]] = ("source", "derivation_id64")

    derivation_id64: int
    """First 64 bits of `drv_hash`, as a signed integer (`models.derivations.id64`)."""
    drv_hash: str | None = None
    """The 32 characters before the name in the path of the derivation."""
    drv_path: str | None = None
    """Null where it follows from hash and name in the usual store."""
    name: str
    system: str | None = None
    is_fixed_output: bool | None = None
    """Whether its output is known by hash: what it is made with does not change what comes out."""
    outputs: list[str] = []
    required_features: list[str] = []
    prefers_local: bool | None = None
    does_check: bool | None = None
    inputs: list[DerivationInput] = []


class PackageSetEvaluated(Event, frozen=True, kw_only=True, tag="package_set_evaluated"):
    """Which derivation each attribute of a package set is at one revision.

    `observed_at` is the instant of the commit where nobody noted when it was evaluated.
    """

    rows_field: ClassVar[str | None] = "rows"
    id_columns: ClassVar[tuple[str, ...]] = ("id", "system", "attr")

    id: str
    package_set: str
    """Name of the set, for example `nixpkgs`."""
    revision: str
    is_partial: bool | None = None
    """Whether attributes are known to be missing besides those that do not evaluate."""
    rows: list[PackageSetRow]


class PackageUpdated(Event, frozen=True, kw_only=True, tag="package_updated"):
    """A commit says that it updates a package. `occurred_at` is the commit's instant.

    The id is `<source>:update:<revision>:<attr>`; it is derived, not stored.
    """

    id_columns: ClassVar[tuple[str, ...]] = ("source", "revision", "attr")

    attr: str
    """As the commit's author wrote it."""
    from_version: str
    to_version: str
    revision: str
    is_on_main_branch: bool | None = None
    """Whether the commit is on the branch that the unstable channels follow; null: unknown."""


class OutputObserved(Event, frozen=True, kw_only=True, tag="output_observed"):
    """The content of an output of a derivation."""

    id: str
    derivation_id64: int
    output: str
    path: str | None = None
    nar_hash: str | None = None
    nar_bytes: int | None = None
    file_bytes: int | None = None
