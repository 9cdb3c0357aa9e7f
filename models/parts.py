"""The parts that events are made of besides plain values: rows of lists, totals, gates, inputs."""

from datetime import date

import msgspec

from models.vocabulary import Change


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Number of jobs or packages in one status, as the source reports it. No system: of all systems."""

    system: str | None = None
    source_status: str
    status: str
    n: int


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """Verdict of a named gate (`tested`, `mergeable`, `maintained`) in an evaluation."""

    name: str
    verdict: str


class EvaluationInput(msgspec.Struct, frozen=True, kw_only=True):
    """One input of an evaluation."""

    name: str
    uri: str | None = None
    revision: str | None = None


class MembershipRow(msgspec.Struct, frozen=True, kw_only=True):
    """One job of a listing that differs from the base."""

    system: str
    attr: str
    variant: str = ""
    change: Change
    build_id: str | None = None


class Dependents(msgspec.Struct, frozen=True, kw_only=True):
    """How many packages depend on one, as the source counts: not marked broken, and all."""

    unbroken: int | None = None
    all: int | None = None


class DerivationInput(msgspec.Struct, frozen=True, kw_only=True):
    """Outputs of one input of a derivation that are used in the same role."""

    derivation_id64: int
    role: str | None = None
    """Variables of the derivation that hold the output's path, space between; empty: none does. Null: unknown."""
    outputs: list[str] = []
    is_check_only: bool | None = None
    """Whether it is there for the package's own tests only. Null: the source cannot tell."""


class PackageSetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of a package set and the derivation that it evaluates to."""

    attr: str
    system: str
    derivation_id64: int


class OwnerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute and one of those who look after it."""

    attr: str
    owner_kind: str
    """`maintainer` or `team`."""
    owner: str
    """The public handle; never a name or an address."""


class ChannelPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """Where a channel is fed from for some time: a rename of its jobset or of its job begins a new one."""

    jobset: str
    job: str | None = None
    """Job that must succeed, as the jobset names it; None: the channel's selection decides."""
    status: str | None = None
    """`beta`, `rolling`, `stable`, `deprecated` or `unmaintained`; None: not told."""
    from_on: date | None = None
    until_on: date | None = None
    """First day on which it no longer holds; None: it holds on."""
