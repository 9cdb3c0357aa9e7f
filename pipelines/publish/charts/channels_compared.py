"""The channels that move, side by side: median, 95th percentile and longest wait."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, days

FIGURE = Figure(
    "metrics.channel_delay",
    legend=(("dot", "median"), ("line", "median to 95th percentile"), ("ring", "longest")),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the shortest and the longest median."""
    first, last = data.rows[0], data.rows[-1]
    return Words(
        f"{first['channel']} advances every {days(first['median_gap_days'])} in the median, "
        f"{last['channel']} every {days(last['median_gap_days'])}",
        "Days between advances (log scale), channels that moved within 90 days of the source's newest answer",
        counted(sum(row["gaps"] for row in data.rows), "wait"),
        "Dots of the median wait by channel. "
        + "; ".join(
            f"{row['channel']}: {days(row['median_gap_days'])}, longest {days(row['longest_gap_days'])}"
            for row in data.rows
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Dots on lines, one row a channel."""
    least, greatest = data.extent("median_gap_days", "longest_gap_days")
    span = parts.duration_axis(parts.decade(least, up=False), parts.decade(greatest, up=True), None)
    base = alt.Chart(data.named)
    y = alt.Y("channel:N", title=None, sort=None)
    x = alt.X("median_gap_days:Q", **span)
    tooltips = [
        alt.Tooltip("channel:N", title="channel"),
        alt.Tooltip("median_gap_days:Q", title="median days", format=".2f"),
        alt.Tooltip("p95_gap_days:Q", title="95th percentile", format=".2f"),
        alt.Tooltip("longest_gap_days:Q", title="longest", format=".2f"),
        alt.Tooltip("gaps:Q", title="waits (n)", format=","),
    ]
    line = base.mark_rule(color=LIGHT["blue"], strokeWidth=2.5).encode(x=x, x2="p95_gap_days:Q", y=y)
    dot = base.mark_point(filled=True, size=65, opacity=1, color=LIGHT["blue"]).encode(
        x=x, y=y, tooltip=tooltips
    )
    worst = base.mark_point(size=30, stroke=LIGHT["unknown"], strokeWidth=1.3, fill=LIGHT["ground"]).encode(
        x=alt.X("longest_gap_days:Q", **span), y=y, tooltip=tooltips
    )
    return (
        alt.layer(line, worst, dot)
        .add_params(parts.panel())
        .properties(width="container", height=alt.Step(22))
    )
