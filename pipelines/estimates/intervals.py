"""From the rows of `core.time_to_fix_bootstrap`'s select to its intervals: tables in, tables out."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipelines.estimates.bootstrap import (
    DRAWS,
    Floats,
    Question,
    Sample,
    answer,
    draw_weights,
    interval,
    seed,
)

GROUP = ("source", "jobset", "system", "kind")
OUTCOMES = ("fixed", "cleared", "removed", "marked_broken")
DAY = 86_400
QUANTILES = {"first_quartile_days": 0.75, "median_days": 0.5, "third_quartile_days": 0.25}
"""Survival at which each is read: a quarter of the episodes has ended when three quarters last."""
HORIZONS = (1, 7, 30, 90)
OUTCOME_HORIZONS = (30, 90)
RESTRICTED_MEAN_DAYS = 90
DECIMALS = 10
"""More than any figure means, few enough that the order of additions inside numpy never shows."""

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in (*GROUP, "measure")),
        ("at_seconds", pa.int64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)

Row = tuple[str, int | None, float, float]
"""Measure, seconds by which, and the two ends."""


def cluster_bootstrap(rows: pa.Table, draws: int = DRAWS) -> pa.Table:
    """Intervals of every group, whatever the order of `rows`. Groups with one cluster have none."""
    order = (*GROUP, "duration_seconds", "broken_evaluation_id")
    rows = rows.sort_by([(name, "ascending") for name in order])
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for name, group in _groups(rows):
        for measure, at_seconds, low, high in _intervals(name, group, draws):
            values = (*name, measure, at_seconds, _finite(low), _finite(high))
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return pa.table(columns, schema=SCHEMA)


def _groups(rows: pa.Table) -> Iterator[tuple[tuple[str, ...], pa.Table]]:
    """Runs of equal group names in sorted rows."""
    names = list(zip(*(rows[name].to_pylist() for name in GROUP), strict=True))
    first = 0
    for index in range(1, len(names) + 1):
        if index == len(names) or names[index] != names[first]:
            yield names[first], rows.slice(first, index - first)
            first = index


def _intervals(name: tuple[str, ...], group: pa.Table, draws: int) -> Iterator[Row]:
    sample = _sample(group)
    if sample.clusters < 2:
        return
    shown = sample.seconds[group["is_on_curve"].to_numpy()]
    question = Question(
        quantiles=tuple(QUANTILES.values()),
        until=RESTRICTED_MEAN_DAYS * DAY,
        grid=np.union1d(shown, [0, *(days * DAY for days in HORIZONS)]),
        outcome_grid=tuple(days * DAY for days in OUTCOME_HORIZONS),
    )
    # Kinds share their seed: where all episodes are of one kind, its intervals are those of `all`.
    weights = draw_weights(sample.clusters, draws, seed(*name[: GROUP.index("kind")]))
    result = answer(sample, weights, question)
    for measure, column in zip(QUANTILES, (result.quantiles / DAY).T, strict=True):
        low, high = interval(column)
        yield measure, None, float(low), float(high)
    ((low,), (high,)) = _ends(result.restricted_mean[:, None] / DAY)
    yield "restricted_mean_days", None, low, high
    for at_seconds, low, high in zip(question.grid.tolist(), *_ends(result.ended), strict=True):
        yield "ended", at_seconds, low, high
    for outcome, shares in result.outcomes.items():
        for at_seconds, low, high in zip(question.outcome_grid, *_ends(shares), strict=True):
            yield outcome, at_seconds, low, high


def _sample(group: pa.Table) -> Sample:
    """Clusters are numbered by their sorted names, so that a seed always picks the same ones."""
    identifiers = group["broken_evaluation_id"]
    ranks = {value: rank for rank, value in enumerate(sorted(identifiers.unique().to_pylist()))}
    return Sample(
        seconds=group["duration_seconds"].to_numpy(),
        cluster=np.array([ranks[value] for value in identifiers.to_pylist()], dtype=np.int64),
        episodes=group["episodes"].to_numpy(),
        ended=group["ended"].to_numpy(),
        outcomes={outcome: group[outcome].to_numpy() for outcome in OUTCOMES},
    )


def _ends(draws: Floats) -> tuple[list[float], list[float]]:
    low, high = interval(draws)
    return np.round(low, DECIMALS).tolist(), np.round(high, DECIMALS).tolist()


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
