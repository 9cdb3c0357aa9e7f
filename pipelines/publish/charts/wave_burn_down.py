"""Open packages of a declared wave over time: one panel a system and one for the worst of them."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, day, number

FIGURE = Figure(
    "metrics.wave_progress",
    panel="system",
    legend=(("pale", "other systems"), ("ring", "unfinished evaluation: builds were under way")),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: open packages at the start, at the most and now."""
    worst = [row for row in data.rows if row["system"] == "worst-of"]
    total = {row["jobset"]: row["packages"] for row in worst}
    newest = {(row["system"], row["jobset"]): row for row in data.rows}
    by_system: dict[str, int] = {}
    for (system, _), row in newest.items():
        by_system[system] = by_system.get(system, 0) + row["open_packages"]
    first = sum({row["jobset"]: row["open_packages"] for row in reversed(worst)}.values())
    return Words(
        f"From {number(first)} open packages to {number(by_system['worst-of'])} by {day(worst[-1]['evaluation_at'])}",
        "Packages that the wave waits for (not reached, building, failing), in each evaluation of it, by system",
        f"{counted(sum(total.values()), 'package')}",
        f"Lines of the open packages of {scope.label}. Newest: "
        + "; ".join(f"{system} {number(n)}" for system, n in by_system.items())
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Step lines, since a count holds until the next evaluation."""
    base = alt.Chart(data.named)
    x = parts.time_axis("evaluation_at")
    y = parts.count_axis("open_packages", [*data.values("open_packages"), 1])
    mine = base.transform_filter(parts.IN_FRONT)
    others = (
        base.transform_filter(parts.BEHIND)
        .mark_line(color=LIGHT["pale"], strokeWidth=1, opacity=0.55, interpolate="step-after")
        .encode(x=x, y=y, detail=["system:N", "jobset:N"])
    )
    line = mine.mark_line(interpolate="step-after", point=len(data.rows) < 20).encode(
        x=x, y=y, color=parts.colour(data), detail="jobset:N"
    )
    unsure = (
        mine.transform_filter("!datum.is_complete")
        .mark_point(size=22, stroke=LIGHT["unknown"], strokeWidth=1.2, fill=LIGHT["ground"])
        .encode(x=x, y=y)
    )
    targets = parts.hover(
        mine,
        [
            parts.when("evaluation_at", "evaluated"),
            alt.Tooltip("jobset:N", title="jobset"),
            alt.Tooltip("evaluation_id:N", title="evaluation"),
            alt.Tooltip("open_packages:Q", title="open", format=","),
            alt.Tooltip("packages:Q", title="of (n)", format=","),
            alt.Tooltip("green_ratio:Q", title="green of decided", format=".2%"),
        ],
    ).encode(x=x, y=y)
    return (
        alt.layer(others, line, unsure, targets)
        .add_params(parts.panel())
        .properties(width="container", height=130)
    )
