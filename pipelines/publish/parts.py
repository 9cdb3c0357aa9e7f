"""What several charts share: axes with plain words, colours of systems, layers of small multiples. No arithmetic."""

from typing import Any

import altair as alt

from pipelines.publish import palette
from pipelines.publish.drawing import Data
from pipelines.publish.palette import LIGHT

IN_FRONT = "datum.system === panel"
BEHIND = "datum.system !== panel"

_DURATIONS = (
    (1 / 24, "1 hour"),
    (0.25, "6 h"),
    (1, "1 day"),
    (7, "1 week"),
    (30, "1 month"),
    (90, "3 months"),
    (365, "1 year"),
    (1461, "4 years"),
)


def panel() -> alt.Parameter:
    """The parameter that names the panel in front."""
    return alt.param(name="panel", value="")


def month_ticks() -> alt.Axis:
    """A few ticks with the month, the year alone at its start, or the day where they lie within a month."""
    return alt.Axis(
        tickCount=5,
        labelOverlap=True,
        labelFlush=True,
        labelExpr="utcFormat(datum.value, utcFormat(datum.value, '%m-%d') == '01-01' ? '%Y' : "
        "utcFormat(datum.value, '%d') == '01' ? '%b %Y' : '%-d %b')",
    )


def time_axis(column: str) -> alt.X:
    """Instants along the bottom, in UTC."""
    return alt.X(f"{column}:T", title=None, scale=alt.Scale(type="utc"), axis=month_ticks())


def duration_scale(least: float, greatest: float) -> tuple[alt.Scale, list[float], str]:
    """A logarithmic scale of days, its ticks and the words on them (1 day, 1 week, 1 month)."""
    ticks = [days for days, _ in _DURATIONS if least <= days <= greatest]
    words = (
        "".join(f"datum.value == {days!r} ? '{word}' : " for days, word in _DURATIONS)
        + "format(datum.value, '~r') + ' days'"
    )
    return alt.Scale(type="log", domain=[least, greatest], clamp=True, nice=False), ticks, words


def duration_axis(least: float, greatest: float, title: str | None) -> dict[str, Any]:
    """Keywords for an x or y channel that shows days on a logarithmic scale."""
    scale, ticks, words = duration_scale(least, greatest)
    return {
        "title": title,
        "scale": scale,
        "axis": alt.Axis(values=ticks, labelExpr=words, grid=True, labelFlush=False, labelOverlap=True),
    }


def decade(
    value: float,
    steps: tuple[float, ...] = (0.02, 0.1, 0.25, 1, 3, 10, 30, 90, 180, 365, 730, 1461, 3650),
    *,
    up: bool,
) -> float:
    """The nearest plain bound of days at or beyond a value."""
    fitting = [step for step in steps if (step >= value if up else step <= value)]
    return (min(fitting) if up else max(fitting)) if fitting else (steps[-1] if up else steps[0])


def floor_ratio(ratios: list[float]) -> float:
    """Where a ratio axis starts: the highest plain bound that all but one in twenty of the values reach.

    The subtitle says it, and the values below it are marked at the bottom.
    """
    usual = sorted(ratios)[len(ratios) // 20]
    return max(bound for bound in (0.0, 0.5, 0.7, 0.8, 0.9, 0.95) if bound <= usual or bound == 0.0)


def count_axis(column: str, values: list[float], title: str | None = None) -> alt.Y:
    """Counts from zero; logarithmic where they span more than three decades, which the subtitle says."""
    wide = spans_decades(values)
    scale = (
        alt.Scale(type="symlog", constant=1, domain=[0, max(values)])
        if wide
        else alt.Scale(domain=[0, max(values)], nice=True)
    )
    axis = (
        alt.Axis(values=[0, 1, 10, 100, 1000, 10_000, 100_000], format=",d")
        if wide
        else alt.Axis(format=",d", tickCount=4, tickMinStep=1)
    )
    return alt.Y(f"{column}:Q", title=title, scale=scale, axis=axis)


def spans_decades(values: list[float]) -> bool:
    """Whether counts span more than three decades."""
    known = [value for value in values if value > 0]
    return bool(known) and max(known) > 1000 * min(known)


def colour(data: Data) -> alt.Color:
    """Systems by their colour, without a legend: panels and labels name them."""
    systems = list(dict.fromkeys(data.values("system")))
    return alt.Color(
        "system:N",
        legend=None,
        scale=alt.Scale(domain=systems, range=[palette.system_colour(system) for system in systems]),
    )


def hover(chart: alt.Chart, tooltips: list[alt.Tooltip], size: int = 90) -> alt.Chart:
    """Invisible targets for the pointer; the static picture leaves them out (they are named `hover`)."""
    return chart.mark_circle(opacity=0, size=size).properties(name="hover").encode(tooltip=tooltips)


def when(column: str, title: str, pattern: str = "%d %B %Y, %H:%M UTC") -> alt.Tooltip:
    """An instant in a tooltip, in UTC."""
    return alt.Tooltip(f"{column}:T", title=title, timeUnit="utcyearmonthdatehoursminutes", format=pattern)


def percent_axis(column: str, bounds: list[float], title: str | None = None) -> alt.Y:
    """A ratio from 0 to 1, written in percent."""
    return alt.Y(
        f"{column}:Q",
        title=title,
        scale=alt.Scale(domain=bounds, nice=False, clamp=False),
        axis=alt.Axis(labelExpr="format(datum.value * 100, '~r') + ' %'", tickCount=5),
    )


def unknown_spans(data: Data) -> alt.Chart:
    """Hatched grey where nothing complete was seen for long, with the word."""
    return (
        alt.Chart(data.named)
        .transform_filter(f"{IN_FRONT} && isValid(datum.unknown_until_at)")
        .mark_rect(fill=palette.HATCH, opacity=0.9)
        .encode(
            x=time_axis("evaluation_at"),
            x2="unknown_until_at:T",
            tooltip=[
                when("evaluation_at", "unknown from"),
                when("unknown_until_at", "until"),
            ],
        )
    )


def pale_line(chart: alt.Chart) -> alt.Chart:
    """The other systems, thin and grey, for comparison."""
    return chart.mark_line(color=LIGHT["pale"], strokeWidth=1, opacity=0.55)
