"""Failing jobs over time: complete evaluations as a line, incomplete ones as hollow grey points."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, day, number

FIGURE = Figure(
    "metrics.green_ratio",
    panel="system",
    legend=(
        ("pale", "other systems"),
        ("ring", "incomplete: its list is too short to count"),
        ("burst", "burst: 250 or more jobs began to fail at once"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the newest complete count of the first system, against the fewest and the most."""
    newest = {row["system"]: row for row in data.rows if row["is_newest_complete"]}
    if not newest:
        return Words(
            f"No evaluation of {scope.label} is complete",
            "Failing jobs listed by each evaluation",
            number(len(data.rows)),
            f"No evaluation of {scope.label} is complete, so its counts are too small to go by.",
        )
    system, row = next(iter(newest.items()))
    mine = [other["listed_jobs"] for other in data.rows if other["system"] == system and other["is_complete"]]
    return Words(
        f"{counted(row['listed_jobs'], 'job was', 'jobs were')} listed as failing on {system} "
        f"on {day(row['evaluation_at'])}"
        + (f"; between {number(min(mine))} and {number(max(mine))} before" if len(mine) > 2 else ""),
        "Failing jobs that each evaluation lists, by system"
        + (" (log scale)" if parts.spans_decades(counts(data)) else ""),
        f"{counted(sum(other['evaluations'] for other in newest.values()), 'answer')} (an evaluation on one system), "
        f"{number(len(data.rows))} shown",
        f"Line charts of the failing jobs listed by the evaluations of {scope.label}. Newest complete counts: "
        + "; ".join(f"{name} {number(other['listed_jobs'])}" for name, other in newest.items())
        + ".",
    )


def counts(data: Data) -> list[float]:
    """Counts of complete evaluations, which the scale is chosen for."""
    return [row["listed_jobs"] for row in data.rows if row["is_complete"]] or data.values("listed_jobs")


def chart(data: Data) -> alt.TopLevelMixin:
    """Lines with hollow points beside them."""
    base = alt.Chart(data.named)
    x = parts.time_axis("evaluation_at")
    y = parts.count_axis("listed_jobs", counts(data))
    mine = base.transform_filter(parts.IN_FRONT)
    others = parts.pale_line(base.transform_filter(f"{parts.BEHIND} && datum.is_complete")).encode(
        x=x, y=y, detail="system:N"
    )
    line = (
        mine.transform_filter("datum.is_complete")
        .mark_line(point=len(data.rows) < 20)
        .encode(x=x, y=y, color=parts.colour(data))
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
            alt.Tooltip("evaluation_id:N", title="evaluation"),
            alt.Tooltip("listed_jobs:Q", title="failing", format=","),
            alt.Tooltip("is_complete:N", title="complete"),
            alt.Tooltip("is_verdict_final:N", title="verdict is final"),
        ],
    ).encode(x=x, y=y)
    bursts = (
        mine.transform_filter("isValid(datum.burst_jobs)")
        .mark_point(shape="triangle-down", filled=True, size=45, color=LIGHT["ink"], opacity=1)
        .encode(
            x=x,
            y=alt.value(3),
            tooltip=[
                parts.when("evaluation_at", "burst"),
                alt.Tooltip("burst_jobs:Q", title="jobs that began to fail", format=","),
                alt.Tooltip("evaluation_id:N", title="evaluation"),
            ],
        )
    )
    return (
        alt.layer(others, line, unsure, targets, bursts)
        .add_params(parts.panel())
        .properties(width="container", height=170)
    )
