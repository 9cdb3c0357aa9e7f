"""Prediction intervals of cohorts against cases worked out by hand and against worlds whose truth is known."""

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from pipelines.estimates import cohorts, declared, eta
from pipelines.estimates.cohorts import DAY

EVERYBODY = 100


def test_a_curve_is_the_share_still_failing() -> None:
    curve = _cohort([(1, 50, 50), (3, 30, 30), (7, 20, 0)], observed=7)
    assert [curve.share_left(day * DAY) for day in (0, 1, 2, 3, 6, 7)] == pytest.approx(
        [1, 0.5, 0.5, 0.2, 0.2, 0.2]
    )
    assert [curve.jobs_left(day * DAY) for day in (0, 1, 3, 6, 7, 8)] == [100, 50, 20, 20, 20, 0]


def test_those_no_longer_watched_do_not_count_as_there() -> None:
    # 50 of 100 are watched for 2 days only; of the other 50, 25 leave after 4: half of those at risk.
    curve = _cohort([(2, 50, 0), (4, 25, 25), (9, 25, 0)], observed=9)
    assert [curve.share_left(day * DAY) for day in (2, 4)] == pytest.approx([1, 0.5])
    assert [curve.jobs_left(day * DAY) for day in (1, 2, 3, 4)] == [100, 100, 50, 25]


def test_remaining_time_counts_from_the_age_and_is_a_share_of_what_was_left() -> None:
    curve = _cohort([(1, 40, 40), (5, 30, 30), (20, 30, 30)], observed=50)
    # After 2 days 60 are left; half of those have gone at 5 days, 9 in 10 of them at 20.
    assert eta.remaining(curve, 2 * DAY, 0.5, 50 * DAY) == eta.Bounds(3 * DAY, 3 * DAY)
    assert eta.remaining(curve, 2 * DAY, 0.1, 50 * DAY) == eta.Bounds(18 * DAY, 18 * DAY)
    assert eta.remaining(curve, 2 * DAY, 0.1, 12 * DAY) == eta.Bounds(10 * DAY, math.inf)
    assert eta.remaining(curve, 2 * DAY, 0.1, 2 * DAY) is None
    assert eta.remaining(curve, 25 * DAY, 0.1, 50 * DAY) is None


def test_failures_of_several_ages_go_on_each_from_its_own() -> None:
    curve = _cohort([(1, 40, 40), (5, 30, 30), (20, 30, 30)], observed=50)
    ages, jobs = np.array([2 * DAY, 6 * DAY]), np.array([3, 1])
    # From 2 days on half has gone after 3 more; those 6 days old all go 14 days later, the others 18 days later.
    for fraction, days in ((0.7, 3), (0.625, 3), (0.5, 14), (0.3, 18), (0.0, 18)):
        assert declared.remaining(curve, ages, jobs, fraction, 50 * DAY) == eta.Bounds(days * DAY, days * DAY)
    assert declared.remaining(curve, ages, jobs, 0.5, 19 * DAY) == eta.Bounds(13 * DAY, math.inf)
    assert declared.remaining(curve, np.array([25 * DAY]), np.array([1]), 0.5, 50 * DAY) is None


@pytest.mark.parametrize("age", [0, 1, 2, 5, 6])
@pytest.mark.parametrize("fraction", [0.8, 0.5, 0.1])
def test_failures_of_one_age_go_on_as_a_cohort(age: int, fraction: float) -> None:
    curve = _cohort([(1, 40, 40), (5, 30, 30), (20, 30, 30)], observed=50)
    for known in (7, 19, 50):
        assert declared.remaining(
            curve, np.array([age * DAY]), np.array([7]), fraction, known * DAY
        ) == eta.remaining(curve, age * DAY, fraction, known * DAY)


def test_weights_of_exact_times_are_ranks() -> None:
    reached, by = eta.weights([_exact(day) for day in (8, 2, 4, 2)])
    assert reached.tolist() == [2, 4, 8]
    assert by.tolist() == pytest.approx([2 / 5, 3 / 5, 4 / 5])


def test_who_has_not_got_there_hands_weight_to_those_that_took_longer() -> None:
    # By hand, at risk with the new one: 5 at 1, then 3 at 4 (one was watched for 2 only), 2 at 6.
    bounds = [_exact(1), _exact(4), _exact(6), eta.Bounds(2, math.inf)]
    reached, by = eta.weights(bounds)
    assert reached.tolist() == [1, 4, 6]
    assert by.tolist() == pytest.approx([1 - 4 / 5, 1 - 4 / 5 * 2 / 3, 1 - 4 / 5 * 2 / 3 * 1 / 2])


def test_an_end_comes_before_a_censoring_at_the_same_time() -> None:
    _, by = eta.weights([_exact(3), eta.Bounds(3, math.inf)])
    assert by.tolist() == pytest.approx([1 / 3])


@pytest.mark.parametrize(
    ("earlier", "low", "high", "nominal"),
    [
        (4, 0, 4, 4 / 5),
        (5, 0, 5, 5 / 6),
        (8, 0, 8, 8 / 9),
        (9, 1, 9, 0.8),
        (13, 1, 13, 12 / 14),
        (19, 2, 18, 0.8),
    ],
)
def test_ends_of_an_interval_are_ranks(earlier: int, low: int, high: int, nominal: float) -> None:
    predicted = eta.interval([_exact(day) for day in range(1, earlier + 1)])
    assert predicted is not None
    assert (predicted.low, predicted.high) == (low, high)
    assert predicted.nominal == pytest.approx(nominal)


def test_too_few_or_too_young_cohorts_give_no_upper_end() -> None:
    assert eta.interval([_exact(day) for day in (1, 2, 3)]) is None
    predicted = eta.interval([_exact(1), _exact(2), _exact(3), eta.Bounds(1, math.inf)])
    assert predicted is not None
    assert math.isinf(predicted.high)
    assert eta.outcome(predicted, _exact(400)) == "inside"


def test_an_upper_end_alone_is_better_than_none() -> None:
    # Of ten the longest is not known: 9 in 10 are never there, 8 in 10 are.
    predicted = eta.interval([*(_exact(day) for day in range(1, 10)), eta.Bounds(9.5, math.inf)])
    assert predicted is not None
    assert (predicted.low, predicted.high) == (0, 9)
    assert predicted.nominal == pytest.approx(9 / 11)


@pytest.mark.parametrize(
    ("truth", "outcome"),
    [
        ((3, 3), "inside"),
        ((2, 2), "inside"),
        ((1, 1), "before"),
        ((8, 8), "after"),
        ((8, math.inf), "after"),
        ((5, math.inf), "unknown"),
    ],
)
def test_an_outcome_is_known_only_when_it_is(truth: tuple[float, float], outcome: str) -> None:
    assert eta.outcome(eta.Interval(2, 3, 6, 0.8, 9), eta.Bounds(*truth)) == outcome


def test_a_level_grows_with_misses_and_never_falls_below_its_own() -> None:
    assert eta.widened([]) == 0.8
    assert eta.widened([0, 0, 0]) == 0.8
    assert eta.widened([1, 1]) == pytest.approx(0.8 + 2 * 0.05 * 0.8)
    assert eta.widened([1, 0, 0, 0]) == pytest.approx(0.8 + 0.05 * (1 - 4 * 0.2))
    assert eta.widened([1] * 50) == 0.98


def test_nothing_later_changes_a_prediction_of_the_past() -> None:
    generator = np.random.default_rng(4)
    began = np.sort(generator.integers(0, 400, size=24)).tolist()
    took = generator.lognormal(2.5, 0.8, size=24).tolist()
    short, whole = (_predicted(began, took, until) for until in (250, 900))
    for row in (row for row in short.to_pylist() if not row["is_now"]):
        key = {name: row[name] for name in ("evaluation_id", "target_ratio", "age_seconds")}
        (later,) = [
            other for other in whole.to_pylist() if not other["is_now"] and key.items() <= other.items()
        ]
        for name in ("earlier_clusters", "level_ratio", "low_seconds", "middle_seconds", "high_seconds"):
            assert row[name] == later[name], (key, name)


def test_systems_of_one_cluster_count_once() -> None:
    began = [0, 30, 60, 90, 120]
    alone = _predicted(began, [2, 4, 8, 2, 3], 130)
    doubled = _predicted([day for day in began for _ in "ab"], [2, 2, 4, 4, 8, 8, 2, 2, 3, 3], 130, systems=2)
    for table in (alone, doubled):
        last = [row for row in table.to_pylist() if row["cluster"] == 5 and row["target_ratio"] == 0.5]
        assert {
            (row["earlier_clusters"], row["high_seconds"]) for row in last if row["age_seconds"] == 0
        } == {(4, 8 * DAY)}


@pytest.mark.parametrize("spread", [0.4, 1.5])
def test_intervals_hold_four_times_in_five_where_cohorts_are_alike(spread: float) -> None:
    """Worlds of 30 cohorts whose durations share a law; what is known at each instant is cut by the date."""
    generator = np.random.default_rng(20_260_530)
    held = []
    for _ in range(30):
        began = np.sort(generator.integers(0, 700, size=30)).tolist()
        took = generator.lognormal(2.5, spread, size=30).tolist()
        rows = _predicted(began, took, 2_000).to_pylist()
        held.append(_held(rows, first=5))
        held.append(_held(rows, first=12))
    coverage = np.mean(held)
    assert 0.77 <= coverage <= 0.90, coverage


def test_widening_helps_where_cohorts_grow_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Durations that double every 15 cohorts: without widening far fewer than 80 % hold."""
    generator = np.random.default_rng(7)
    worlds = [
        (
            list(range(0, 60 * 60, 60)),
            (generator.lognormal(1.0, 0.4, size=60) * 2 ** (np.arange(60) / 15)).tolist(),
        )
        for _ in range(8)
    ]
    widened = np.mean([_held(_predicted(*world, 9_000).to_pylist(), first=10) for world in worlds])
    monkeypatch.setattr(eta, "STEP", 0.0)
    plain = np.mean([_held(_predicted(*world, 9_000).to_pylist(), first=10) for world in worlds])
    assert plain < 0.72
    assert widened > plain + 0.05


def _exact(seconds: float) -> eta.Bounds:
    return eta.Bounds(seconds, seconds)


def _cohort(steps: list[tuple[int, int, int]], observed: int) -> eta.Cohort:
    """Steps of (day, jobs, of them ended)."""
    days, jobs, ended = (np.array(column, dtype=np.int64) for column in zip(*steps, strict=True))
    return eta.Cohort(days * DAY, jobs, ended, observed * DAY)


def _held(rows: list[dict[str, object]], first: int) -> float:
    """Share of predictions made at once, from a cluster on, whose interval held."""
    decided = [
        row["outcome"] == "inside"
        for row in rows
        if row["age_seconds"] == 0
        and row["target_ratio"] == 0.5
        and isinstance(row["cluster"], int)
        and row["cluster"] >= first
        and row["outcome"] in ("inside", "before", "after")
    ]
    assert len(decided) > 5
    return sum(decided) / len(decided)


def _predicted(began: list[int], took: list[float], until: int, systems: int = 1) -> pa.Table:
    """Cohorts of 100 that leave all at once: beginnings in days, how long each took, the day of the last look."""
    clusters = [1]
    for before, after in pairwise(began):
        clusters.append(clusters[-1] + (after - before > 1))
    rows = []
    for place, (day, days, cluster) in enumerate(zip(began, took, clusters, strict=True)):
        watched = (until - day) * DAY
        lasted = round(days * DAY)
        if watched < 0:
            continue
        rows.append(
            {
                "source": "s",
                "jobset": "p/j",
                "evaluation_id": f"{place // systems:03}",
                "system": f"system{place % systems}",
                "cluster": cluster,
                "jobs": EVERYBODY,
                "began_epoch": day * DAY,
                "until_epoch": until * DAY,
                "duration_seconds": min(lasted, watched),
                "episodes": EVERYBODY,
                "ended": EVERYBODY if lasted <= watched else 0,
            }
        )
    return cohorts.predictions(pa.Table.from_pylist(rows))
