"""Whether 80 % intervals of the past held: coverage with its own interval against what was promised."""

import altair as alt

from pipelines.publish import parts
from pipelines.publish.drawing import Data
from pipelines.publish.figure import Figure, Scope, Words
from pipelines.publish.palette import LIGHT
from pipelines.publish.text import counted, percent

FIGURE = Figure(
    "metrics.eta_backtest",
    panel="target",
    legend=(
        ("blue", "share that held, 95 % interval (Wilson, over clusters)"),
        ("pale", "fewer than 10 clusters"),
    ),
)


def words(data: Data, scope: Scope) -> Words:
    """Finding: coverage of the first prediction that was tested on enough clusters, else that there is none."""
    enough = [row for row in data.rows if row["verdict"] != "too few"]
    clusters = max(row["tested_clusters"] for row in data.rows)
    first = enough[0] if enough else None
    return Words(
        f"{scope.label}: of intervals that should hold 80 % of the time, {percent(first['coverage_ratio'], 0)} did "
        f"(95 %: {percent(first['coverage_ratio_low'], 0)} to {percent(first['coverage_ratio_high'], 0)})"
        if first
        else f"{scope.label}: at most {counted(clusters, 'cluster')} could be tested, too few to trust a prediction",
        "Share of predictions of past cohorts whose 80 % interval held, by how old the cohort was; each from earlier "
        "cohorts alone",
        f"{counted(clusters, 'cluster')} of cohorts of 100 or more failures",
        f"Coverage of intervals in {scope.label}. "
        + "; ".join(
            f"{row['target']}, predicted {row['age']}: {percent(row['coverage_ratio'], 0)} of {row['tested_clusters']}"
            for row in data.rows
        )
        + ".",
    )


def chart(data: Data) -> alt.TopLevelMixin:
    """One dot an age with its interval, the promised 80 % as a line."""
    mine = alt.Chart(data.named).transform_filter("datum.target === panel")
    span = {
        "title": None,
        "scale": alt.Scale(domain=[0, 1], nice=False),
        "axis": alt.Axis(labelExpr="format(datum.value * 100, '~r') + ' %'", tickCount=5, grid=True),
    }
    x = alt.X("coverage_ratio:Q", **span)
    y = alt.Y("words:N", title=None, sort=alt.SortField("age_days"))
    shown = mine.transform_calculate(words="datum.age + ' (n = ' + datum.tested_clusters + ')'")
    colour = alt.condition("datum.verdict === 'too few'", alt.value(LIGHT["pale"]), alt.value(LIGHT["blue"]))
    promised = (
        alt.Chart(data.named)
        .transform_filter("datum.target === panel")
        .mark_rule(color=LIGHT["ink"], strokeDash=[4, 3])
        .encode(x=alt.datum(0.8, type="quantitative"))
    )
    bar = shown.mark_rule(strokeWidth=2).encode(
        x=alt.X("coverage_ratio_low:Q", **span), x2="coverage_ratio_high:Q", y=y, color=colour
    )
    dot = shown.mark_point(filled=True, size=70, opacity=1).encode(
        x=x,
        y=y,
        color=colour,
        tooltip=[
            alt.Tooltip("coverage_ratio:Q", title="held", format=".1%"),
            alt.Tooltip("coverage_ratio_low:Q", title="95 % from", format=".1%"),
            alt.Tooltip("coverage_ratio_high:Q", title="to", format=".1%"),
            alt.Tooltip("nominal_ratio:Q", title="promised by ranks", format=".1%"),
            alt.Tooltip("tested_clusters:Q", title="clusters (n)"),
            alt.Tooltip("inside:Q", title="cohorts inside"),
            alt.Tooltip("before:Q", title="sooner"),
            alt.Tooltip("after:Q", title="later"),
        ],
    )
    return (
        alt.layer(promised, bar, dot)
        .add_params(parts.panel())
        .properties(width="container", height=alt.Step(28))
    )
