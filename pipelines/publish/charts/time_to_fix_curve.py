"""Survival of failures: what share still lasts after so many days."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import bare_days, counted, days, number

FIGURE = Figure(
    "metrics.time_to_fix_curve",
    panel="system",
    legend=(
        ("band", "95 % interval (whole evaluations resampled)"),
        ("pale", "other systems"),
        ("dot", "median"),
    ),
)
LEAST = 0.25


def words(data: Data, scope: Scope) -> Words:
    """Finding: the median of the first system with its interval."""
    heads = {row["system"]: row for row in data.rows if row["episodes"] is not None}
    system, head = next(iter(heads.items()))
    half = (
        f"Half of the failures on {system} were off the list within {days(head['median_days'])} "
        f"(95 %: {bare_days(head['median_days_low'])} to {bare_days(head['median_days_high'])})"
        if head["median_days"] is not None
        else f"Fewer than half of the failures on {system} have ended so far"
    )
    return Words(
        half,
        "Share of failure episodes not yet ended, by days since the first failing evaluation (log scale), Kaplan-Meier",
        f"{counted(sum(row['episodes'] for row in heads.values()), 'episode')}, of which "
        f"{number(sum(row['open_episodes'] for row in heads.values()))} still open",
        f"Falling curves of the share of failures of {scope.label} that last. Medians: "
        + "; ".join(f"{name} {days(row['median_days'])}" for name, row in heads.items())
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Steps with a band, the median marked and labelled."""
    base = alt.Chart(data.named)
    span = parts.duration_axis(LEAST, parts.decade(data.extent("days")[1], up=True), None)
    x = alt.X("days:Q", **span)
    y = parts.percent_axis("survival_ratio", [0, 1])
    mine = base.transform_filter(parts.IN_FRONT)
    others = (
        parts.pale_line(base.transform_filter(parts.BEHIND))
        .mark_line(color=LIGHT["pale"], strokeWidth=1, opacity=0.55, interpolate="step-after")
        .encode(x=x, y=y, detail="system:N")
    )
    band = mine.mark_area(opacity=0.22, interpolate="step-after").encode(
        x=x, y=alt.Y("survival_ratio_low:Q", title=None), y2="survival_ratio_high:Q", color=parts.colour(data)
    )
    line = mine.mark_line(interpolate="step-after").encode(x=x, y=y, color=parts.colour(data))
    half = mine.transform_filter("isValid(datum.median_days)")
    at_median = {"x": alt.X("median_days:Q", **span), "y": alt.datum(0.5, type="quantitative")}
    dot = half.mark_point(filled=True, size=60, opacity=1).encode(**at_median, color=parts.colour(data))
    label = (
        half.transform_calculate(words="'half by ' + format(datum.median_days, '.3~r') + ' days'")
        .mark_text(align="left", dx=9, dy=-8, fontWeight="bold")
        .encode(**at_median, text="words:N")
    )
    targets = parts.hover(
        mine,
        [
            alt.Tooltip("days:Q", title="days", format=",.2f"),
            alt.Tooltip("survival_ratio:Q", title="still failing", format=".1%"),
            alt.Tooltip("survival_ratio_low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("survival_ratio_high:Q", title="to", format=".1%"),
            alt.Tooltip("at_risk:Q", title="observed so long (n)", format=","),
        ],
        size=40,
    ).encode(x=x, y=y)
    return (
        alt.layer(others, band, line, dot, label, targets)
        .add_params(parts.panel())
        .properties(width="container", height=190)
    )
