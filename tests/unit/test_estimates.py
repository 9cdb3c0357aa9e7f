"""The cluster bootstrap against a slow loop, against itself, and against a truth that is known."""

import itertools
import math
import random
from typing import TypeVar

import numpy as np
import pytest

from pipelines.estimates import bootstrap
from tests import incidence
from tests.incidence import OUTCOMES

DAY = 86_400
T = TypeVar("T")


def test_draws_equal_a_slow_loop() -> None:
    chance = random.Random(7)
    episodes = [
        (
            chance.randrange(12),
            chance.choice((0, 1, 5, 5, 20, 40, 130)) * DAY // 2,
            chance.choice((*OUTCOMES, "open")),
        )
        for _ in range(90)
    ]
    sample = _sample(episodes)
    question = bootstrap.Question(
        quantiles=(0.75, 0.5, 0.25),
        until=30 * DAY,
        grid=np.array([0, DAY // 2, DAY, 30 * DAY, 100 * DAY]),
        outcome_grid=(DAY, 30 * DAY),
    )
    weights = bootstrap.draw_weights(sample.clusters, 60, seed=3)
    assert (weights.sum(axis=1) == sample.clusters).all()
    draws = bootstrap.answer(sample, weights, question)
    for number, copies in enumerate(weights.tolist()):
        drawn = [row for row in episodes for _ in range(copies[row[0]])]
        survival = _survival_by_hand([(seconds, outcome) for _, seconds, outcome in drawn])
        ends = incidence.by_hand([(seconds, outcome) for _, seconds, outcome in drawn])
        for column, level in enumerate(question.quantiles):
            reached = [seconds for seconds, share in survival.items() if share <= level + 1e-12]
            assert draws.quantiles[number, column] == min(reached, default=math.inf)
        for column, by in enumerate(question.grid.tolist()):
            assert draws.ended[number, column] == pytest.approx(1 - _at(survival, by, 1.0), abs=1e-9)
        for column, by in enumerate(question.outcome_grid):
            shares = _at(ends, by, (0.0, 0.0, 0.0, 0.0))
            assert [draws.outcomes[name][number, column] for name in OUTCOMES] == pytest.approx(
                shares, abs=1e-9
            )
        times = [0, *survival, math.inf]
        area = sum(
            _at(survival, start, 1.0) * (min(end, question.until) - min(start, question.until))
            for start, end in itertools.pairwise(times)
        )
        assert draws.restricted_mean[number] == pytest.approx(area, abs=1e-9 * question.until)


def test_blocks_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = _sample([(number % 5, number * DAY, "fixed") for number in range(40)])
    question = bootstrap.Question((0.5,), 90 * DAY, np.array([7 * DAY]), (30 * DAY,))
    weights = bootstrap.draw_weights(5, 33, seed=1)
    whole = bootstrap.answer(sample, weights, question)
    monkeypatch.setattr(bootstrap, "CELLS", 7 * 40)
    parts = bootstrap.answer(sample, weights, question)
    for name in ("quantiles", "restricted_mean", "ended"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_the_interval_leaves_out_24_draws_on_either_side() -> None:
    low, high = bootstrap.interval(np.random.default_rng(1).permutation(1_000).astype(float)[:, None])
    assert (low[0], high[0]) == (24, 975)


def test_intervals_cover_the_truth_where_clusters_share_their_fate() -> None:
    """40 bursts a world, each ending as one: plain intervals miss the truth, the others mostly hold it."""
    generator = np.random.default_rng(20_241_123)
    by = 7 * DAY
    truth = 1 - math.exp(-7 / 10)
    held = plain = 0
    worlds = 200
    for world in range(worlds):
        ends = (generator.exponential(10, size=40) * DAY).astype(int)
        sizes = generator.integers(1, 40, size=40)
        episodes = [(cluster, int(end), "fixed") for cluster, end in enumerate(ends)]
        sample = _sample(episodes, sizes[np.argsort(ends, kind="stable")])
        weights = bootstrap.draw_weights(40, 400, seed=world)
        question = bootstrap.Question((0.5,), by, np.array([by]), (by,))
        low, high = bootstrap.interval(bootstrap.answer(sample, weights, question).ended)
        held += bool(low[0] <= truth <= high[0])
        share = sizes[ends <= by].sum() / sizes.sum()
        plain += abs(share - truth) <= 1.96 * math.sqrt(share * (1 - share) / sizes.sum())
    assert 0.88 <= held / worlds <= 0.99
    assert plain / worlds < 0.6


def test_a_seed_depends_on_the_name_only() -> None:
    assert bootstrap.seed("a", "b") == bootstrap.seed("a", "b") != bootstrap.seed("ab")
    assert bootstrap.draw_weights(3, 2, seed=1).tolist() == bootstrap.draw_weights(3, 2, seed=1).tolist()


def _survival_by_hand(episodes: list[tuple[int, str]]) -> dict[int, float]:
    return {seconds: 1 - sum(shares) for seconds, shares in incidence.by_hand(episodes).items()}


def _at(steps: dict[int, T], seconds: float, before: T) -> T:
    """Value of a step function."""
    return max(((start, value) for start, value in steps.items() if start <= seconds), default=(0, before))[1]


def _sample(episodes: list[tuple[int, int, str]], copies: np.ndarray | None = None) -> bootstrap.Sample:
    ordered = sorted(episodes, key=lambda row: row[1])
    count = np.ones(len(ordered), dtype=np.int64) if copies is None else copies

    def those(*outcomes: str) -> np.ndarray:
        return count * np.array([outcome in outcomes for _, _, outcome in ordered])

    return bootstrap.Sample(
        seconds=np.array([seconds for _, seconds, _ in ordered]),
        cluster=np.array([cluster for cluster, _, _ in ordered]),
        episodes=count,
        ended=those(*OUTCOMES),
        outcomes={outcome: those(outcome) for outcome in OUTCOMES},
    )
