"""How long a channel stood still: days of each month in which its newest judged evaluation was green, or was not."""

from datetime import date

import altair as alt

from pipelines.publish import palette, parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, days, number, percent

FIGURE = Figure(
    "metrics.channel_stall_times",
    legend=(
        ("blue", "green"),
        ("axis", "no named failure: green or not, the source does not say"),
        ("hatch", "undecided"),
        ("orange", "blocked"),
    ),
)
VERDICTS = ("green", "no named failure", "undecided", "blocked")


def words(data: Data, scope: Scope) -> Words:
    """Finding: the share of time in which something blocked it."""
    by = {verdict: sum(row["days"] for row in data.rows if row["verdict"] == verdict) for verdict in VERDICTS}
    total = sum(by.values())
    months = len({row["month_on"] for row in data.rows})
    return Words(
        f"{scope.label} was blocked for {percent(by['blocked'] / total if total else None)} of the time",
        "Days of each month by the verdict on the newest judged evaluation",
        f"{counted(round(total), 'day')} in {counted(months, 'month')}",
        f"Bars of days a month by verdict of {scope.label}: "
        + "; ".join(f"{verdict} {number(by[verdict])} days" for verdict in VERDICTS)
        + f", of {days(total)} in all.",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Stacked bars by month, blocked days on top."""
    fills = alt.Scale(
        domain=list(VERDICTS), range=[LIGHT["blue"], LIGHT["axis"], palette.HATCH, LIGHT["orange"]]
    )
    first, last = data.extent("month_on", "next_month_on")
    bars = alt.Chart(data.named).mark_rect(stroke=LIGHT["ground"], strokeWidth=0.6)
    return (
        bars.encode(
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
                scale=alt.Scale(domain=[0, 31], nice=False),
                axis=alt.Axis(values=[0, 10, 20, 30], format="d"),
            ),
            y2="bar_to:Q",
            fill=alt.Fill("verdict:N", scale=fills, legend=None),
            tooltip=[
                parts.when("month_on", "month", "%B %Y"),
                alt.Tooltip("verdict:N", title="verdict"),
                alt.Tooltip("days:Q", title="days", format=".1f"),
            ],
        )
        .add_params(parts.panel())
        .properties(width="container", height=180)
    )


def _month(month_on: date) -> alt.DateTime:
    return alt.DateTime(year=month_on.year, month=month_on.month, date=1, utc=True)
