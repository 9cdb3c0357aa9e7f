"""Notices a week of a jobset, before folding and after each step of it."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

STEPS = {
    "before folding": "pale",
    "systems folded": "sky",
    "bursts folded": "orange",
    "confirmed: told": "blue",
}
"""Steps of folding and their colours, from none to all."""
FIGURE = Figure(
    "metrics.notice_volume",
    legend=(
        ("pale", "every job and system by itself"),
        ("sky", "roots, systems and returns folded"),
        ("orange", "bursts folded too"),
        ("blue", "confirmed by a second evaluation: what is told"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the median week before folding and after all of it."""
    middle = {row["step"]: row["median_notices"] for row in data.rows}
    first, last = (middle[step] for step in (next(iter(STEPS)), list(STEPS)[-1]))
    return Words(
        f"{scope.label}: in half of the weeks at most {counted(last, 'notice')} "
        f"instead of {counted(first, 'failure')}",
        "Notices that begin in a week, before folding and after each step; open where no evaluation is complete"
        + (" (log scale)" if parts.spans_decades(_counts(data)) else ""),
        counted(data.rows[0]["weeks"], "whole week"),
        f"Lines of the notices a week of {scope.label}. Medians: "
        + "; ".join(f"{step} {number(value)}" for step, value in middle.items())
        + ".",
    )


def _counts(data: Data) -> list[float]:
    return data.values("notices")


def chart(data: Data) -> alt.TopLevelMixin:
    """A line a step."""
    base = alt.Chart(data.named)
    x = parts.time_axis("week_at")
    y = parts.count_axis("notices", _counts(data))
    line = base.mark_line(interpolate="step-after", strokeWidth=1.8).encode(
        x=x,
        y=y,
        color=alt.Color(
            "step:N",
            legend=None,
            scale=alt.Scale(domain=list(STEPS), range=[LIGHT[name] for name in STEPS.values()]),
        ),
        order=alt.Order("week_at:T"),
    )
    targets = parts.hover(
        base,
        [
            parts.when("week_at", "week of", "%d %B %Y"),
            alt.Tooltip("step:N", title="step"),
            alt.Tooltip("notices:Q", title="notices", format=","),
        ],
    ).encode(x=x, y=y)
    return alt.layer(line, targets).add_params(parts.panel()).properties(width="container", height=220)
