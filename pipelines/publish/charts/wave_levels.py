"""Packages of a declared wave by level of the graph, stacked by state, one panel a system."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.charts.wave_states import LEGEND, fill, folded
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.text import counted, number

FIGURE = Figure("metrics.wave_levels", panel="panel_name", legend=LEGEND)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the lowest level with something open, and the package that holds back most."""
    total = sum(row["packages"] for row in data.rows)
    waiting = [row for row in data.rows if row["open_packages"]]
    failing = [row for row in data.rows if row["worst_attr"] is not None]
    worst = max(failing, key=lambda row: (row["worst_held_packages"], row["worst_attr"]), default=None)
    lowest = min((row["level"] for row in waiting), default=None)
    if lowest is None:
        title = "No level has an open package"
    elif worst is None or not worst["worst_held_packages"]:
        title = f"The lowest level with an open package is {lowest}"
    else:
        title = (
            f"{worst['worst_attr']} on level {worst['level']} holds back "
            f"{counted(worst['worst_held_packages'], 'package')} on {worst['system']}"
        )
    return Words(
        title,
        "Packages of the wave by level of the graph of dependencies and by state, in the newest evaluation",
        f"{counted(total, 'package')}, each system counted",
        f"Stacked bars of the packages of {scope.label} by level. Levels with open packages: "
        + (
            "; ".join(
                f"{row['system']} {row['level']}: {number(row['open_packages'])}" for row in waiting[:40]
            )
            or "none"
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Bars, one a level."""
    levels = data.values("level")
    bars = (
        folded(data)
        .mark_bar(width={"band": 0.9})
        .encode(
            x=alt.X(
                "level:O",
                title="level",
                scale=alt.Scale(domain=list(range(min(levels), max(levels) + 1))),
                axis=alt.Axis(labelOverlap=True, labelAngle=0),
            ),
            y=alt.Y(
                "packages_in:Q",
                title=None,
                stack="zero",
                axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1),
            ),
            fill=fill(),
            order=alt.Order("rank:Q", sort="descending"),
            tooltip=[
                alt.Tooltip("level:O", title="level"),
                alt.Tooltip("state:N", title="state"),
                alt.Tooltip("packages_in:Q", title="packages", format=","),
                alt.Tooltip("packages:Q", title="of all on it (n)", format=","),
                alt.Tooltip("worst_attr:N", title="holds back most"),
                alt.Tooltip("worst_held_packages:Q", title="holds back", format=","),
            ],
        )
    )
    return bars.add_params(parts.panel()).properties(width="container", height=170)
