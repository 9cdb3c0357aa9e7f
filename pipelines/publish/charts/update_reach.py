"""Attributes that updates of a few packages reach, by four kinds of edges that are followed."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

FIGURE = Figure(
    "core.update_reach",
    legend=(
        ("axis", "its derivation changes"),
        ("blue", "is built again"),
        ("green", "without inputs recorded as for tests"),
        ("orange", "and without test tools by name (a guess)"),
    ),
)
WAYS = (
    "derivation changes",
    "is built again",
    "not only for recorded tests",
    "not only for test tools by name",
)
COLOURS = ("axis", "blue", "green", "orange")
SHAPES = ("square", "circle", "diamond", "triangle-up")


def words(data: Data, scope: Scope) -> Words:
    """Finding: the package of which tests make up most of what is built again."""
    by = {(row["package"], row["place"]): row["attributes"] for row in data.rows}
    names = list(dict.fromkeys(row["package"] for row in data.rows))
    widest = max(names, key=lambda name: (by[name, 2] - by[name, 4], name))
    return Words(
        f"An update of {widest} builds {counted(by[widest, 2], 'attribute')} again; without test tools it would be "
        f"{number(by[widest, 4])}",
        "Attributes that an update of a package reaches, by the edges that are followed (log scale)",
        f"{counted(data.rows[0]['attrs'], 'attribute')}, {counted(len(names), 'package')} chosen by hand",
        f"Dots by package in {scope.label}. "
        + "; ".join(
            f"{name}: derivation changes {number(by[name, 1])}, is built again {number(by[name, 2])}, without recorded "
            f"tests {number(by[name, 3])}, without test tools by name {number(by[name, 4])}"
            for name in names
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """A line from the least to the most, and a mark for each way; where they are equal the last lies on top."""
    base = alt.Chart(data.named)
    greatest = max(data.values("attributes"))
    x = alt.X(
        "attributes:Q",
        title="attributes",
        scale=alt.Scale(type="symlog", constant=1, domain=[0, greatest]),
        axis=alt.Axis(values=[0, 1, 10, 100, 1000, 10_000], format=",d", grid=True),
    )
    y = alt.Y("package:N", title=None, sort=alt.SortField("package_place"))
    span = base.mark_line(color=LIGHT["rule"], strokeWidth=3).encode(x=x, y=y, detail="package:N")
    dots = base.mark_point(filled=True, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color(
            "way:N",
            legend=None,
            scale=alt.Scale(domain=list(WAYS), range=[LIGHT[name] for name in COLOURS]),
        ),
        shape=alt.Shape("way:N", legend=None, scale=alt.Scale(domain=list(WAYS), range=list(SHAPES))),
        size=alt.Size("way:N", legend=None, scale=alt.Scale(domain=list(WAYS), range=[150, 100, 60, 40])),
        tooltip=[
            alt.Tooltip("package:N", title="update of"),
            alt.Tooltip("way:N", title="attributes"),
            alt.Tooltip("attributes:Q", title="reached", format=","),
            alt.Tooltip("attrs:Q", title="of all (n)", format=","),
        ],
    )
    return alt.layer(span, dots).add_params(parts.panel()).properties(width="container", height=alt.Step(26))
