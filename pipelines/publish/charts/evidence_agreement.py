"""Precision and recall of each kind of evidence, a panel for each truth."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, percent

FIGURE = Figure(
    "metrics.evidence_agreement",
    panel="against",
    legend=(
        ("blue", "precision: of those called needless, the share that is"),
        ("orange", "recall: of those that are, the share called so"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: precision and recall of the evidence from roles."""
    by = {(row["truth"], row["evidence"], row["measure"]): row for row in data.rows}
    precision, recall = (by.get(("strict", "structural", measure)) for measure in ("precision", "recall"))
    first = data.rows[0]
    return Words(
        f"Roles are right in {percent(precision['ratio'], 0)} of rebuilds that they call needless, "
        f"and find {percent(recall['ratio'], 0)} of all"
        if precision and recall
        else "How weaker evidence agrees with contents",
        "Precision and recall of evidence from roles, and from sizes and references, with 95 % intervals "
        "(evaluations as clusters)",
        f"{counted(first['compared'], 'rebuild')} in {counted(first['evaluations'], 'evaluation')}",
        f"Precision and recall of evidence in {scope.label}. "
        + "; ".join(
            f"{row['called_by']}, {row['measure']} against {row['truth']}: {percent(row['ratio'], 0)}"
            for row in data.rows
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Two dots with intervals a kind of evidence."""
    mine = alt.Chart(data.named).transform_filter("datum.against === panel && isValid(datum.ratio)")
    span = {
        "title": None,
        "scale": alt.Scale(domain=[0, 1], nice=False),
        "axis": alt.Axis(labelExpr="format(datum.value * 100, '~r') + ' %'", tickCount=5, grid=True),
    }
    y = alt.Y("called_by:N", title=None, sort=alt.SortField("place"), axis=alt.Axis(labelLimit=180))
    measures = ["precision", "recall"]
    offset = alt.YOffset("measure:N", scale=alt.Scale(domain=measures, padding=0.3))
    colour = alt.Color(
        "measure:N",
        legend=None,
        scale=alt.Scale(domain=measures, range=[LIGHT["blue"], LIGHT["orange"]]),
    )
    shape = alt.Shape("measure:N", legend=None, scale=alt.Scale(domain=measures, range=["circle", "diamond"]))
    rule = mine.mark_rule(strokeWidth=2).encode(
        x=alt.X("ratio_low:Q", **span), x2="ratio_high:Q", y=y, yOffset=offset, color=colour
    )
    dot = mine.mark_point(filled=True, size=60, opacity=1).encode(
        x=alt.X("ratio:Q", **span),
        y=y,
        yOffset=offset,
        color=colour,
        shape=shape,
        tooltip=[
            alt.Tooltip("called_by:N", title="called needless by"),
            alt.Tooltip("measure:N", title="measure"),
            alt.Tooltip("ratio:Q", title="share", format=".1%"),
            alt.Tooltip("ratio_low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("ratio_high:Q", title="to", format=".1%"),
            alt.Tooltip("weighted_ratio:Q", title="by declared seconds", format=".1%"),
            alt.Tooltip("n:Q", title="of (n)", format=","),
        ],
    )
    return alt.layer(rule, dot).add_params(parts.panel()).properties(width="container", height=210)
