"""Events that somebody decided: channels, waves, resolutions of packages, tags."""

from datetime import datetime
from typing import ClassVar

from models.event import Event
from models.parts import ChannelPeriod, OwnerRow


class ChannelDeclared(Event, frozen=True, kw_only=True, tag="channel_declared"):
    """A channel was declared: what feeds it and what must be green for it to advance.

    `observed_at` is the date of this version of the declaration, and the newest one holds. A channel is decided by
    the job of its periods (`kind` official), by a gate whose verdict the source reports, or by its selection.
    """

    id: str
    channel: str
    title: str
    kind: str
    """`official` or `community`."""
    instance: str
    """Source that evaluates the jobsets, for example `hydra.nixos.org`."""
    periods: list[ChannelPeriod]
    gate: str | None = None
    """Name of a gate whose verdict the source reports with each evaluation."""
    attrs: list[str] = []
    """Attributes that the selection names; `*` stands for any letters but a dot, `**` for any."""
    excluded: list[str] = []
    """Attributes left out of the selection, in the same form."""
    aggregate: str | None = None
    """Aggregate job whose constituents the selection names."""
    maintainers: list[str] = []
    teams: list[str] = []
    is_maintained: bool | None = None
    """Whether the selection names every job that the source says has a maintainer."""
    systems: list[str] = []
    """Systems of the selection; empty: all."""
    with_dependencies: bool = False
    """Whether the selection names all that these jobs need as well."""
    tolerance: int = 0
    """Jobs of the selection that may be red all the same."""
    minimum_age_seconds: int = 0
    """Seconds that an evaluation waits before the channel advances to it."""


class PackageOwnersListed(Event, frozen=True, kw_only=True, tag="package_owners_listed"):
    """Who looks after which attribute, as one list says as a whole; `observed_at` is the date of the list.

    The newest list of a source holds; of one date, the one from which most was left out on request.
    """

    rows_field: ClassVar[str | None] = "rows"
    id_columns: ClassVar[tuple[str, ...]] = ("id", "attr", "owner_kind", "owner")

    id: str
    left_out_rows: int = 0
    """Rows about those who asked to be left out; nothing else is kept of them."""
    rows: list[OwnerRow]


class WaveDeclared(Event, frozen=True, kw_only=True, tag="wave_declared"):
    """A wave was declared, or declared anew: its roots, and the jobsets that it is carried through.

    `observed_at` is the date of this version of the text; the newest version of a wave counts.
    """

    id: str
    wave: str
    """`X` for a major wave, `X-Y` for a minor one of it."""
    title: str
    roots: list[str]
    """Attributes of the packages that are updated."""
    groups: list[list[str]] = []
    """Roots that move together."""
    instance: str
    """Source whose jobsets these are."""
    jobsets: list[str]
    baseline: str | None = None
    """Evaluation id or revision (40 hex) that the wave is compared with."""
    exclusions: list[str] = []
    """Attribute globs of what is not part of it."""
    channels: list[str] = []
    is_paused: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None


class WavePackageResolved(Event, frozen=True, kw_only=True, tag="wave_package_resolved"):
    """Somebody decided that a package of a wave is not going to be fixed in it, and why; `observed_at` is the day."""

    id: str
    wave: str
    attr: str
    system: str | None = None
    """Null: on every system."""
    resolution: str
    """`wont-fix`, `cant-fix`, or `open`, which takes an earlier decision back. That it passes is said by a CI only."""
    author: str
    reason: str
    url: str | None = None


class WaveTagged(Event, frozen=True, kw_only=True, tag="wave_tagged"):
    """A tag names a revision as the state of a wave. `occurred_at` is the tag's own date, null if not told."""

    id: str
    wave: str
    tag: str
    revision: str
