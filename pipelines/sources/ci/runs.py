"""What every adapter makes of its format: runs and the results of their jobs, with what is unknown left unknown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import polars as pl

from models.vocabulary import Unit
from pipelines.nix.derivation import Derivation
from pipelines.sources.base import Rejected

MAX_BYTES = 2 * 1024**3
"""Largest input after decompression; what is longer is refused as a whole."""
MAX_LINE_BYTES = 4 * 1024**2
"""Longest line of a line-based format, and largest JSON document that is not line-based is MAX_DOCUMENT_BYTES."""
MAX_DOCUMENT_BYTES = 512 * 1024**2
MAX_VALUES_BYTES = 128 * 1024**2
"""Largest JSON document of which every value is held: nothing but empty lists takes twenty times its bytes."""
MAX_ELEMENTS = 5_000_000
"""Most elements of a list that is cut into its elements: they take some fifty bytes each beside their own."""
MAX_DEPTH = 64
"""Deepest nesting of JSON or XML."""
MAX_TEXT = 512
"""Longest name (attribute, system, run) that is taken; longer ones are rejected with their record."""


@dataclass(frozen=True)
class Told:
    """What the caller knows and the file does not: which CI, which run, which commit."""

    source: str | None = None
    """URI of the CI installation, for example `https://ci.example.org/unfree`."""
    run_id: str | None = None
    repo: str | None = None
    commit: str | None = None
    branch: str | None = None
    variant: str | None = None
    system: str | None = None
    exit_code: int | None = None
    """Exit code of the program that wrote the file: a listing is complete only if it was 0."""
    honest_workflows: tuple[str, ...] = ()
    """GitHub workflows whose `success` means that the build succeeded; of others it means nothing."""
    file_at: datetime | None = None
    """Time of the file, the last resort where a format has none."""


@dataclass(frozen=True)
class Job:
    """A job's result in a run. Statuses are our words (`models.vocabulary.STATUS_CLASSES`)."""

    attr: str
    system: str
    status: str
    source_status: str
    """The CI's own word or number, unchanged."""
    variant: str = ""
    cause_known: bool = True
    """Whether an own failure can be told from a failed dependency."""
    is_cached: bool | None = None
    name: str | None = None
    drv_path: str | None = None
    failed_drvs: tuple[str, ...] = ()
    attempt: int | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    time_kind: str | None = None
    """How good the times are: `measured`, `reported` or `file`."""
    log_url: str | None = None
    phase: str | None = None
    builder: str | None = None
    """Machine that built it, as the CI calls it."""
    cores: int | None = None
    build_id: str | None = None
    """The source's own id of the build; without one it is derived from run, attr, system and variant."""


@dataclass(frozen=True)
class Run:
    """A run (evaluation) of one commit with the results that are known of it."""

    source: str
    """URI of the CI installation."""
    run_id: str
    observed_at: datetime
    """When this was learnt: the newest time that the content itself tells, else the time of the file."""
    jobs: tuple[Job, ...]
    repo: str = "github.com/NixOS/nixpkgs"
    commit: str | None = None
    branch: str | None = None
    pull_request: int | None = None
    variant: str | None = None
    systems: tuple[str, ...] = ()
    is_complete: bool = False
    """Whether every job of the scope has a result here: only then absence means that the job is gone."""
    status: str | None = None
    """Of the run itself: succeeded, eval-error, aborted, cancelled."""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    errors: str | None = None
    """Errors of the evaluation as a whole."""
    notes: tuple[str, ...] = ()
    """What else has to be said of the run, published as gaps: uploads that failed, logs that are missing."""
    told_complete: bool | None = None
    """What the source itself said of completeness, where it says it; `is_complete` otherwise."""
    counts: tuple[tuple[str, int], ...] | None = None
    """Jobs by status as the source counts them: if other ones arrived, the run is not complete."""
    unit: Unit = Unit.JOB
    """What the jobs are named by."""
    needs_commit: bool = False
    """Whether the format asks for a commit that is not here: it must be known of the run from elsewhere."""


@dataclass(frozen=True)
class Retraction:
    """An event that its source took back."""

    source: str
    event_id: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Reading:
    """What an adapter made of one input."""

    runs: tuple[Run, ...] = ()
    retracted: tuple[Retraction, ...] = ()
    advances: tuple["Advance", ...] = ()
    rejected: tuple[Rejected, ...] = ()
    jobs: pl.DataFrame | None = None
    """Jobs of `runs` in columns (`columns.JOBS`), beside `Run.jobs`: for formats that give hundreds of thousands,
    where an object for each would be too slow."""
    left: tuple[tuple[str, str, int], ...] = ()
    """(source, type of event, number) of what was seen and not interpreted."""
    details: pl.DataFrame | None = None
    """What events tell beside what is interpreted, in columns (`details.DETAILS`)."""
    derivations: pl.DataFrame | None = None
    """Derivations in columns (`graph_columns.DERIVATIONS`)."""
    outputs: pl.DataFrame | None = None
    """Contents of outputs in columns (`graph_columns.OUTPUTS`)."""
    attributes: pl.DataFrame | None = None
    """Attributes of package sets in columns (`graph_columns.ATTRIBUTES`)."""
    package_sets: tuple["PackageSet", ...] = ()
    parsed: tuple["Parsed", ...] = ()
    """Derivations that were read whole: what their inputs are used for shows beside the others of the call."""

    @property
    def parts(self) -> set[tuple[str, str]]:
        """(source, name) of all that may have to wait for another input: runs, package sets."""
        return {(run.source, run.run_id) for run in self.runs} | {
            (one.source, one.name) for one in self.package_sets
        }

    @property
    def source(self) -> str | None:
        """Whose input it is, as far as it tells."""
        frames = (self.derivations, self.outputs, self.attributes)
        named = [one.source for one in (*self.runs, *self.package_sets, *self.parsed)]
        named += [frame["source"][0] for frame in frames if frame is not None and frame.height]
        return named[0] if named else None


@dataclass(frozen=True)
class Advance:
    """A channel or branch that now points to a commit, as a CI tells it."""

    source: str
    channel: str
    commit: str
    at: datetime
    previous_commit: str | None = None
    commit_at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True)
class Parsed:
    """A derivation that an input holds whole."""

    source: str
    at: datetime
    derivation: Derivation


@dataclass(frozen=True)
class PackageSet:
    """A package set at a commit, as a CI tells it; its attributes are rows elsewhere."""

    source: str
    package_set: str
    commit: str
    at: datetime
    commit_at: datetime | None
    is_complete: bool
    expected: int | None
    """Attributes that there are; None: not told."""

    @property
    def name(self) -> str:
        """What it is called while it waits for attributes: no run has such a name."""
        return f"package-set\n{self.package_set}\n{self.commit}"


class Adapter(Protocol):
    """A module of this package with these names."""

    @property
    def NAME(self) -> str:  # noqa: N802 (a constant of the module)
        """Name of the format, for messages: `nix-eval-jobs`."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether content that begins like this (up to 64 KiB, decompressed) is of this format."""
        ...

    def read(self, lines: Iterable[bytes], told: Told, name: str) -> Reading:
        """Runs of one input, given as an iterable of lines with their line ends (the same bytes in all).

        `name` is what messages call the input; no path is opened. Records that cannot be used are in `rejected`,
        one each, with reason and content; nothing of a broken record becomes a job. Raises BadInput if the whole
        cannot be used (for example, a commit is needed and neither told nor in the file).
        """
        ...
