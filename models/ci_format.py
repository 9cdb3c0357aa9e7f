"""The generic format in which any CI may send results: newline-delimited CloudEvents 1.0, one struct per type.

The structs are the contract: decoding, the published JSON Schema (`models.ci_schema`) and the words of
`nixpkgs-health validate` all come from them. What a pattern cannot say is in `faults`. Fields that are not
named here are allowed and left alone.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

PREFIX = "io.github.nixpkgs-health."
"""Begins every type of the format. The project's own, said here only."""

INSTANT = (
    r"(19[7-9][0-9]|20[0-9][0-9])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z"
)
LARGEST = 2**53
"""Whole numbers stay exact in every JSON reader up to here."""


def _matching(pattern: str, description: str, **more: Any) -> Meta:
    """Text that matches a pattern as a whole."""
    return Meta(pattern=rf"\A(?:{pattern})\Z", description=description, **more)


Text = Annotated[
    str,
    _matching(
        r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*",
        "1 to 512 characters without control characters, not all blank",
        min_length=1,
        max_length=512,
    ),
]
Instant = Annotated[
    str,
    _matching(
        INSTANT,
        "an instant in UTC as 2025-10-01T02:00:00Z, from 1970 to 2099",
        extra_json_schema={"format": "date-time"},
    ),
]
Source = Annotated[
    str,
    _matching(
        r"([A-Za-z][A-Za-z0-9+.\-]*://)?[A-Za-z0-9._~:@!$&'()*+,;=%/\[\]\-]*[A-Za-z0-9._~\]\-]/?",
        "the address that names the CI, as https://ci.example.org/unfree",
        max_length=512,
        extra_json_schema={"format": "uri-reference"},
    ),
]
Uri = Annotated[
    str,
    _matching(
        r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20\x7f<>\x22]+",
        "an address with its scheme, as https://ci.example.org/log/7, of at most 2048 characters",
        max_length=2048,
        extra_json_schema={"format": "uri"},
    ),
]
Commit = Annotated[str, _matching("[0-9a-f]{40}", "a full commit of 40 hex digits in small letters")]
System = Annotated[str, _matching("[a-z0-9_]{1,30}-[a-z0-9_]{1,30}", "a Nix system as x86_64-linux")]
Derivation = Annotated[
    str,
    _matching(
        r"/nix/store/[0-9a-z]{32}-[^/\x00-\x1f\x7f]+\.drv", "a path /nix/store/HASH-NAME.drv", max_length=512
    ),
]
OutputPath = Annotated[
    str,
    _matching(r"/nix/store/[0-9a-z]{32}-[^/\x00-\x1f\x7f]+", "a path /nix/store/HASH-NAME", max_length=512),
]
Sha256 = Annotated[str, _matching("[0-9a-f]{64}", "a SHA-256 of 64 hex digits in small letters")]
NarHash = Annotated[
    str, _matching(r"sha256-[A-Za-z0-9+/]{43}=", "a SHA-256 as Nix writes it: sha256- and base 64")
]
Excerpt = Annotated[str, Meta(max_length=8192, description="text of at most 8192 characters")]
Count = Annotated[int, Meta(ge=0, le=LARGEST, description="a whole number from 0")]
Positive = Annotated[int, Meta(ge=1, le=LARGEST, description="a whole number from 1")]
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST, description="a whole number")]
Quantity = Annotated[float, Meta(ge=0, description="a number from 0")]

FinalStatus = Literal[
    "succeeded",
    "failed",
    "failed-with-output",
    "hash-mismatch",
    "not-deterministic",
    "log-limit-exceeded",
    "output-limit-exceeded",
    "dependency-failed",
    "timed-out",
    "eval-error",
    "aborted",
    "cancelled",
    "skipped",
    "unsupported",
    "broken-marked",
    "unfree-refused",
    "insecure-refused",
    "platform-refused",
    "refused",
    "missing",
    "unknown",
]
OpenStatus = Literal["queued", "running"]
RunStatus = Literal["succeeded", "eval-error", "aborted", "cancelled"]
Kind = Literal["build", "test", "gpu-test", "eval"]
TimeKind = Literal["measured", "reported", "file"]


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


class Input(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """Outputs of one input of a derivation that are used in the same roles."""

    drv_path: Derivation
    outputs: list[Text]
    roles: list[Text] | None = None
    is_check_only: bool | None = None


class DerivationObserved(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A derivation, its inputs and what each is used for."""

    drv_path: Derivation
    system: Text
    outputs: dict[Text, OutputPath | None]
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
    output: Text
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
    status = getattr(data, "status", None)
    if getattr(data, "failed_drvs", None) and status != "dependency-failed":
        found.append(("failed_drvs", f"status {status}", "given with status dependency-failed only"))
    return found
