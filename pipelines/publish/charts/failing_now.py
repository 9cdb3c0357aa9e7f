"""The age of today's failures, by system, own failures apart from dependency failures."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

FIGURE = Figure(
    "metrics.failing_now", panel="system", legend=(("orange", "own failure"), ("sky", "dependency failure"))
)
AGES = (
    "under a day",
    "a day to a week",
    "a week to a month",
    "1 to 3 months",
    "3 months to a year",
    "a year or more",
)
LONG = AGES[4:]


def words(data: Data, scope: Scope) -> Words:
    """Finding: how many have lasted three months or more."""
    total = sum(row["jobs"] for row in data.rows)
    long = sum(row["jobs"] for row in data.rows if row["age"] in LONG)
    systems = list(dict.fromkeys(row["system"] for row in data.rows))
    return Words(
        f"{number(long)} of {number(total)} failures in {scope.label} have lasted three months or more",
        "Jobs that fail in the newest complete evaluation, by how long they have been failing and by system",
        counted(total, "failing job"),
        f"Bars of the age of today's failures in {scope.label}. Failing jobs: "
        + "; ".join(
            f"{system} {number(sum(row['jobs'] for row in data.rows if row['system'] == system))}"
            for system in systems
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Stacked bars, one a class of age."""
    mine = alt.Chart(data.named).transform_filter(parts.IN_FRONT)
    kinds = alt.Scale(domain=["own failure", "dependency failure"], range=[LIGHT["orange"], LIGHT["sky"]])
    bars = mine.mark_bar(size=13, stroke=LIGHT["ground"], strokeWidth=0.6).encode(
        y=alt.Y("age:N", title=None, sort=list(AGES), scale=alt.Scale(domain=list(AGES))),
        x=alt.X(
            "jobs:Q",
            title=None,
            stack="zero",
            axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1, grid=True),
        ),
        fill=alt.Fill("kind:N", scale=kinds, legend=None),
        order="kind:N",
        tooltip=[
            alt.Tooltip("age:N", title="failing for"),
            alt.Tooltip("kind:N", title="kind"),
            alt.Tooltip("jobs:Q", title="jobs", format=","),
        ],
    )
    return bars.add_params(parts.panel()).properties(width="container", height=alt.Step(20))
