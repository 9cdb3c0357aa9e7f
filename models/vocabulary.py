"""Words with one meaning each: statuses of builds, their classes, coverages, outcomes, systems.

The status words and their classes are those of the generic event format; `core.status_classes` repeats the
table for SQL and a test holds the two equal.
"""

from enum import StrEnum


class StatusClass(StrEnum):
    """What a status says about a package."""

    GREEN = "green"
    RED = "red"
    NEUTRAL = "neutral"
    REFUSED = "refused"


class RedKind(StrEnum):
    """Why a red job is red."""

    OWN = "own"
    DEPENDENCY = "dependency"
    TIMED_OUT = "timed_out"
    EVAL_ERROR = "eval_error"
    UNKNOWN_CAUSE = "unknown_cause"


class Coverage(StrEnum):
    """How much of an evaluation the source tells."""

    FULL = "full"
    NAMED = "named"
    """Only the jobs that the answer names: a run that was cut short or is of a selection. Absence says nothing."""
    FAILURES_WITH_TOTALS = "failures_with_totals"
    FAILURES_ONLY = "failures_only"


class Unit(StrEnum):
    """What the source names and counts."""

    JOB = "job"
    PACKAGE = "package"
    DERIVATION = "derivation"
    """Names of derivations without their versions, where no attribute is known: they match no job of another CI."""


class Change(StrEnum):
    """How the listing of an observation differs from that of its base."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    REBUILT = "rebuilt"


class Cause(StrEnum):
    """Whether a failure is the build's own."""

    OWN = "own"
    DEPENDENCY = "dependency"
    UNKNOWN = "unknown"


_OWN = (StatusClass.RED, RedKind.OWN)
_NEUTRAL = (StatusClass.NEUTRAL, None)
_REFUSED = (StatusClass.REFUSED, None)

STATUS_CLASSES: dict[str, tuple[StatusClass, RedKind | None]] = {
    "succeeded": (StatusClass.GREEN, None),
    "failed": _OWN,
    "failed-with-output": _OWN,
    "hash-mismatch": _OWN,
    "not-deterministic": _OWN,
    "log-limit-exceeded": _OWN,
    "output-limit-exceeded": _OWN,
    "dependency-failed": (StatusClass.RED, RedKind.DEPENDENCY),
    "timed-out": (StatusClass.RED, RedKind.TIMED_OUT),
    "eval-error": (StatusClass.RED, RedKind.EVAL_ERROR),
    "aborted": _NEUTRAL,
    "cancelled": _NEUTRAL,
    "skipped": _NEUTRAL,
    "unsupported": _NEUTRAL,
    "missing": _NEUTRAL,
    "queued": _NEUTRAL,
    "running": _NEUTRAL,
    "unknown": _NEUTRAL,
    "broken-marked": _REFUSED,
    "unfree-refused": _REFUSED,
    "insecure-refused": _REFUSED,
    "platform-refused": _REFUSED,
    "refused": _REFUSED,
}
"""Status word -> (class, kind of red). A `failed` of unknown cause is of kind `unknown_cause` instead."""
