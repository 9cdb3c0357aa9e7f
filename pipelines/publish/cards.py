"""The answers on the first page: at most six, each a figure with its uncertainty, its change in words and its as-of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from pipelines.publish.text import bare_days, counted, day, days, esc, number, percent, place

MOST = 6
SILENT = timedelta(days=30)
"""A source whose newest answer is so much older than the newest of all is said to end there."""
FIRST_SYSTEM = "x86_64-linux"
FIRST_CHANNEL = "nixos-unstable"

Rows = Callable[..., list[dict[str, Any]]]
"""Reads one of the queries by name, with its parameters."""


@dataclass(frozen=True)
class Card:
    """One answer: `sure` says how sure, `change` compares in words, `href` leads on from the site's root."""

    name: str
    figure: str
    sure: str
    change: str
    as_of: str
    href: str
    points: tuple[tuple[Any, float], ...]
    plain: str
    """The answer as one line for a terminal."""


def cards(rows: Rows, newest: datetime | None) -> list[Card]:
    """The cards that the data allow, most important first; a source silent long before `newest` is said to be."""
    made = [
        *_green(rows),
        *_listed(rows),
        *_time_to_fix(rows),
        *_long(rows),
        *_channel(rows, newest),
        *_coverage(rows),
    ]
    return made[:MOST]


def _first(rows: list[dict[str, Any]], key: str, wanted: str) -> dict[str, Any] | None:
    """The wanted row, or the first."""
    return next((row for row in rows if row[key] == wanted), rows[0] if rows else None)


def _points(rows: list[dict[str, Any]], key: str = "value") -> tuple[tuple[Any, float], ...]:
    return tuple((row["at"], row[key]) for row in rows if row[key] is not None)


def _series(row: dict[str, Any]) -> dict[str, str]:
    """The parameters of a query about one system of a jobset."""
    return {name: row[name] for name in ("source", "jobset", "system")}


def _moved(change: float | None, said: str, before: datetime | None, up: str, down: str) -> str:
    """A change with its direction in words."""
    if change is None or before is None:
        return "Nothing complete was seen 30 days before to compare with."
    if change == 0:
        return f"The same as on {day(before)}."
    return f"{said} {up if change > 0 else down} than on {day(before)}."


def _told(coverage: str) -> str:
    """Where the counts of a green ratio come from."""
    return "every one is told" if coverage == "full" else "the source's own totals"


def _green(rows: Rows) -> list[Card]:
    now = [row for row in rows("standing") if row["green_ratio"] is not None]
    found = [row for row in now if row["system"] == FIRST_SYSTEM] or now
    return [
        Card(
            f"{row['jobset']}: share of decided {row['unit']}s that are green on {row['system']}",
            percent(row["green_ratio"]),
            f"n = {number(row['decided_jobs'])} decided {row['unit']}s; {_told(row['coverage'])}, no sampling error",
            _moved(
                row["change_points"],
                f"{number(abs(row['change_points'] or 0), 2)} percentage points",
                row["before_at"],
                "greener",
                "less green",
            ),
            f"Evaluation of {day(row['evaluation_at'])}",
            place("jobsets", row["source"], row["jobset"]) + ".html",
            _points(rows("spark_standing", **_series(row)), "green_ratio"),
            f"{row['jobset']} {row['system']}: {percent(row['green_ratio'])} green",
        )
        for row in found[:1]
    ]


def _listed(rows: Rows) -> list[Card]:
    now = [row for row in rows("standing") if row["coverage"] == "failures_only"]
    found = [row for row in now if row["system"] == FIRST_SYSTEM] or now
    found.sort(key=lambda row: row["evaluation_at"], reverse=True)
    return [
        Card(
            f"{row['jobset']}: jobs listed as failing on {row['system']}",
            number(row["listed_jobs"]),
            "A full list of failures; its completeness is "
            + ("certain" if row["is_verdict_final"] else "provisional: later evaluations may revise it"),
            _moved(
                row["change_failures"],
                number(abs(row["change_failures"] or 0)),
                row["before_at"],
                "more",
                "fewer",
            ),
            f"Evaluation of {day(row['evaluation_at'])}",
            place("jobsets", row["source"], row["jobset"]) + ".html",
            _points(rows("spark_standing", **_series(row)), "listed_jobs"),
            f"{row['jobset']} {row['system']}: {counted(row['listed_jobs'], 'failing job')}",
        )
        for row in found[:1]
    ]


def _time_to_fix(rows: Rows) -> list[Card]:
    found = [
        row for row in rows("time_to_fix_all") if row["kind"] == "all" and row["median_days"] is not None
    ]
    found = [row for row in found if row["system"] == FIRST_SYSTEM] or found
    found.sort(key=lambda row: (row["jobset"] != "nixpkgs/trunk", -row["n"]))
    return [
        Card(
            f"{row['jobset']}: half of the failures on {row['system']} are off the list within",
            days(row["median_days"]),
            f"95 %: {bare_days(row['median_days_low'])} to {bare_days(row['median_days_high'])} days; "
            f"n = {number(row['n'])}, {number(row['open'])} still open",
            f"{_median_moved(rows, row)} The mean of the ended ones, often quoted, would say "
            f"{days(row['closed_mean_days'])}.",
            f"To {day(row['as_of_at'])}; an end is seen at the next complete evaluation, "
            f"{days(row['resolution_days'])} later in the median",
            "time_to_fix.html",
            _points(rows("spark_survival", **_series(row))),
            f"{row['jobset']} {row['system']}: half of failures end in {days(row['median_days'])} "
            f"({bare_days(row['median_days_low'])} to {bare_days(row['median_days_high'])})",
        )
        for row in found[:1]
    ]


def _median_moved(rows: Rows, row: dict[str, Any]) -> str:
    """The median of today against what could be said 30 days before."""
    for before in rows("median_before", **_series(row)):
        if before["before_days"] is None:
            return f"Half had not ended yet on {day(before['before_at'])}."
        change = round(row["median_days"] - before["before_days"], 6)
        return _moved(change, days(abs(change)), before["before_at"], "longer", "shorter")
    return _moved(None, "", None, "longer", "shorter")


def _long(rows: Rows) -> list[Card]:
    found = [row for row in rows("long_failures") if row["system"] == FIRST_SYSTEM] or rows("long_failures")
    found.sort(key=lambda row: (row["until_at"], row["now_jobs"]), reverse=True)
    return [
        Card(
            f"{row['jobset']}: jobs failing for 90 days or more on {row['system']}",
            number(row["now_jobs"]),
            "Failures of their own build, open in the newest complete evaluation",
            "The same as 30 days before."
            if row["change_jobs"] == 0
            else f"{number(abs(row['change_jobs']))} {'more' if row['change_jobs'] > 0 else 'fewer'} "
            "than 30 days before.",
            f"To {day(row['until_at'])}",
            "failing_for_long.html",
            _points(rows("spark_long", **_series(row))),
            f"{row['jobset']} {row['system']}: {counted(row['now_jobs'], 'job')} failing for 90 days or more",
        )
        for row in found[:1]
    ]


def _channel(rows: Rows, newest: datetime | None) -> list[Card]:
    row = _first(
        [row for row in rows("channel_now") if row["now_days"] is not None], "channel", FIRST_CHANNEL
    )
    if row is None:
        return []
    silent = newest is not None and newest - row["as_of_at"] > SILENT
    faster = row["before_days"] is not None and row["now_days"] < row["before_days"]
    return [
        Card(
            f"{row['channel']}: median time between advances, last 90 days",
            days(row["now_days"]),
            f"n = {number(row['now_gaps'])} waits; the longest {days(row['now_longest_days'])}",
            "No wait is known in the 90 days before."
            if row["before_days"] is None
            else f"{'Shorter' if faster else 'Longer'} than in the 90 days before ({days(row['before_days'])}).",
            f"To {day(row['as_of_at'])}" + (", where this source ends" if silent else ""),
            place("channels", row["source"], row["channel"]) + ".html",
            _points(rows("spark_channel", source=row["source"], channel=row["channel"])),
            f"{row['channel']}: {days(row['now_days'])} between advances",
        )
    ]


def _coverage(rows: Rows) -> list[Card]:
    found = rows("coverage_now")
    return [
        Card(
            "Answers of build farms that are too incomplete to use",
            f"{number(row['incomplete_answers'])} of {number(row['answers'])}",
            f"They neither begin nor end a failure here; {counted(row['provisional_answers'], 'verdict')} may still "
            f"be revised; {counted(row['gaps'], 'gap')} declared",
            f"{number(row['now_incomplete'])} of {number(row['now_answers'])} in the newest 30 days, "
            f"{number(row['before_incomplete'])} of {number(row['before_answers'])} in the 30 days before.",
            f"Evaluations from {day(row['first_at'])} to {day(row['last_at'])}, each system counted",
            "coverage.html",
            (),
            f"{number(row['incomplete_answers'])} of {number(row['answers'])} answers are incomplete and left out",
        )
        for row in found
        if row["answers"]
    ]


def html(card: Card, root: str) -> Markup:
    """One card."""
    return Markup(
        f'<div class="card"><p class="card-name"><a href="{root}{esc(card.href)}">{esc(card.name)}</a></p>'
        f'<p class="card-figure">{esc(card.figure)}</p><p class="card-sure">{esc(card.sure)}</p>{spark(card.points)}'
        f'<p class="card-change">{esc(card.change)}</p><p class="card-asof">{esc(card.as_of)}</p></div>'
    )


def spark(points: tuple[tuple[Any, float], ...]) -> str:
    """A line without axes, newest value dotted; decoration, since the card says the value and its change in words."""
    if len(points) < 3:
        return ""
    across = [
        point[0].timestamp() if isinstance(point[0], datetime) else _ordinal(point[0]) for point in points
    ]
    values = [point[1] for point in points]
    left, wide, low, high = (
        across[0],
        (across[-1] - across[0]) or 1,
        min(values),
        (max(values) - min(values)) or 1,
    )
    drawn = [
        (round(2 + 194 * (x - left) / wide, 1), round(38 - 34 * (y - low) / high, 1))
        for x, y in zip(across, values, strict=True)
    ]
    path = "M" + "L".join(f"{x} {y}" for x, y in drawn)
    return (
        f'<svg class="spark" viewBox="0 0 200 42" preserveAspectRatio="none" aria-hidden="true"><path d="{path}"/>'
        f'<path class="spark-end" d="M{drawn[-1][0]} {drawn[-1][1]}h0"/></svg>'
    )


def _ordinal(value: Any) -> float:
    return float(value.toordinal()) if hasattr(value, "toordinal") else float(value)
