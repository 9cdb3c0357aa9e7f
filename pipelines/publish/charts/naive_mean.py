"""Why the mean of ended failures misleads: four numbers for one thing, side by side."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, days, number

FIGURE = Figure(
    "metrics.time_to_fix",
    panel="system",
    legend=(("blue", "counts open episodes"), ("ring", "leaves them out: biased")),
)
NAIVE = "Mean of ended ones"
HONEST = "Median, all episodes"
ROOM_FOR_WORDS = 1.45
"""How far the axis reaches beyond the greatest dot, so that its value fits beside it on a phone too."""


def words(data: Data, scope: Scope) -> Words:
    """Finding: the naive mean against the median on the first system."""
    system = data.rows[0]["system"]
    mine = {row["measure"]: row for row in data.rows if row["system"] == system}
    heads = {row["system"]: row for row in data.rows}
    return Words(
        f"{scope.label}, {system}: the mean of ended failures says {days(mine[NAIVE]['days'])}, yet half end within "
        f"{days(mine[HONEST]['days'])}",
        "Days that a failure lasts, by four measures; the two hollow ones leave out what has not ended",
        f"{counted(sum(row['n'] for row in heads.values()), 'episode')}, of which "
        f"{number(sum(row['open'] for row in heads.values()))} still open",
        f"Dots of four measures for {scope.label}. "
        + "; ".join(
            f"{name}: "
            + ", ".join(
                f"{row['measure'].lower()} {days(row['days'])}" for row in data.rows if row["system"] == name
            )
            for name in heads
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """One dot a measure, its value beside it."""
    mine = alt.Chart(data.named).transform_filter(f"{parts.IN_FRONT} && isValid(datum.days)")
    x = alt.X(
        "days:Q",
        title=None,
        scale=alt.Scale(domain=[0, ROOM_FOR_WORDS * data.extent("days")[1]], nice=True),
        axis=alt.Axis(
            tickCount=5,
            grid=True,
            labelFlush=25,
            labelExpr="datum.value == 0 ? '0' : format(datum.value, '~r') + ' days'",
        ),
    )
    y = alt.Y("measure:N", title=None, sort=None)
    ended = alt.condition(
        "indexof(datum.measure, 'ended') >= 0", alt.value(LIGHT["ground"]), alt.value(LIGHT["blue"])
    )
    dot = mine.mark_point(size=75, opacity=1, stroke=LIGHT["blue"], strokeWidth=1.8).encode(
        x=x,
        y=y,
        fill=ended,
        tooltip=[
            alt.Tooltip("measure:N", title="measure"),
            alt.Tooltip("days:Q", title="days", format=".2f"),
            alt.Tooltip("n:Q", title="episodes (n)", format=","),
            alt.Tooltip("open:Q", title="still open", format=","),
        ],
    )
    label = (
        mine.transform_calculate(words="format(datum.days, '.3~r') + ' days'")
        .mark_text(align="left", dx=9)
        .encode(x=x, y=y, text="words:N")
    )
    return alt.layer(dot, label).add_params(parts.panel()).properties(width="container", height=alt.Step(24))
