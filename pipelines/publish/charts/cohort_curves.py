"""Bursts beside each other: what share of each still fails after so many days."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, days

FIGURE = Figure(
    "metrics.cohort_curves",
    panel="system",
    legend=(
        ("band", "95 % interval (jobs taken for independent)"),
        ("pale", "older bursts"),
    ),
)
LEAST = 0.25
COLOURS = ("blue", "orange", "green", "pink", "amber")


def words(data: Data, scope: Scope) -> Words:
    """Finding: when half of the newest and of the oldest burst had left, on the first system."""
    heads = [row for row in data.rows if row["jobs"] is not None]
    system = heads[0]["system"]
    mine = sorted((row for row in heads if row["system"] == system), key=lambda row: row["rank"])
    known = [row for row in mine if row["median_days"] is not None and not row["is_series_start"]]
    spans = sorted(row["median_days"] for row in known)
    bursts = len({row["wave"] for row in heads if not row["is_series_start"]})
    start = " and the start of the series" if any(row["is_series_start"] for row in heads) else ""
    return Words(
        f"On {system} half of a burst was off the list after {days(spans[0])}"
        + (f" to {days(spans[-1])}" if len(spans) > 1 else "")
        if spans
        else f"On {system} less than half of every burst is off the list",
        "Share of the failures of each burst that still last, by days since its evaluation (log scale), Kaplan-Meier",
        f"{counted(sum(row['jobs'] for row in heads), 'episode')} of {counted(bursts, 'burst')}{start}",
        f"Falling curves of bursts in {scope.label}. Half had left: "
        + "; ".join(f"{row['began_on']} on {row['system']} {days(row['median_days'])}" for row in heads)
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """A step line a burst; the newest five have colour, band and name."""
    base = alt.Chart(data.named).transform_filter(parts.IN_FRONT)
    span = parts.duration_axis(LEAST, parts.decade(data.extent("days")[1], up=True), None)
    x, y = alt.X("days:Q", **span), parts.percent_axis("still_failing_ratio", [0, 1])
    lines = [f"line {place}" for place in range(1, len(COLOURS) + 1)]
    colour = alt.Color(
        "line:N", legend=None, scale=alt.Scale(domain=lines, range=[LIGHT[name] for name in COLOURS])
    )
    older = (
        base.transform_filter("datum.line === 'older'")
        .mark_line(color=LIGHT["pale"], strokeWidth=1, opacity=0.55, interpolate="step-after")
        .encode(x=x, y=y, detail="wave:N")
    )
    named = base.transform_filter("datum.line !== 'older'")
    band = named.mark_area(opacity=0.13, interpolate="step-after").encode(
        x=x,
        y=alt.Y("still_failing_ratio_low:Q", title=None),
        y2="still_failing_ratio_high:Q",
        color=colour,
        detail="wave:N",
    )
    line = named.mark_line(interpolate="step-after").encode(
        x=x,
        y=y,
        color=colour,
        detail="wave:N",
        strokeDash=alt.condition("datum.is_series_start", alt.value([4, 3]), alt.value([1, 0])),
    )
    at = {"x": alt.X("at:Q", **span), "y": alt.Y("label_ratio:Q", title=None), "text": "words:N"}
    names = named.transform_filter("isValid(datum.label_days)").transform_calculate(
        words="datum.is_series_start ? 'start' : datum.began_on",
        # a burst that left at once is named beside the axis
        at=f"max(datum.label_days, {LEAST})",
    )
    written = {"align": "left", "dx": 6, "dy": -3, "fontWeight": "bold"}
    halo = names.mark_text(**written, stroke=LIGHT["ground"], strokeWidth=3, opacity=0.85).encode(**at)
    label = names.mark_text(**written).encode(**at, color=colour)
    targets = parts.hover(
        base,
        [
            alt.Tooltip("began_on:N", title="burst of"),
            alt.Tooltip("days:Q", title="days", format=",.2f"),
            alt.Tooltip("still_failing_ratio:Q", title="still failing", format=".1%"),
            alt.Tooltip("still_failing_ratio_low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("still_failing_ratio_high:Q", title="to", format=".1%"),
            alt.Tooltip("at_risk:Q", title="observed so long (n)", format=","),
        ],
        size=40,
    ).encode(x=x, y=y)
    return (
        alt.layer(older, band, line, halo, label, targets)
        .add_params(parts.panel())
        .properties(width="container", height=210)
    )
