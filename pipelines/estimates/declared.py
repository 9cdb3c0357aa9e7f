"""From the rows of `core.declared_eta`'s select to its predictions: failures of a declared wave, of several ages."""

from itertools import groupby
from statistics import median_low

import numpy as np
import pyarrow as pa

from pipelines.estimates.bootstrap import Integers
from pipelines.estimates.cohorts import DAY, TARGETS, Member, members, whole
from pipelines.estimates.eta import LEAST_LEFT, LEVEL, Bounds, Cohort, interval

GROUP = ("wave", "source", "jobset", "system")

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in GROUP),
        ("target_ratio", pa.float64()),
        ("as_of_epoch", pa.int64()),
        ("left_jobs", pa.int64()),
        ("oldest_seconds", pa.int64()),
        ("middle_age_seconds", pa.int64()),
        ("earlier_clusters", pa.int32()),
        ("level_ratio", pa.float64()),
        ("nominal_ratio", pa.float64()),
        ("low_seconds", pa.int64()),
        ("middle_seconds", pa.int64()),
        ("high_seconds", pa.int64()),
    ]
)


def predictions(rows: pa.Table) -> pa.Table:
    """Both targets of every wave, jobset and system with open failures, whatever the order of rows."""
    past = members(rows.filter(rows["wave"].is_null()))
    waves = sorted(
        rows.filter(rows["wave"].is_valid()).to_pylist(),
        key=lambda row: (*(row[name] for name in GROUP), row["duration_seconds"]),
    )
    made: list[dict[str, object]] = []
    for group, failing in groupby(waves, key=lambda row: tuple(row[name] for name in GROUP)):
        made += _of_wave(group, list(failing), past)
    return pa.Table.from_pylist(made, schema=SCHEMA)


def _of_wave(
    group: tuple[str, ...], failing: list[dict[str, int]], past: list[Member]
) -> list[dict[str, object]]:
    _, source, jobset, system = group
    ages = np.array([row["duration_seconds"] for row in failing], dtype=np.int64)
    jobs = np.array([row["episodes"] for row in failing], dtype=np.int64)
    now = max(row["until_epoch"] for row in failing)
    # The wave broke nothing before the first of its failures began.
    first = min(row["began_epoch"] for row in failing)
    clusters: dict[int, list[Member]] = {}
    for member in past:
        if member.names[:2] == (source, jobset) and member.began < first - DAY:
            clusters.setdefault(member.cluster, []).append(member)
    made: list[dict[str, object]] = []
    for target, level in zip(TARGETS, ("half_level", "nine_in_ten_level"), strict=True):
        asked = failing[0][level] or LEVEL
        told = [_told(found, system, ages, jobs, 1 - target, now) for _, found in sorted(clusters.items())]
        known = [bounds for bounds in told if bounds]
        predicted = interval(known, asked)
        made.append(
            {
                **dict(zip(GROUP, group, strict=True)),
                "target_ratio": target,
                "as_of_epoch": now,
                "left_jobs": int(jobs.sum()),
                "oldest_seconds": int(ages.max()),
                "middle_age_seconds": int(median_low(np.repeat(ages, jobs).tolist())),
                "earlier_clusters": len(known),
                "level_ratio": asked,
                "nominal_ratio": round(predicted.nominal, 10) if predicted else None,
                "low_seconds": whole(predicted.low) if predicted else None,
                "middle_seconds": whole(predicted.middle) if predicted else None,
                "high_seconds": whole(predicted.high) if predicted else None,
            }
        )
    return made


def _told(
    cluster: list[Member], system: str, ages: Integers, jobs: Integers, fraction: float, now: int
) -> Bounds | None:
    """What a cluster says: its cohort on the same system first, then its largest."""
    ordered = sorted(cluster, key=lambda one: (one.system != system, -one.jobs, one.names))
    for one in ordered:
        bounds = remaining(one.curve, ages, jobs, fraction, min(now - one.began, one.curve.observed))
        if bounds:
            return bounds
    return None


def remaining(cohort: Cohort, ages: Integers, jobs: Integers, fraction: float, known: int) -> Bounds | None:
    """Seconds until only `fraction` of `jobs` of these ages would still fail, had each gone on as in the cohort.

    With one age this is `eta.remaining`. None where the cohort says nothing of one of the ages.
    """
    oldest = int(ages.max())
    if known <= oldest or any(cohort.jobs_left(int(age)) < LEAST_LEFT for age in ages):
        return None
    steps = np.unique((cohort.seconds[None, :] - ages[:, None]).ravel())
    left = np.zeros(len(steps))
    for age, weight in zip(ages.tolist(), (jobs / jobs.sum()).tolist(), strict=True):
        left += (
            weight * np.array([cohort.share_left(age + int(step)) for step in steps]) / cohort.share_left(age)
        )
    reached = steps[(left <= fraction + 1e-9) & (steps > 0)]
    if not len(reached) or reached[0] + oldest > known:
        return Bounds(float(known - oldest), float("inf"))
    return Bounds(float(reached[0]), float(reached[0]))
