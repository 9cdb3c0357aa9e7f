"""The generic format in which any CI may send results: newline-delimited CloudEvents 1.0, one struct per type.

The structs are the contract: decoding, the published JSON Schema (`models.ci_schema`) and the words of
`nixpkgs-health validate` all come from them. What a pattern cannot say is in `faults`. Fields that are not
named here are allowed and kept as told (`CiDetailObserved`).
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from models.ci_nix import AttributeEvaluated, DerivationObserved, OutputObserved, PackageSetEvaluated
from models.ci_words import (
    Commit,
    Count,
    Derivation,
    Excerpt,
    FinalStatus,
    Instant,
    Kind,
    OpenStatus,
    OutputPath,
    Positive,
    Quantity,
    RunStatus,
    Source,
    System,
    Text,
    TimeKind,
    Uri,
    Whole,
)

PREFIX = "io.github.nixpkgs-health."
"""Begins every type of the format. The project's own, said here only."""


class Measure(msgspec.Struct, gc=False):
    """A number that a job measured, with its unit."""

    value: float
    unit: str


class OfRun(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """What run and job events have in common."""

    run_id: Text
    repo: Text = "github.com/NixOS/nixpkgs"
    branch: Text | None = None
    pull_request: Positive | None = None
    head_commit: Commit | None = None
    base_commit: Commit | None = None


class RunData(OfRun, kw_only=True, gc=False):
    """What both events of a run tell of it."""

    config: dict[str, Any] | None = None
    variant: Text | None = None
    systems: list[System] | None = None
    scope: Literal["all"] | list[Text] | None = None
    expected_jobs: Count | None = None
    counts: dict[FinalStatus | OpenStatus, Count] | None = None
    started_at: Instant | None = None
    stopped_at: Instant | None = None


class RunStarted(RunData, kw_only=True, gc=False):
    """A run (evaluation) of one commit exists, with its scope."""

    commit: Commit


class RunFinished(RunData, kw_only=True, gc=False):
    """The run is over. `complete` only if every job of its scope has an event."""

    commit: Commit | None = None
    complete: bool
    status: RunStatus | None = None


class Job(OfRun, kw_only=True, gc=False):
    """What both events of a job tell of it."""

    attr: Text
    system: System
    commit: Commit | None = None
    attr_path: list[Text] | None = None
    variant: Text | None = None
    kind: Kind = "build"
    source_status: Text | None = None
    name: Text | None = None
    drv_path: Derivation | None = None
    outputs: dict[str, OutputPath | None] | None = None
    output_hashes: dict[str, Text] | None = None
    is_cached: bool | None = None
    cause_known: bool = True
    failed_drvs: list[Derivation] | None = None
    attempt: Positive | None = None
    queued_at: Instant | None = None
    started_at: Instant | None = None
    stopped_at: Instant | None = None
    duration_s: Quantity | None = None
    cpu_s: Quantity | None = None
    phase: Text | None = None
    exit_code: Whole | None = None
    builder: Text | None = None
    cores: Positive | None = None
    required_features: list[Text] | None = None
    log_url: Uri | None = None
    log_excerpt: Excerpt | None = None
    error: Excerpt | None = None
    metrics: dict[str, Measure] | None = None
    time_kind: TimeKind = "measured"


class JobFinished(Job, kw_only=True, gc=False):
    """A job reached a final status: the only event that a small CI must send."""

    status: FinalStatus


class JobStarted(Job, kw_only=True, gc=False):
    """A job waits or runs."""

    status: OpenStatus = "running"


class JobRetracted(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """An earlier event of the same source was wrong."""

    retracts: Text
    reason: Excerpt
    run_id: Text | None = None


class ChannelAdvanced(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A channel or branch points to a commit now."""

    channel: Text
    commit: Commit
    previous_commit: Commit | None = None
    gate_run_id: Text | None = None
    commit_time: Instant | None = None
    url: Uri | None = None


class Envelope(msgspec.Struct, kw_only=True, gc=False):
    """The CloudEvents attributes around `data`."""

    specversion: Literal["1.0"]
    id: Text
    source: Source
    time: Instant
    subject: Text | None = None
    datacontenttype: Text | None = None
    dataschema: Text | None = None


TYPES: dict[str, type[msgspec.Struct]] = {
    f"{PREFIX}run.started.v1": RunStarted,
    f"{PREFIX}job.finished.v1": JobFinished,
    f"{PREFIX}job.started.v1": JobStarted,
    f"{PREFIX}run.finished.v1": RunFinished,
    f"{PREFIX}job.retracted.v1": JobRetracted,
    f"{PREFIX}channel.advanced.v1": ChannelAdvanced,
    f"{PREFIX}derivation.observed.v1": DerivationObserved,
    f"{PREFIX}output.observed.v1": OutputObserved,
    f"{PREFIX}package-set.evaluated.v1": PackageSetEvaluated,
    f"{PREFIX}attribute.evaluated.v1": AttributeEvaluated,
}
"""Event type -> struct of its `data`."""
TYPE_PATTERN = r"[a-z0-9.\-]+\.v[0-9]+"
INSTANTS = ("queued_at", "started_at", "stopped_at", "commit_time")
"""Names of the fields of `data` that are instants."""


def instant(text: str) -> datetime | None:
    """The instant that a text of the form `INSTANT` names, to the microsecond; None if there is no such day."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def faults(data: msgspec.Struct) -> list[tuple[str, str, str]]:
    """(field, seen, expected) of what a schema cannot say: days that are none, ends before beginnings."""
    found = []
    times = {}
    for name in INSTANTS:
        text = getattr(data, name, None)
        if text is not None:
            times[name] = instant(text)
            if times[name] is None:
                found.append((name, text, "a day of the calendar"))
    start, stop = times.get("started_at"), times.get("stopped_at")
    if start and stop and start > stop:
        found.append(("started_at", start.isoformat(), f"not after stopped_at, {stop.isoformat()}"))
    if isinstance(data, DerivationObserved):
        used = [(one.drv_path, output) for one in data.inputs or () for output in one.outputs]
        if len(set(used)) != len(used):
            found.append(("inputs", "an output twice", "each output of an input once, in all of its roles"))
        if any(path == data.drv_path for path, _ in used):
            found.append(("inputs", data.drv_path, "other derivations than drv_path"))
    status = getattr(data, "status", None)
    if getattr(data, "failed_drvs", None) and status != "dependency-failed":
        found.append(("failed_drvs", f"status {status}", "given with status dependency-failed only"))
    return found
