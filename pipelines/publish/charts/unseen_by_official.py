"""Failures that only another CI sees, over its evaluations: filled at equal revision, hollow beside an older one."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, day, number

FIGURE = Figure(
    "metrics.unseen_by_official",
    panel="system",
    legend=(
        ("blue", "compared at the same commit"),
        ("ring", "compared with an official evaluation up to 7 days older"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the unseen failures of the newest evaluation of the first system, and how the two were compared."""
    newest = [row for row in data.rows if row["is_newest"]]
    first = newest[0]
    beside = "at the same commit" if first["match"] == "exact" else "beside an older evaluation"
    return Words(
        (
            f"hydra.nixos.org does not see {counted(first['unseen_failing_jobs'], 'failure', 'failures')} "
            if first["unseen_failing_jobs"]
            else "No failure is known that hydra.nixos.org does not see "
        )
        + f"on {first['system']} on {day(first['evaluation_at'])}",
        "Failing jobs that succeed officially or are not built there, by evaluation",
        f"{number(len(data.rows))}; of the newest, {number(first['compared_jobs'])} of {number(first['jobs'])} jobs "
        "are known on both sides",
        f"Points of the failures of {scope.label} that hydra.nixos.org does not see. Newest, {beside}: "
        + "; ".join(
            f"{row['system']} {number(row['unseen_failing_jobs'])}, a channel advanced over "
            f"{number(row['advanced_over_jobs'])}"
            for row in newest
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Points, those compared at the same commit in front."""
    mine = alt.Chart(data.named).transform_filter(parts.IN_FRONT)
    x = parts.time_axis("evaluation_at")
    y = alt.Y(
        "unseen_failing_jobs:Q",
        title=None,
        scale=alt.Scale(domain=[0, max(4, *data.values("unseen_failing_jobs"))], nice=True),
        axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"),
    )
    exact = (
        mine.transform_filter("datum.match === 'exact'")
        .mark_point(size=30, filled=True, color=LIGHT["blue"], opacity=1)
        .encode(x=x, y=y)
    )
    nearest = (
        mine.transform_filter("datum.match === 'nearest'")
        .mark_point(size=26, stroke=LIGHT["unknown"], strokeWidth=1.2, fill=LIGHT["ground"])
        .encode(x=x, y=y)
    )
    targets = parts.hover(
        mine,
        [
            parts.when("evaluation_at", "evaluated"),
            alt.Tooltip("evaluation_id:N", title="evaluation"),
            alt.Tooltip("official_evaluation_id:N", title="official evaluation"),
            alt.Tooltip("match:N", title="match"),
            alt.Tooltip("unseen_failing_jobs:Q", title="only seen here", format=","),
            alt.Tooltip("advanced_over_jobs:Q", title="a channel advanced over", format=","),
            alt.Tooltip("channel_unknown_jobs:Q", title="of channels unknown", format=","),
            alt.Tooltip("compared_jobs:Q", title="known on both sides", format=","),
        ],
    ).encode(x=x, y=y)
    return (
        alt.layer(nearest, exact, targets).add_params(parts.panel()).properties(width="container", height=150)
    )
