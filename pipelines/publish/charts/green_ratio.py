"""Green ratio over time: one panel a system, the others pale behind it."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, day, number, percent

FIGURE = Figure(
    "metrics.green_ratio",
    panel="system",
    legend=(
        ("pale", "other systems"),
        ("hatch", "unknown: no complete evaluation for 30 days"),
        ("burst", "lower than the axis shows"),
    ),
)
HEIGHT = 170


def words(data: Data, scope: Scope) -> Words:
    """Finding: the newest ratio of the first system."""
    seen = [row for row in data.rows if row["green_ratio"] is not None]
    first = [row for row in seen if row["system"] == seen[0]["system"]][-1]
    unit = f"{first['unit']}s"
    start = parts.floor_ratio(data.values("green_ratio"))
    cut = f"; axis from {start * 100:.0f} %, triangles mark lower values" if start else ""
    newest = {row["system"]: row for row in seen}
    return Words(
        f"{percent(first['green_ratio'])} of decided {unit} were green on {first['system']} "
        f"on {day(first['evaluation_at'])}",
        f"Green ratio: share of decided {unit} (green and red) that were green, "
        f"last complete evaluation of each week{cut}",
        f"{counted(sum(row['evaluations'] for row in newest.values()), 'complete answer')} "
        "(an evaluation on one system), "
        f"{number(len(seen))} shown",
        f"Line charts of the green ratio of {scope.label} by system. Newest values: "
        + "; ".join(
            f"{name} {percent(row['green_ratio'])} on {day(row['evaluation_at'])}"
            for name, row in newest.items()
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Lines over time."""
    base = alt.Chart(data.named)
    x = parts.time_axis("evaluation_at")
    start = parts.floor_ratio(data.values("green_ratio"))
    y = parts.percent_axis("green_ratio", [start, 1])
    mine = base.transform_filter(parts.IN_FRONT)
    others = (
        base.transform_filter(parts.BEHIND)
        .mark_line(color=LIGHT["pale"], strokeWidth=1, opacity=0.55, clip=True)
        .encode(x=x, y=y, detail="system:N")
    )
    line = mine.mark_line(clip=True).encode(x=x, y=y, color=parts.colour(data))
    tooltips = [
        parts.when("evaluation_at", "evaluated"),
        alt.Tooltip("evaluation_id:N", title="evaluation"),
        alt.Tooltip("green_ratio:Q", title="green ratio", format=".3%"),
        alt.Tooltip("green_jobs:Q", title="green", format=","),
        alt.Tooltip("decided_jobs:Q", title="decided (n)", format=","),
    ]
    seen = mine.transform_filter(f"isValid(datum.green_ratio) && datum.green_ratio >= {start}")
    targets = parts.hover(seen, tooltips).encode(x=x, y=y)
    low = (
        mine.transform_filter(f"isValid(datum.green_ratio) && datum.green_ratio < {start}")
        .mark_point(shape="triangle-down", filled=True, size=40, color=LIGHT["ink"], opacity=1)
        .encode(x=x, y=alt.value(HEIGHT - 5), tooltip=tooltips)
    )
    return (
        alt.layer(parts.unknown_spans(data), others, line, targets, low)
        .add_params(parts.panel())
        .properties(width="container", height=HEIGHT)
    )
