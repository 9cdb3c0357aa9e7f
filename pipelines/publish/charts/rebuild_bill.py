"""What rebuilds cost by month, split by what became of their content."""

import altair as alt

from pipelines.publish import palette, parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number, percent

FIGURE = Figure(
    "metrics.rebuild_bill",
    panel="system",
    legend=(
        ("orange", "same content: nothing had to be built"),
        ("pink", "references alone differ: nothing had to be compiled"),
        ("blue", "content changed"),
        ("hatch", "changed by itself, or no verdict"),
    ),
)
CLASSES = ("same content", "references alone differ", "content changed", "own change, or no verdict")


def words(data: Data, scope: Scope) -> Words:
    """Finding: share by cost of what kept its content, all months of the first system."""
    mine = [row for row in data.rows if row["system"] == data.rows[0]["system"]]
    rebuilds = sum(row["rebuilds"] for row in mine if row["class_rank"] == 1)
    compared = sum(row["with_verdict"] for row in mine if row["class_rank"] == 1)
    unknown = sum(row["unknown_cost"] for row in mine if row["class_rank"] == 1)
    measure = "declared build hours" if data.rows[0]["is_declared"] else "build hours"
    return Words(
        f"{percent(mine[0]['strict_ratio'], 0)} of the {number(compared)} rebuilds that were compared built the same "
        "content again",
        f"Rebuilds by month and by what became of their content, in {measure} (all attempts)",
        f"{counted(rebuilds, 'rebuild')}, {number(compared)} with a verdict; {number(unknown)} of unknown cost",
        f"Stacked bars of the cost of rebuilds of {scope.label} by month. "
        + "; ".join(
            f"{row['month_on']:%B %Y}, {row['class']}: {number(row['hours'], 1)} hours, "
            f"{counted(row['class_rebuilds'], 'rebuild')}"
            for row in mine[:24]
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Stacked bars, one a month, lying, so that few months look no odder than many."""
    fills = alt.Scale(
        domain=list(CLASSES), range=[LIGHT["orange"], LIGHT["pink"], LIGHT["blue"], palette.HATCH]
    )
    bars = (
        alt.Chart(data.named)
        .transform_filter(parts.IN_FRONT)
        .mark_bar(height={"band": 0.8})
        .encode(
            y=alt.Y(
                "month_on:T",
                timeUnit="utcyearmonth",
                type="ordinal",
                title=None,
                axis=alt.Axis(format="%b %Y"),
                sort="descending",
            ),
            x=alt.X("hours:Q", title="hours", stack="zero", axis=alt.Axis(grid=True, tickCount=5)),
            fill=alt.Fill("class:N", scale=fills, legend=None),
            order=alt.Order("class_rank:Q"),
            tooltip=[
                parts.when("month_on", "month", "%B %Y"),
                alt.Tooltip("class:N", title="content"),
                alt.Tooltip("hours:Q", title="hours", format=",.2f"),
                alt.Tooltip("class_rebuilds:Q", title="rebuilds", format=","),
                alt.Tooltip("rebuilds:Q", title="of all (n)", format=","),
                alt.Tooltip("unknown_cost:Q", title="of unknown cost", format=","),
            ],
        )
    )
    return bars.add_params(parts.panel()).properties(width="container", height=alt.Step(26))
