"""Share of derived rebuilds with equal content, by how much is blanked: three steps, and the test beside them."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

FIGURE = Figure(
    "metrics.content_ladder",
    legend=(
        ("blue", "each step holds the one above, 95 % interval"),
        ("orange", "no step: the test for a false positive in the strict sense"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: what a cache's own hashes show against the last step."""
    by = {row["strength"]: row for row in data.rows}
    least, most = data.rows[0], by.get("names_keyed", data.rows[-1])
    return Words(
        f"Archives of {number(least['equal'])} of {number(least['compared'])} rebuilds are the same; "
        f"with the names of inputs blanked, {number(most['equal'])}",
        "Share of derived rebuilds whose outputs equal those of the last success, by what is blanked before",
        f"{counted(least['compared'], 'rebuild')} in {counted(least['evaluations'], 'evaluation')}",
        f"Shares of equal rebuilds of {scope.label}. "
        + "; ".join(
            f"{row['compared_by']}: {number(row['equal'])} of {number(row['compared'])}" for row in data.rows
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Bars with their interval."""
    base = alt.Chart(data.named)
    span = {
        "title": None,
        "scale": alt.Scale(domain=[0, 1], nice=False),
        "axis": alt.Axis(labelExpr="format(datum.value * 100, '~r') + ' %'", tickCount=5, grid=True),
    }
    y = alt.Y("compared_by:N", title=None, sort=alt.SortField("place"), axis=alt.Axis(labelLimit=180))
    bar = base.mark_bar(height={"band": 0.6}).encode(
        x=alt.X("equal_ratio:Q", **span),
        y=y,
        color=alt.condition("datum.is_step", alt.value(LIGHT["blue"]), alt.value(LIGHT["orange"])),
        tooltip=[
            alt.Tooltip("compared_by:N", title="compared by"),
            alt.Tooltip("equal:Q", title="equal", format=","),
            alt.Tooltip("compared:Q", title="compared (n)", format=","),
            alt.Tooltip("equal_ratio:Q", title="share", format=".1%"),
            alt.Tooltip("equal_ratio_low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("equal_ratio_high:Q", title="to", format=".1%"),
        ],
    )
    rule = base.mark_rule(color=LIGHT["ink"], strokeWidth=1.5).encode(
        x=alt.X("equal_ratio_low:Q", **span), x2="equal_ratio_high:Q", y=y
    )
    return alt.layer(bar, rule).add_params(parts.panel()).properties(width="container", height=alt.Step(30))
