"""How long a channel waits between advances, month by month."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, days

FIGURE = Figure(
    "metrics.channel_delay",
    legend=(
        ("line", "median of the month"),
        ("band", "median to 95th percentile"),
        ("ring", "longest wait; pale: fewer than five waits"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the newest whole month against the longest wait ever."""
    seen = [row for row in data.rows if row["median_gap_days"] is not None]
    waits = sum(row["gaps"] for row in data.rows)
    if not seen:
        return Words(
            f"{scope.label} was never seen to wait between two advances",
            "Days between advances, by month",
            counted(waits, "wait"),
            f"No wait between advances of {scope.label} is known.",
        )
    newest = ([row for row in seen if row["is_whole"]] or seen)[-1]
    worst = max(seen, key=lambda row: row["longest_gap_days"])
    return Words(
        f"{scope.label}: {days(newest['median_gap_days'])} between advances in {newest['month_on']:%B %Y}; "
        f"the longest wait was {days(worst['longest_gap_days'])} ({worst['month_on']:%B %Y})",
        "Days between advances of the channel (log scale), by the month in which the wait ended",
        counted(waits, "wait"),
        f"Line of the median wait of {scope.label} by month, newest {days(newest['median_gap_days'])}, "
        f"longest single wait {days(worst['longest_gap_days'])}.",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Median line, band to the 95th percentile, hollow points for the longest wait."""
    least, greatest = data.extent("median_gap_days", "longest_gap_days")
    span = parts.duration_axis(parts.decade(least, up=False), parts.decade(greatest, up=True), None)
    base = alt.Chart(data.named).transform_filter("isValid(datum.median_gap_days)")
    x = parts.time_axis("month_on")
    pale = alt.condition("datum.is_few", alt.value(0.35), alt.value(1))
    tooltips = [
        parts.when("month_on", "month", "%B %Y"),
        alt.Tooltip("median_gap_days:Q", title="median days", format=".2f"),
        alt.Tooltip("p95_gap_days:Q", title="95th percentile", format=".2f"),
        alt.Tooltip("longest_gap_days:Q", title="longest", format=".2f"),
        alt.Tooltip("gaps:Q", title="waits (n)", format=","),
    ]
    band = base.mark_area(color=LIGHT["blue"], opacity=0.2).encode(
        x=x, y=alt.Y("median_gap_days:Q", **span), y2="p95_gap_days:Q"
    )
    line = base.mark_line(
        color=LIGHT["blue"], point=alt.OverlayMarkDef(filled=True, size=18, color=LIGHT["blue"])
    ).encode(x=x, y=alt.Y("median_gap_days:Q", **span))
    worst = base.mark_point(size=26, stroke=LIGHT["unknown"], strokeWidth=1.2, fill=LIGHT["ground"]).encode(
        x=x, y=alt.Y("longest_gap_days:Q", **span), opacity=pale, tooltip=tooltips
    )
    targets = parts.hover(base, tooltips).encode(x=x, y=alt.Y("median_gap_days:Q", **span))
    return (
        alt.layer(band, worst, line, targets)
        .add_params(parts.panel())
        .properties(width="container", height=240)
    )
