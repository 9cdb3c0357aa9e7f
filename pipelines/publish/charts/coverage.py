"""What was seen: evaluations a month, complete ones apart from those that cannot be counted on."""

from datetime import date

import altair as alt

from pipelines.publish import palette, parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

FIGURE = Figure(
    "metrics.coverage",
    panel="system",
    legend=(
        ("blue", "complete"),
        ("sky", "complete so far: later evaluations may revise it"),
        ("hatch", "incomplete: not counted"),
    ),
)
VERDICTS = ("complete", "complete so far", "incomplete")


def words(data: Data, scope: Scope) -> Words:
    """Finding: how many lists are incomplete."""
    total = sum(row["evaluations"] for row in data.rows)
    missing = sum(row["evaluations"] for row in data.rows if row["verdict"] == "incomplete")
    systems = list(dict.fromkeys(row["system"] for row in data.rows))
    return Words(
        f"{number(missing)} of {number(total)} answers of {scope.label} are incomplete and left out of every figure",
        "Evaluations a month by system and by whether the source's answer was complete",
        counted(total, "answer") + " (an evaluation on one system)",
        f"Bars of evaluations a month of {scope.label}. Incomplete: "
        + "; ".join(
            f"{system} "
            + number(
                sum(
                    row["evaluations"]
                    for row in data.rows
                    if row["system"] == system and row["verdict"] == "incomplete"
                )
            )
            for system in systems
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Stacked bars by month."""
    mine = alt.Chart(data.named).transform_filter(parts.IN_FRONT)
    fills = alt.Scale(domain=list(VERDICTS), range=[LIGHT["blue"], LIGHT["sky"], palette.HATCH])
    first, last = data.extent("month_on", "next_month_on")
    bars = mine.mark_rect(stroke=LIGHT["ground"], strokeWidth=0.6).encode(
        x=alt.X(
            "month_on:T",
            title=None,
            axis=parts.month_ticks(),
            scale=alt.Scale(type="utc", domain=[_month(first), _month(last)]),
        ),
        x2="next_month_on:T",
        y=alt.Y(
            "bar_from:Q",
            title=None,
            scale=alt.Scale(domain=[0, data.extent("bar_to")[1]], nice=True),
            axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"),
        ),
        y2="bar_to:Q",
        fill=alt.Fill("verdict:N", scale=fills, legend=None),
        tooltip=[
            parts.when("month_on", "month", "%B %Y"),
            alt.Tooltip("verdict:N", title="verdict"),
            alt.Tooltip("evaluations:Q", title="evaluations", format=","),
        ],
    )
    return bars.add_params(parts.panel()).properties(width="container", height=130)


def _month(month_on: date) -> alt.DateTime:
    return alt.DateTime(year=month_on.year, month=month_on.month, date=1, utc=True)
