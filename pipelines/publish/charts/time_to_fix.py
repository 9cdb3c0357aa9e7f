"""Medians side by side: one panel a jobset, one row a system, with the honest interval and the plain one."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import bare_days, counted, days

FIGURE = Figure(
    "metrics.time_to_fix",
    panel="jobset",
    legend=(
        ("dot", "median"),
        ("line", "95 % interval, whole evaluations resampled"),
        ("amber", "plain 95 % interval, below: too narrow, since failures come in bursts"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the longest and the shortest median."""
    slow = max(data.rows, key=lambda row: row["median_days"])
    fast = min(data.rows, key=lambda row: row["median_days"])
    return Words(
        f"Half of the failures end within {days(fast['median_days'])} ({fast['jobset']}, {fast['system']}) "
        f"to {days(slow['median_days'])} ({slow['jobset']}, {slow['system']})",
        "Median days from the first failing evaluation to the end of the failure (log scale), Kaplan-Meier",
        counted(sum(row["n"] for row in data.rows), "episode"),
        "Dots with intervals. "
        + "; ".join(
            f"{row['jobset']} on {row['system']}: {days(row['median_days'])} "
            f"(95 %: {bare_days(row['median_days_low'])} to {bare_days(row['median_days_high'])})"
            for row in data.rows
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Dots on lines."""
    least, greatest = data.extent("median_days", "median_days_low", "median_days_high")
    span = parts.duration_axis(parts.decade(least, up=False), parts.decade(greatest, up=True), None)
    mine = alt.Chart(data.named).transform_filter("datum.jobset === panel")
    y = alt.Y("system:N", title=None, sort=None, axis=alt.Axis(labelFontWeight="bold"))
    wide = mine.mark_rule(strokeWidth=3, strokeCap="round").encode(
        x=alt.X("median_days_low:Q", **span), x2="median_days_high:Q", y=y, color=parts.colour(data)
    )
    plain = mine.mark_rule(strokeWidth=3, color=LIGHT["amber"], yOffset=7).encode(
        x=alt.X("median_days_greenwood_low:Q", **span), x2="median_days_greenwood_high:Q", y=y
    )
    x = alt.X("median_days:Q", **span)
    dot = mine.mark_point(filled=True, size=75, opacity=1, stroke=LIGHT["ground"], strokeWidth=1).encode(
        x=x,
        y=y,
        color=parts.colour(data),
        tooltip=[
            alt.Tooltip("system:N", title="system"),
            alt.Tooltip("median_days:Q", title="median days", format=".2f"),
            alt.Tooltip("median_days_low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("median_days_high:Q", title="to", format=".2f"),
            alt.Tooltip("n:Q", title="episodes (n)", format=","),
            alt.Tooltip("resolution_days:Q", title="resolution in days", format=".2f"),
        ],
    )
    label = (
        mine.transform_calculate(words="format(datum.median_days, '.3~r') + ' days'")
        .mark_text(dy=-11)
        .encode(x=x, y=y, text="words:N")
    )
    return (
        alt.layer(plain, wide, dot, label)
        .add_params(parts.panel())
        .properties(width="container", height=alt.Step(38))
    )
