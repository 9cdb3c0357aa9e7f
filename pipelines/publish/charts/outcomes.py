"""How failures end: cumulative shares by outcome, stacked; what nobody can tell is hatched."""

import altair as alt

from pipelines.publish import palette, parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, percent

FIGURE = Figure(
    "metrics.time_to_fix_curve",
    panel="system",
    legend=(
        ("green", "fixed (a success was seen)"),
        ("pink", "marked broken"),
        ("amber", "removed"),
        ("hatch", "off the list of failures, unknown how"),
    ),
)
OUTCOMES = ("fixed", "marked broken", "removed", "off the list")
LEAST = 0.25


def words(data: Data, scope: Scope) -> Words:
    """Finding: how much is known about the ends on the first system."""
    ends = {(row["system"], row["outcome"]): row for row in data.rows if row["ratio"] is not None}
    systems = list(dict.fromkeys(row["system"] for row in data.rows))
    said = {
        system: ", ".join(
            f"{percent(ends[system, name]['ratio'], 0)} {name}" for name in OUTCOMES if (system, name) in ends
        )
        for system in systems
    }
    episodes = {row["system"]: row["episodes"] for row in data.rows}
    fixed, cleared = ends.get((systems[0], "fixed")), ends.get((systems[0], "off the list"))
    title = (
        f"On {systems[0]}, {percent(fixed['ratio'], 0)} of failures are known to have been fixed; "
        f"{percent(cleared['ratio'], 0)} left the list and nobody can tell how"
        if fixed and cleared
        else f"How failures of {scope.label} ended"
    )
    return Words(
        title,
        "Share of failure episodes that had ended, by outcome and days since they began (log scale), Aalen-Johansen; "
        "the white rest still fails",
        counted(sum(episodes.values()), "episode"),
        f"Stacked areas of how failures of {scope.label} ended. At the longest duration observed: "
        + "; ".join(f"{system}: {text}" for system, text in said.items())
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Stacked steps."""
    base = alt.Chart(data.named).transform_filter(f"{parts.IN_FRONT} && isValid(datum.ratio)")
    span = parts.duration_axis(LEAST, parts.decade(data.extent("days")[1], up=True), None)
    y = parts.percent_axis("ratio", [0, 1])
    fills = alt.Scale(
        domain=list(OUTCOMES), range=[LIGHT["green"], LIGHT["pink"], LIGHT["amber"], palette.HATCH]
    )
    area = base.mark_area(interpolate="step-after").encode(
        x=alt.X("days:Q", **span),
        y=y.stack("zero"),
        fill=alt.Fill("outcome:N", scale=fills, legend=None),
        order="outcome_order:Q",
    )
    targets = parts.hover(
        base,
        [
            alt.Tooltip("days:Q", title="by day", format=",.2f"),
            alt.Tooltip("outcome:N", title="outcome"),
            alt.Tooltip("ratio:Q", title="share", format=".1%"),
            alt.Tooltip("episodes:Q", title="episodes (n)", format=","),
        ],
        size=30,
    ).encode(x=alt.X("days:Q", **span), y=y.stack("zero"), order="outcome_order:Q")
    return alt.layer(area, targets).add_params(parts.panel()).properties(width="container", height=170)
