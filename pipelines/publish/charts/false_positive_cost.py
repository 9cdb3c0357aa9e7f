"""Cost of false-positive rebuilds by trigger and kind of edge, strict and wide beside each other."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number

FIGURE = Figure(
    "metrics.false_positive_cost",
    panel="proof",
    legend=(
        ("orange", "only through inputs for tests"),
        ("sky", "native"),
        ("blue", "build"),
        ("green", "propagated"),
        ("pink", "no single kind"),
        ("amber", "another kind"),
    ),
)
ROLES = ("check", "native", "build", "propagated", "several", "other")
COLOURS = ("orange", "sky", "blue", "green", "pink", "amber")


def words(data: Data, scope: Scope) -> Words:
    """Finding: the costliest trigger under each proof."""
    first = {row["evidence"]: row for row in reversed(data.rows) if row["place"] == 1}
    said = {
        evidence: (row["trigger"], f"{number(row['trigger_hours'], 1)} hours ({evidence})")
        for evidence, row in sorted(first.items())
    }
    names = list(dict.fromkeys(name for name, _ in said.values()))
    title = (
        f"{names[0]} is the costliest trigger of needless rebuilds: "
        + ", ".join(hours for _, hours in said.values())
        if len(names) == 1
        else "The costliest triggers of needless rebuilds: "
        + "; ".join(f"{name}, {hours}" for name, hours in said.values())
    )
    counts = {row["evidence"]: row for row in data.rows}
    found = ", ".join(
        f"{counted(counts[evidence]['all_false_positives'], 'false positive')} in the {evidence} sense"
        for evidence in ("strict", "wide")
        if evidence in counts
    )
    measure = "declared build hours" if data.rows[0]["is_declared"] else "build hours"
    last = data.rows[-1]
    return Words(
        title,
        f"False-positive rebuilds in {measure}, in equal parts among the triggers of each rebuild, by trigger and by "
        "the kind of edge that brought the change; wide holds strict",
        f"{counted(last['all_with_verdict'], 'rebuild')} with a verdict and {number(last['all_without_verdict'])} "
        f"without; {found}, {number(last['all_unknown_cost'])} of unknown cost",
        f"Stacked bars of needless rebuilds of {scope.label} by trigger. "
        + "; ".join(
            f"{row['evidence']}, {row['trigger']} through {row['role']}: {number(row['hours'], 1)} hours"
            for row in data.rows[:40]
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """Stacked bars, the costliest trigger on top."""
    fills = alt.Scale(domain=list(ROLES), range=[LIGHT[name] for name in COLOURS])
    bars = (
        alt.Chart(data.named)
        .transform_filter("datum.proof === panel && isValid(datum.hours)")
        .mark_bar()
        .encode(
            y=alt.Y(
                "trigger:N",
                title=None,
                sort=alt.EncodingSortField("place", op="min"),
                axis=alt.Axis(labelLimit=140),
            ),
            x=alt.X(
                "hours:Q",
                title="hours",
                stack="zero",
                scale=alt.Scale(domain=[0, max([*data.values("trigger_hours"), 0.01])], nice=True),
                axis=alt.Axis(grid=True, tickCount=4),
            ),
            fill=alt.Fill("role_group:N", scale=fills, legend=None),
            order=alt.Order("role_rank:Q"),
            tooltip=[
                alt.Tooltip("trigger:N", title="trigger"),
                alt.Tooltip("role:N", title="kind of edge"),
                alt.Tooltip("hours:Q", title="hours, in equal parts", format=",.2f"),
                alt.Tooltip("false_positives:Q", title="false positives", format=","),
                alt.Tooltip("with_verdict:Q", title="with a verdict (n)", format=","),
                alt.Tooltip("without_verdict:Q", title="without", format=","),
                alt.Tooltip("unknown_cost:Q", title="of unknown cost", format=","),
            ],
        )
    )
    return bars.add_params(parts.panel()).properties(width="container", height=alt.Step(24))
