"""Bursts, their curves and predictions on the real episodes of both histories, against other ways to compute them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from pipelines import checks, relations, warehouse
from pipelines.paths import SQL

DAY = 86_400
TRUNK = "nixpkgs/trunk"
HASKELL = "nixpkgs/haskell-updates"
OURS = (
    "core.time_to_fix_durations",
    "core.cohorts",
    "core.staging_comparisons",
    "core.found_waves",
    "core.wave_cohorts",
    "core.eta_predictions",
    "metrics.bursts",
    "metrics.cohort_curves",
    "metrics.eta_backtest",
    "metrics.wave_eta",
)


@pytest.fixture(scope="module")
def waves(real_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Our relations, built on the bundled histories under the preset `headline`."""
    with warehouse.connect(":memory:") as con:
        for schema in ("core", "staging"):
            con.execute(f"create schema {schema}")
        con.execute("attach $place as real (read_only)", {"place": str(real_warehouse)})
        con.execute("use real")
        for table in ("failure_episodes", "evaluation_systems", "evaluations"):
            con.execute(f"create table memory.core.{table} as from core.{table}")
        # Neither history tells every job, so that staging-next cannot be compared: what is asked of builds is empty.
        for table in ("core.job_intervals", "staging.build_observed"):
            con.execute(f"create table memory.{table} as from {table} limit 0")
        con.execute("use memory")
        warehouse.build(con, relations.load(SQL), only=OURS)
        yield con


@pytest.mark.parametrize("key", OURS[1:])
def test_the_claims_hold(waves: duckdb.DuckDBPyConnection, key: str) -> None:
    loaded = relations.load(SQL)
    claims = checks.load(SQL / "checks", loaded).get(key, [])
    assert [result.sentence() for result in checks.run(waves, loaded[key], claims) if result.is_broken] == []


def test_trunk_has_three_bursts_and_the_start_of_its_series(waves: duckdb.DuckDBPyConnection) -> None:
    assert waves.sql(
        "select wave, kind, began_at::date::varchar, systems, jobs, ended_at, apart_jobs from core.found_waves "
        f"where jobset = '{TRUNK}' order by ordinal"
    ).fetchall() == [
        ("start-1818108", "series_start", "2025-08-31", 4, 2_241, None, None),
        ("burst-1819139", "burst", "2025-10-08", 4, 2_936, None, None),
        ("burst-1821583", "burst", "2025-12-31", 4, 3_080, None, None),
        ("burst-1823116", "burst", "2026-02-24", 4, 2_976, None, None),
    ]
    assert waves.sql("select count(*) from core.found_waves where kind = 'staging_next'").fetchall() == [(0,)]


def test_bursts_are_the_cohorts_of_250_or_more(waves: duckdb.DuckDBPyConnection) -> None:
    columns = "source, jobset, evaluation_id, system"
    bursts, cohorts = (
        waves.sql(f"select {columns}, {more} order by all").fetchall()
        for more in (
            "broken_jobs, still_failing_jobs, is_series_start from metrics.bursts",
            "jobs, still_failing_jobs, is_series_start from core.cohorts where is_burst",
        )
    )
    assert bursts == cohorts
    assert len(bursts) == 16 + 50


def test_independent_cohorts_are_counted_as_clusters(waves: duckdb.DuckDBPyConnection) -> None:
    assert waves.sql(
        "select jobset, count(*), count(distinct cluster) from core.cohorts where not is_series_start "
        "group by jobset order by jobset"
    ).fetchall() == [(HASKELL, 91, 53), (TRUNK, 41, 13)]


def test_curves_equal_lifelines(waves: duckdb.DuckDBPyConnection) -> None:
    for (evaluation, system), rows in _cohorts(waves, TRUNK).items():
        fitter = KaplanMeierFitter().fit([seconds for seconds, _ in rows], [ended for _, ended in rows])
        curve = waves.execute(
            "select round(days * 86400)::bigint, still_failing_ratio, still_failing_ratio_low, "
            "still_failing_ratio_high from metrics.cohort_curves "
            "where (jobset, evaluation_id, system) = ($1, $2, $3) order by days",
            [TRUNK, evaluation, system],
        ).fetchall()
        survival = fitter.survival_function_.loc[[row[0] for row in curve]].to_numpy()[:, 0]
        np.testing.assert_allclose([row[1] for row in curve], survival, rtol=0, atol=1e-9)
        inside = (survival > 1e-12) & (survival < 1 - 1e-12)
        bounds = np.array([row[2:] for row in curve], dtype=float)
        expected = fitter.confidence_interval_.loc[[row[0] for row in curve]].to_numpy()
        np.testing.assert_allclose(bounds[inside], expected[inside], rtol=0, atol=1e-9)
        assert np.isnan(bounds[~inside]).all()


def test_days_until_half_of_a_burst_had_left(waves: duckdb.DuckDBPyConnection) -> None:
    found = waves.sql(
        "select wave, round(min(days) filter (where still_failing_ratio <= 0.5), 1), "
        "round(min(days) filter (where still_failing_ratio <= 0.1), 1) from metrics.cohort_curves "
        f"where jobset = '{TRUNK}' and system = 'x86_64-linux' and wave is not null group by wave order by wave"
    ).fetchall()
    assert found == [
        ("burst-1819139", 15.5, 46.6),
        ("burst-1821583", 46.3, 140.6),
        ("burst-1823116", 30.8, 86.4),
        ("start-1818108", 24.7, 78.9),
    ]


def test_coverage_of_past_predictions(waves: duckdb.DuckDBPyConnection) -> None:
    """The published figures: predicted at once, half off the list, then nine in ten."""
    assert waves.sql(
        "select jobset, target_ratio, clusters, tested_clusters, inside, before, after, round(coverage_ratio, 3), "
        "round(coverage_ratio_low, 3), round(coverage_ratio_high, 3), verdict from metrics.eta_backtest "
        "where age_days = 0 order by jobset, target_ratio"
    ).fetchall() == [
        (HASKELL, 0.5, 53, 45, 60, 7, 13, 0.793, 0.654, 0.886, "holds"),
        (HASKELL, 0.9, 53, 44, 57, 5, 17, 0.773, 0.630, 0.872, "holds"),
        (TRUNK, 0.5, 13, 8, 18, 0, 5, 0.844, 0.497, 0.967, "too few"),
        (TRUNK, 0.9, 13, 2, 0, 0, 3, 0.0, 0.0, 0.658, "too few"),
    ]


def test_the_interval_of_a_coverage_is_wilsons(waves: duckdb.DuckDBPyConnection) -> None:
    rows = waves.sql(
        "select coverage_ratio, tested_clusters, coverage_ratio_low, coverage_ratio_high "
        "from metrics.eta_backtest where tested_clusters > 0"
    ).fetchall()
    assert len(rows) > 10
    for share, trials, low, high in rows:
        # Its ends are the shares from which the one seen is exactly 1.96 standard errors away.
        for end in (low, high):
            error = 1.959963984540054 * math.sqrt(end * (1 - end) / trials)
            assert abs(abs(share - end) - error) < 1e-8


@pytest.mark.parametrize("jobset", [TRUNK, HASKELL])
def test_predictions_equal_a_slow_walk_over_single_failures(
    waves: duckdb.DuckDBPyConnection, jobset: str
) -> None:
    """Ends of every interval, by handing on the weight of each cohort that has not got there yet (Efron 1967)."""
    single = _cohorts(waves, jobset)

    @cache
    def waiting(evaluation: str, system: str, age: int) -> tuple[int, list[tuple[float, int]]]:
        return _left(single[evaluation, system], age)

    began = {
        (row[0], row[1]): row[2:]
        for row in waves.execute(
            "select evaluation_id, system, epoch(began_at)::bigint, cluster, jobs, "
            "epoch(observed_until_at)::bigint from core.cohorts where jobset = $1 and not is_series_start",
            [jobset],
        ).fetchall()
    }
    rows = waves.execute(
        "select evaluation_id, system, target_ratio, age_seconds, level_ratio, earlier_clusters, low_seconds, "
        "high_seconds from core.eta_predictions where jobset = $1",
        [jobset],
    ).fetchall()
    assert len(rows) > 200
    for evaluation, system, target, age, level, earlier, low, high in rows:
        mine = single[evaluation, system]
        left = (
            sum(seconds > age or (seconds == age and not ended) for seconds, ended in mine)
            if age
            else len(mine)
        )
        if left < 10:
            assert earlier == 0
            continue
        now = began[evaluation, system][0] + age
        clusters: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for (other, on), (start, cluster, jobs, until) in began.items():
            if cluster < began[evaluation, system][1]:
                clusters[cluster].append((on != system, -jobs, other, on, min(now, until) - start))
        fraction = (1 - target) * len(mine) / left
        told = [
            next(
                (
                    t
                    for t in (_took(*waiting(c[2], c[3], age), age, fraction, c[4]) for c in sorted(found))
                    if t
                ),
                None,
            )
            for found in clusters.values()
        ]
        expected = _ends([t for t in told if t], level)
        assert earlier == sum(t is not None for t in told)
        assert (low, high) == expected, (evaluation, system, target, age)


def _cohorts(con: duckdb.DuckDBPyConnection, jobset: str) -> dict[tuple[str, str], list[tuple[int, bool]]]:
    """Seconds and whether it ended, of every failure of every cohort of a jobset."""
    found: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    for evaluation, system, seconds, ended in con.execute(
        "select c.evaluation_id, c.system, date_diff('second', e.broken_at, coalesce(e.cleared_at, "
        "e.observed_until_at)), e.cleared_at is not null from core.cohorts as c inner join core.failure_episodes as e "
        "on c.jobset = e.jobset and c.system = e.system and c.evaluation_id = e.broken_evaluation_id "
        "where c.jobset = $1 and not e.is_left_censored",
        [jobset],
    ).fetchall():
        found[evaluation, system].append((seconds, ended))
    return found


def _left(rows: list[tuple[int, bool]], age: int) -> tuple[int, list[tuple[float, int]]]:
    """How many still failed at an age, and of every number of seconds after which some were seen to end, how many
    failed longer."""
    left = [seconds if ended else math.inf for seconds, ended in rows]
    left = [seconds for seconds in left if seconds > age or not age]
    longer, steps = len(left), []
    for seconds, ended in sorted(Counter(left).items()):
        longer -= ended
        steps.append((seconds, longer))
    return len(left), steps


def _took(
    left: int, steps: list[tuple[float, int]], age: int, fraction: float, known: int
) -> tuple[int, bool] | None:
    """Seconds from an age on until only a fraction still failed, and whether that was seen; all watched alike."""
    if known <= age or left < 10:
        return None
    for seconds, longer in steps:
        if seconds > known:
            break
        if longer <= fraction * left + 1e-6:
            return int(seconds) - age, True
    return known - age, False


def _ends(told: list[tuple[int, bool]], level: float) -> tuple[int | None, int | None]:
    if len(told) < 4:
        return None, None
    # One point of equal weight each and one for the new cohort, beyond all.
    points = [*sorted(told, key=lambda one: (one[0], not one[1])), (math.inf, True)]
    weight = [1 / len(points)] * len(points)
    for place, (_, was_seen) in enumerate(points):
        if not was_seen:
            share = weight[place] / (len(points) - place - 1)
            weight = [0 if n == place else w + (share if n > place else 0) for n, w in enumerate(weight)]
    by: dict[float, float] = {}
    for (seconds, _), one in zip(points, weight, strict=True):
        if one:
            by[seconds] = by.get(seconds, 0) + one
    total, reached = 0.0, []
    for seconds, one in sorted(by.items()):
        total += one
        if math.isfinite(seconds):
            reached.append((int(seconds), total))
    tail = (1 - level) / 2
    low = max((seconds for seconds, share in reached if share <= tail + 1e-9), default=None)
    two_sided = min((seconds for seconds, share in reached if share >= 1 - tail - 1e-9), default=None)
    alone = min((seconds for seconds, share in reached if share >= level - 1e-9), default=None)
    if low is not None and two_sided is not None:
        return low, two_sided
    return (low, None) if alone is None and low is not None else (0, alone)
