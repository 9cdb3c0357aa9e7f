"""States of the packages of a declared wave over time, stacked: all systems by the worst one, then each system."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, day, number

STATES = (
    ("failing_own", "failing (own)", "orange"),
    ("failing_dependency", "failing (dependency)", "amber"),
    ("not_reached", "not reached", "axis"),
    ("under_way", "building, or waiting for inputs", "sky"),
    ("decided", "decided: won't or can't be fixed", "pink"),
    ("gone", "marked broken or removed", "blue"),
    ("pass", "pass", "green"),
)
"""Column, words and colour, from the top of the stack to its ground; seven colours can be told apart, ten cannot."""
LEGEND = tuple((colour, label) for _, label, colour in STATES)
FIGURE = Figure("metrics.wave_progress", panel="panel_name", legend=LEGEND)
HEIGHT = 170


def words(data: Data, scope: Scope) -> Words:
    """Finding: how many are open in the newest evaluation, each package in its worst state."""
    newest = {row["panel_name"]: row for row in data.rows}
    worst = [row for row in newest.values() if row["system"] == "worst-of"]
    packages, still_open = (sum(row[key] for row in worst) for key in ("packages", "open_packages"))
    return Words(
        f"{number(still_open)} of {counted(packages, 'package')} of the wave {'is' if still_open == 1 else 'are'} "
        f"open on {day(max(row['evaluation_at'] for row in worst))}",
        "Packages of the wave by state in each evaluation, in the worst state of any system, and per system",
        f"{counted(packages, 'package')}, {counted(sum(row['evaluations'] for row in worst), 'evaluation')}",
        f"Stacked areas of the packages of {scope.label} by state. Newest: "
        + "; ".join(
            f"{name} "
            + ", ".join(f"{number(row[column])} {label}" for column, label, _ in STATES if row[column])
            for name, row in newest.items()
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """A stack that keeps each evaluation's counts until the next."""
    mine = folded(data)
    x = parts.time_axis("evaluation_at")
    y = alt.Y(
        "packages_in:Q", title=None, stack="zero", axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1)
    )
    single = len({row["evaluation_at"] for row in data.rows}) == 1
    stack = mine.mark_bar(size=40) if single else mine.mark_area(interpolate="step-after")
    drawn = stack.encode(
        x=x,
        y=y,
        fill=fill(),
        order=alt.Order("rank:Q", sort="descending"),
        tooltip=[
            parts.when("evaluation_at", "evaluated"),
            alt.Tooltip("evaluation_id:N", title="evaluation"),
            alt.Tooltip("state:N", title="state"),
            alt.Tooltip("packages_in:Q", title="packages", format=","),
            alt.Tooltip("packages:Q", title="of all (n)", format=","),
        ],
    )
    return drawn.add_params(parts.panel()).properties(width="container", height=HEIGHT)


def folded(data: Data) -> alt.Chart:
    """Rows of the panel in front, one a state: `key`, `packages_in`, `state` in words, `rank` in the stack."""
    columns = [column for column, _, _ in STATES]
    order = " : ".join(f"datum.key == '{column}' ? {n}" for n, column in enumerate(columns)) + " : 9"
    names = " : ".join(f"datum.key == '{column}' ? \"{label}\"" for column, label, _ in STATES) + " : ''"
    return (
        alt.Chart(data.named)
        .transform_filter("datum.panel_name === panel")
        .transform_fold([*columns], as_=["key", "packages_in"])
        .transform_calculate(rank=order, state=names)
    )


def fill() -> alt.Fill:
    """One colour a state, named by the figure's own legend."""
    scale = alt.Scale(
        domain=[column for column, _, _ in STATES], range=[LIGHT[colour] for *_, colour in STATES]
    )
    return alt.Fill("key:N", scale=scale, legend=None)
