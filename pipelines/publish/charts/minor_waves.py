"""Builds of each minor wave, level by level, five of them named."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

FIGURE = Figure(
    "metrics.minor_waves",
    legend=(("line", "builds of the wave of each level; named are the first, the quarters and the last"),),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the first wave against the one at half."""
    first, middle, last = data.rows[0], data.rows[len(data.rows) // 2], data.rows[-1]
    return Words(
        f"The first of {counted(len(data.rows), 'minor wave')} builds {number(first['builds'])} of "
        f"{counted(first['packages'], 'package')}; at half it is {number(middle['builds'])}, "
        f"in the last {number(last['builds'])}",
        "Packages built by the minor wave of each level: those on it and all that need one of them"
        + (" (log scale)" if parts.spans_decades([row["builds"] for row in data.rows]) else ""),
        counted(first["packages"], "package"),
        f"A falling line of builds by level of {scope.label}. "
        + "; ".join(f"level {row['level']}: {number(row['builds'])}" for row in data.rows if row["is_named"])
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Steps by level, with the named ones as points and figures."""
    base = alt.Chart(data.named)
    x = alt.X("level:Q", title="level", axis=alt.Axis(tickMinStep=1, format="d", tickCount=8))
    y = parts.count_axis("builds", [row["builds"] for row in data.rows])
    area = base.mark_area(interpolate="step", color=LIGHT["blue"], opacity=0.2, line=False).encode(x=x, y=y)
    line = base.mark_line(interpolate="step", color=LIGHT["blue"]).encode(x=x, y=y)
    named = base.transform_filter("datum.is_named")
    points = named.mark_point(filled=True, size=40, color=LIGHT["blue"], opacity=1).encode(x=x, y=y)
    figures = named.mark_text(align="left", dx=6, dy=-7, color=LIGHT["ink"]).encode(
        x=x, y=y, text=alt.Text("builds:Q", format=",")
    )
    targets = parts.hover(
        base,
        [
            alt.Tooltip("minor_wave:Q", title="minor wave", format="d"),
            alt.Tooltip("level:Q", title="level", format="d"),
            alt.Tooltip("roots:Q", title="packages on it", format=","),
            alt.Tooltip("builds:Q", title="builds", format=","),
            alt.Tooltip("heaviest_attr:N", title="most needed of them"),
            alt.Tooltip("heaviest_builds:Q", title="which alone builds", format=","),
        ],
    ).encode(x=x, y=y)
    return (
        alt.layer(area, line, points, figures, targets)
        .add_params(parts.panel())
        .properties(width="container", height=230)
    )
