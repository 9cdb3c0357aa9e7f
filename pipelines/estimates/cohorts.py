"""From the rows of `core.eta_predictions`'s select to its predictions: tables in, tables out."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

from pipelines.estimates.eta import LEAST_LEFT, Bounds, Cohort, interval, outcome, remaining, widened

DAY = 86_400
TARGETS = (0.5, 0.9)
"""Shares of a cohort that have left the list."""
AGES = (0, 7, 14, 30)
"""Days after its evaluation at which a past cohort is predicted as if nothing later were known."""
NOT_YET = 1 << 62
"""Later than any instant."""
NAMES = ("source", "jobset", "evaluation_id", "system")

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in NAMES),
        ("cluster", pa.int32()),
        ("target_ratio", pa.float64()),
        ("age_seconds", pa.int64()),
        ("is_now", pa.bool_()),
        ("left_jobs", pa.int64()),
        ("left_ratio", pa.float64()),
        ("earlier_clusters", pa.int32()),
        ("level_ratio", pa.float64()),
        ("nominal_ratio", pa.float64()),
        ("low_seconds", pa.int64()),
        ("middle_seconds", pa.int64()),
        ("high_seconds", pa.int64()),
        ("took_seconds", pa.int64()),
        ("watched_seconds", pa.int64()),
        ("outcome", pa.string()),
    ]
)


@dataclass(frozen=True)
class Member:
    """A cohort with its names, when it began (seconds since 1970) and the cluster that it is one of."""

    names: tuple[str, ...]
    cluster: int
    began: int
    jobs: int
    curve: Cohort

    @property
    def system(self) -> str:
        """Nix system."""
        return self.names[-1]


@dataclass(frozen=True)
class Test:
    """A prediction of the past of which it is known whether it held, from an instant on."""

    known_at: int
    cluster: int
    held: bool


History = defaultdict[tuple[float, int], list[Test]]
"""Tests by target and age in days."""


def predictions(rows: pa.Table) -> pa.Table:
    """Every past cohort predicted at AGES from what was known then, and those still on the list as of now."""
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for _, group in groupby(members(rows), key=lambda member: member.names[:2]):
        jobset, history = list(group), History(list)
        for member in jobset:
            earlier = _clusters_before(member, jobset)
            for values in _of_member(member, earlier, history):
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
    return pa.table(columns, schema=SCHEMA)


def members(rows: pa.Table) -> list[Member]:
    """Cohorts in the order of source, jobset, beginning, evaluation and system, whatever the order of rows."""
    order = ("source", "jobset", "began_epoch", "evaluation_id", "system", "duration_seconds")
    rows = rows.sort_by([(name, "ascending") for name in order])
    names = list(zip(*(rows[name].to_pylist() for name in NAMES), strict=True))
    found, first = [], 0
    for index in range(1, len(names) + 1):
        if index == len(names) or names[index] != names[first]:
            part = rows.slice(first, index - first)
            began = part["began_epoch"][0].as_py()
            found.append(
                Member(
                    names[first],
                    part["cluster"][0].as_py(),
                    began,
                    part["jobs"][0].as_py(),
                    Cohort(
                        part["duration_seconds"].to_numpy(),
                        part["episodes"].to_numpy(),
                        part["ended"].to_numpy(),
                        part["until_epoch"][0].as_py() - began,
                    ),
                )
            )
            first = index
    return found


def _clusters_before(member: Member, jobset: list[Member]) -> list[list[Member]]:
    """Earlier clusters; in each the cohorts of the member's own system first, then the largest."""
    clusters: dict[int, list[Member]] = {}
    for other in jobset:
        if other.cluster < member.cluster:
            clusters.setdefault(other.cluster, []).append(other)
    for cohorts in clusters.values():
        cohorts.sort(key=lambda one: (one.system != member.system, -one.jobs, one.names))
    return [clusters[cluster] for cluster in sorted(clusters)]


def _of_member(member: Member, earlier: list[list[Member]], history: History) -> Iterator[tuple[object, ...]]:
    """One row for each age and target; tests that are decided join the history."""
    curve = member.curve
    ages = [(days * DAY, days, False) for days in AGES if days * DAY < curve.observed]
    now_like = max((days for days in AGES if days * DAY <= curve.observed), default=0)
    for age, days, is_now in [*ages, (curve.observed, now_like, True)]:
        left, jobs = curve.share_left(age), curve.jobs_left(age)
        for target in TARGETS:
            if left <= 1 - target or (jobs < LEAST_LEFT and not is_now):
                continue
            fraction, now = (1 - target) / left, member.began + age
            told = _told(now, age, fraction, earlier) if jobs >= LEAST_LEFT else []
            level = widened(_misses(history[target, days], member.cluster, now))
            predicted = interval(told, level)
            truth = remaining(curve, age, fraction, curve.observed)
            became = None
            if predicted and truth and math.isfinite(predicted.high):
                became = outcome(predicted, truth)
                if became != "unknown" and not is_now:
                    known_at = NOT_YET if math.isinf(truth.most) else now + round(truth.most)
                    history[target, days].append(Test(known_at, member.cluster, became == "inside"))
            yield (
                *member.names,
                member.cluster,
                target,
                age,
                is_now,
                jobs,
                round(left, 10),
                len(told),
                round(level, 10),
                round(predicted.nominal, 10) if predicted else None,
                whole(predicted.low) if predicted else None,
                whole(predicted.middle) if predicted else None,
                whole(predicted.high) if predicted else None,
                whole(truth.most) if truth else None,
                curve.observed - age,
                became,
            )


def _misses(tests: list[Test], cluster: int, now: int) -> list[float]:
    """Share of the predictions of each earlier cluster that did not hold, as known `now`."""
    held: dict[int, list[bool]] = {}
    for test in tests:
        if test.cluster < cluster and test.known_at <= now:
            held.setdefault(test.cluster, []).append(test.held)
    return [1 - sum(one) / len(one) for one in held.values()]


def _told(now: int, age: int, fraction: float, earlier: list[list[Member]]) -> list[Bounds]:
    """What each earlier cluster says as known `now`: its first cohort that was already so old and had enough left."""
    found = (
        next(
            (
                bounds
                for one in cohorts
                if (bounds := remaining(one.curve, age, fraction, min(now - one.began, one.curve.observed)))
            ),
            None,
        )
        for cohorts in earlier
    )
    return [bounds for bounds in found if bounds]


def whole(seconds: float) -> int | None:
    """Whole seconds; null if infinite."""
    return round(seconds) if math.isfinite(seconds) else None
