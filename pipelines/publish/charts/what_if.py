"""Proposals by the share of rebuilds that each would have saved, with its interval."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, number, percent

FIGURE = Figure(
    "metrics.what_if",
    legend=(("blue", "share of rebuilds saved, 95 % interval (evaluations as clusters)"),),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: the proposal that saves most, and what splitting off tests would save."""
    first = data.rows[0]
    # A batch is one cluster of several evaluations.
    most = max(data.rows, key=lambda row: row["evaluations"])
    split = next((row for row in data.rows if row["scenario"] == "split_tests"), None)
    also = (
        f"; {split['proposal']} save {percent(split['saved_rebuild_ratio'], 0)} and run tests "
        f"{number(split['test_runs'])} times"
        if split and split is not first
        else ""
    )
    return Words(
        f"{scope.label}: {first['proposal']} saves {percent(first['saved_rebuild_ratio'], 0)} of rebuilds{also}",
        "Share of rebuilds that would not have been made in the newest 100 evaluations, by proposal; what two of them "
        "save does not add up",
        f"{counted(most['rebuilds_before'], 'rebuild')} in {counted(most['evaluations'], 'evaluation')}",
        f"Proposals for {scope.label}. "
        + "; ".join(f"{row['proposal']}: {percent(row['saved_rebuild_ratio'], 0)}" for row in data.rows)
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """A dot a proposal with its interval, the one that saves most on top."""
    base = alt.Chart(data.named)
    least = min([0.0, *data.values("saved_rebuild_ratio_low")])
    span = {
        "title": None,
        "scale": alt.Scale(domain=[least, 1], nice=False),
        "axis": alt.Axis(labelExpr="format(datum.value * 100, '~r') + ' %'", tickCount=5, grid=True),
    }
    y = alt.Y(
        "proposal:N",
        title=None,
        sort=alt.SortField("saved_rebuild_ratio", order="descending"),
        axis=alt.Axis(labelLimit=260),
    )
    bar = base.mark_rule(strokeWidth=2, color=LIGHT["blue"]).encode(
        x=alt.X("saved_rebuild_ratio_low:Q", **span), x2="saved_rebuild_ratio_high:Q", y=y
    )
    dot = base.mark_point(filled=True, size=70, opacity=1, color=LIGHT["blue"]).encode(
        x=alt.X("saved_rebuild_ratio:Q", **span),
        y=y,
        tooltip=[
            alt.Tooltip("saved_rebuild_ratio:Q", title="rebuilds saved", format=".1%"),
            alt.Tooltip("saved_rebuild_ratio_low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("saved_rebuild_ratio_high:Q", title="to", format=".1%"),
            alt.Tooltip("rebuilds_before:Q", title="rebuilds as they were", format=","),
            alt.Tooltip("rebuilds_after:Q", title="rebuilds left", format=","),
            alt.Tooltip("test_runs:Q", title="runs of tests", format=","),
            alt.Tooltip("saved_seconds:Q", title="seconds saved", format=",.0f"),
            alt.Tooltip("unknown_builds:Q", title="builds of unknown cost", format=","),
        ],
    )
    return alt.layer(bar, dot).add_params(parts.panel()).properties(width="container", height=alt.Step(26))
