"""Named sets of parameters of the one builder of failure episodes (`sql/core/failure_episodes.sql`).

Two people who name the same preset compute the same episodes. `headline` is what the report shows.
"""

import msgspec

from models.vocabulary import STATUS_CLASSES, RedKind, StatusClass

ABSENT_EVALUATIONS = 15
"""Consecutive later complete evaluations after which an absent job counts as removed, about a week of trunk."""
ABSENT_DAYS = 30
"""The same in days, for jobsets that are evaluated seldom."""
NEVER = 1_000_000_000
_RED = sorted(word for word, (kind, _) in STATUS_CLASSES.items() if kind is StatusClass.RED)
_OWN = sorted(word for word, (_, kind) in STATUS_CLASSES.items() if kind is RedKind.OWN)


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the episode builder, bound by these names in SQL."""

    bad_statuses: list[str]
    """Statuses that make a job failing."""
    own_statuses: list[str]
    """Statuses that are a failure of the job's own, where the cause is known."""
    bridge_neutral: bool
    """Whether a neutral status neither starts nor ends an episode; else it ends one."""
    bridge_absent: bool
    """Whether absence from a jobset that is told in full is bridged at first; else it ends an episode."""
    absent_evaluations: int = ABSENT_EVALUATIONS
    absent_days: int = ABSENT_DAYS
    status_basis: str = "by_coverage"
    """Whose status counts: see `sql/replay/intervals.sql`."""
    completeness: str = "published"
    """`published`; `lookahead`: no guess made at once; `every`: all evaluations count as complete."""
    time_basis: str = "evaluation_at"
    """`evaluation_at`, or `first_observed_at`: raw first sight, which is not monotone."""
    left_censoring: str = "series"
    """Already failing in the first complete evaluation of the `series` (jobset and system) or of the `job`."""

    def parameters(self) -> dict[str, object]:
        """Names and values as SQL binds them."""
        return msgspec.structs.asdict(self)


PRESETS: dict[str, Preset] = {
    "headline": Preset(bad_statuses=_RED, own_statuses=_OWN, bridge_neutral=True, bridge_absent=True),
    "haskell-updates-reference": Preset(
        bad_statuses=["failed", "dependency-failed", "timed-out", "output-limit-exceeded"],
        own_statuses=["failed"],
        bridge_neutral=False,
        bridge_absent=False,
        status_basis="as_observed",
        time_basis="first_observed_at",
    ),
    "trunk-reference": Preset(
        bad_statuses=["failed"],
        own_statuses=["failed"],
        bridge_neutral=False,
        bridge_absent=False,
        status_basis="as_observed",
        completeness="lookahead",
        time_basis="first_observed_at",
    ),
    "hydra-any-nonzero": Preset(
        bad_statuses=sorted(set(STATUS_CLASSES) - {"succeeded", "queued", "running"}),
        own_statuses=_OWN,
        bridge_neutral=True,
        bridge_absent=True,
        absent_evaluations=NEVER,
        absent_days=NEVER,
        status_basis="latest",
        completeness="every",
        left_censoring="job",
    ),
    "hydra-definite": Preset(
        bad_statuses=sorted(set(_RED) - {"eval-error"}),
        own_statuses=_OWN,
        bridge_neutral=True,
        bridge_absent=True,
        absent_evaluations=NEVER,
        absent_days=NEVER,
        status_basis="latest",
        completeness="every",
        left_censoring="job",
    ),
}
