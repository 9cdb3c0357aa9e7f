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
    recipe_id64: int | None = None
    """What it says besides its inputs: `models.derivations.text_id64` of its recipe, in which every store path of an
    input is replaced by the input's package and output, and its own output paths are left out. Null: unknown."""
    outputs_id64: int | None = None
    """`models.derivations.outputs_id64` of its output paths; null where they are unknown before it is built."""


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
    """The content of an output of a derivation, as it came out of one build or lies in one cache.

    The four identities are `models.derivations.text_id64` of hashes of the content after more and more was taken out
    of it: paths of its own derivation; hash parts of all store paths; whole names of store paths, replaced by package
    and output. `content_id64` replaces each reference by the content identity of what it refers to, recursively. Null:
    not computed. The id is `<source>:output:<derivation_id64>:<output>:<first 16 characters of nar_hash>`;
    where the source tells more of it later, that is another event, with `:` and 8 digits of a hash of all that is told.
    """

    id: str
    derivation_id64: int
    output: str
    path: str | None = None
    nar_hash: str | None = None
    """SHA-256 of the archive as `sha256-` and base 64."""
    nar_bytes: int | None = None
    file_bytes: int | None = None
    """Of the compressed archive, where it is in a cache."""
    closure_bytes: int | None = None
    references: list[str] | None = None
    """Store paths that it names, itself left out, sorted; null: unknown."""
    self_blanked_id64: int | None = None
    hashes_blanked_id64: int | None = None
    names_keyed_id64: int | None = None
    content_id64: int | None = None


class BuildCostDeclared(Event, frozen=True, kw_only=True, tag="build_cost_declared"):
    """A source says what a build of a package counts for, in seconds: a weight for where times are not measured.

    `observed_at` is the date of this statement; the newest one of a source, attribute and system counts.
    """

    id: str
    attr: str
    system: str
    seconds: float
    basis: str
    """Where the number comes from, in a few words."""
