"""Jobs that have failed for long, by age: one panel a jobset, colours by system."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.text import counted, days, number

FIGURE = Figure(
    "metrics.broken_marker_candidates",
    panel="jobset",
    legend=(
        ("blue", "x86_64-linux"),
        ("orange", "aarch64-linux"),
        ("green", "x86_64-darwin"),
        ("pink", "aarch64-darwin"),
    ),
)
AGES = ("3 to 6 months", "6 to 12 months", "1 to 2 years", "2 years or more")


def words(data: Data, scope: Scope) -> Words:
    """Finding: how many have failed for a year or more."""
    total = sum(row["jobs"] for row in data.rows)
    longest = data.extent("longest_days")[1]
    return Words(
        f"{counted(total, 'job has', 'jobs have')} failed by themselves for three months or more; "
        f"the longest seen for {days(longest)}",
        "Jobs whose own build failed in every complete evaluation for 90 days or more, by age and system",
        counted(total, "job") + " by system",
        "Bars of long failures by age. "
        + "; ".join(
            f"{age}: {number(sum(row['jobs'] for row in data.rows if row['age'] == age))}" for age in AGES
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Bars by age, a colour a system."""
    systems = list(dict.fromkeys(data.values("system")))
    bars = (
        alt.Chart(data.named)
        .transform_filter("datum.jobset === panel")
        .mark_bar()
        .encode(
            y=alt.Y(
                "age:N", title=None, sort=list(AGES), scale=alt.Scale(domain=list(AGES), paddingInner=0.25)
            ),
            yOffset=alt.YOffset("system:N", sort=systems, scale=alt.Scale(domain=systems)),
            x=alt.X("jobs:Q", title=None, axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1, grid=True)),
            color=parts.colour(data),
            tooltip=[
                alt.Tooltip("system:N", title="system"),
                alt.Tooltip("age:N", title="failing for"),
                alt.Tooltip("jobs:Q", title="jobs", format=","),
            ],
        )
    )
    return bars.add_params(parts.panel()).properties(width="container", height=190)
