"""One frozen struct per event type: what was observed or decided, never what a query can conclude.

JSON decoding, the JSON Schema and the columns of the log's tables all follow from these structs
(`pipelines.log.schema`). Instants are UTC. `observed_at` is when the source was asked, `occurred_at` is the
source's own clock; when a fact was recorded is known to the log's batches only, so that a replay gives
equal rows.
"""

from datetime import date, datetime
from typing import ClassVar

from models.declared_events import (
    ChannelDeclared,
    PackageOwnersListed,
    WaveDeclared,
    WavePackageResolved,
    WaveTagged,
)
from models.derivation_events import (
    BuildCostDeclared,
    DerivationObserved,
    OutputObserved,
    PackageSetEvaluated,
    PackageUpdated,
)
from models.event import Event
from models.parts import Dependents, EvaluationInput, Gate, MembershipRow, Total
from models.vocabulary import Cause, Coverage, Unit


class EvaluationObserved(Event, frozen=True, kw_only=True, tag="evaluation_observed"):
    """One answer about one evaluation at one instant."""

    id: str
    jobset: str
    evaluation_id: str
    ordinal: int
    observation_key: str
    revision: str | None = None
    inputs: list[EvaluationInput] = []
    unit: Unit
    coverage: Coverage
    listed_statuses: list[str]
    """Statuses for which absence from the list means "not in that status"; `all` stands for every one."""
    systems: list[str]
    """Systems that this answer covers; nothing is learned about any other. Empty: the answer has no list."""
    listed_rows: int | None = None
    listing_checksum: int | None = None
    """Sum modulo 2^64 of the row hashes of the whole listing, as a signed 64-bit integer."""
    totals: list[Total] = []
    gates: list[Gate] = []
    is_partial: bool | None = None
    evaluation_errors: str | None = None


class MembershipChanged(Event, frozen=True, kw_only=True, tag="membership_changed"):
    """How the listing of an observation differs from that of its base (none: the whole listing)."""

    rows_field: ClassVar[str | None] = "changes"
    id_columns: ClassVar[tuple[str, ...]] = ("observation_id", "system", "attr", "variant")

    jobset: str
    observation_id: str
    base_observation_id: str | None = None
    changes: list[MembershipRow]


class BuildObserved(Event, frozen=True, kw_only=True, tag="build_observed"):
    """A build was seen in a status. Appended when it differs from the fact next before it.

    The id is `<source>:build:<build_id>:<observed_at>:<attempt>`; it is derived, not stored: 676,077 facts
    of one history would carry 40 MB of text.
    """

    id_columns: ClassVar[tuple[str, ...]] = ("source", "build_id", "observed_at", "attempt")

    jobset: str
    build_id: str
    attr: str
    system: str
    variant: str = ""
    evaluation_id: str | None = None
    status: str
    source_status: str
    is_finished: bool
    cause: Cause
    is_cached: bool | None = None
    attempt: int | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    time_kind: str | None = None
    derivation_id64: int | None = None
    drv_path: str | None = None
    failed_derivations: list[str] = []
    propagated_from_build: str | None = None
    is_maintained: bool | None = None
    dependents: Dependents | None = None
    log_url: str | None = None
    machine: str | None = None
    """Name of the machine that built it, without user or address."""
    cores: int | None = None
    """Processors that the build could use; null: unknown."""


class ChannelAdvanced(Event, frozen=True, kw_only=True, tag="channel_advanced"):
    """A channel points to a new revision. `occurred_at` is null where only the commit's date is known."""

    id: str
    channel: str
    revision: str
    commit_at: datetime | None = None
    is_first_sight: bool = False
    """The channel's pointer when monitoring began: the day of first sight, not of the advance."""
    release: str | None = None


class PackageMarkedBroken(Event, frozen=True, kw_only=True, tag="package_marked_broken"):
    """A package was marked broken (or not to be built) in nixpkgs."""

    id: str
    package: str
    attr: str | None = None
    marked_on: date
    reason_kind: str | None = None
    reason_build_id: str | None = None
    systems: list[str] = []
    """Systems that the mark names; empty: all."""
    marker: str = "broken"
    revision: str | None = None


class PackageUnmarkedBroken(Event, frozen=True, kw_only=True, tag="package_unmarked_broken"):
    """A marker was taken away."""

    id: str
    package: str
    attr: str | None = None
    unmarked_on: date
    systems: list[str] = []
    marker: str = "broken"
    revision: str | None = None


class GapDeclared(Event, frozen=True, kw_only=True, tag="gap_declared"):
    """Something that the source could not tell, or told in a form that cannot be used."""

    id: str
    jobset: str | None = None
    evaluation_id: str | None = None
    kind: str
    detail: str
    rows: int = 0


class CiDetailObserved(Event, frozen=True, kw_only=True, tag="ci_detail_observed"):
    """What an event of a CI tells beside what is interpreted, as it was told; recorded once for an event.

    The id is `<source>:ci_detail:<event_id>`; it is derived, not stored. E-mail addresses are left out.
    """

    id_columns: ClassVar[tuple[str, ...]] = ("source", "event_id")

    event_id: str
    """Id that the CI gave its event."""
    event_type: str
    evaluation_id: str | None = None
    attr: str | None = None
    system: str | None = None
    variant: str | None = None
    """Null: that of its run, or the event is of no job."""
    details: str
    """JSON: the fields of the event's `data` that no other event of the log holds; of a type that is not interpreted
    the whole of its `data`."""


class SourceDeclared(Event, frozen=True, kw_only=True, tag="source_declared"):
    """What a source covers, from when to when, and under which licence."""

    id: str
    dataset: str
    title: str
    covers: str
    """Name of the relation or event type whose window this is, for example `package_marked_broken`."""
    scope: str | None = None
    """What the window is limited to, for example a prefix of attributes."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    licence: str
    url: str | None = None
    is_invented: bool | None = None
    """Whether it is an invented world: it proves a method and says nothing about nixpkgs. Null: it is not."""


class JobRenamed(Event, frozen=True, kw_only=True, tag="job_renamed"):
    """A job goes on under another name, so that it is not one removed and one new."""

    id: str
    jobset: str
    from_attr: str
    to_attr: str


class AggregateObserved(Event, frozen=True, kw_only=True, tag="aggregate_observed"):
    """The builds on which an aggregate (`tested`, `unstable`) waits; they do not change while the build exists."""

    id: str
    jobset: str
    build_id: str
    constituents: list[str]
    """Build ids, sorted."""


class ObservationRetracted(Event, frozen=True, kw_only=True, tag="observation_retracted"):
    """A source takes an observation back."""

    id: str
    observation_id: str
    reason: str


EVENT_TYPES: dict[str, type[Event]] = {
    cls.__struct_config__.tag: cls  # type: ignore[misc]
    for cls in (
        EvaluationObserved,
        MembershipChanged,
        BuildObserved,
        ChannelAdvanced,
        ChannelDeclared,
        DerivationObserved,
        PackageSetEvaluated,
        PackageUpdated,
        OutputObserved,
        BuildCostDeclared,
        PackageOwnersListed,
        PackageMarkedBroken,
        PackageUnmarkedBroken,
        WaveDeclared,
        WavePackageResolved,
        WaveTagged,
        GapDeclared,
        CiDetailObserved,
        SourceDeclared,
        JobRenamed,
        AggregateObserved,
        ObservationRetracted,
    )
}
"""Event type -> struct, in the order in which they are written."""
