"""Tables as HTML: numbers on the right with their unit in the header, exact values in titles, everything escaped.

How a column is shown follows from its name, by the house's suffixes (`_at`, `_on`, `_days`, `_ratio`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from pipelines.publish import text
from pipelines.publish.text import esc

ROWS = 100
"""Rows of a table that a page shows; the rest is a download."""

LONG = frozenset(
    {"job", "example", "meaning", "reasons", "incomplete_reason", "detail", "note", "attr"}
    | {"title", "covers", "licence", "origin", "eta"}
)
"""Columns of words, which may wrap; all others stay on one line."""


@dataclass(frozen=True)
class Column:
    """One column: which key of the rows, and its header with unit."""

    key: str
    label: str


@dataclass(frozen=True)
class Cell:
    """A cell made by hand: safe HTML, and the value by which it sorts."""

    html: Markup
    sort: str | float | None = None


def table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], caption: str, *, ranked: bool = False
) -> Markup:
    """A table that the page's script makes sortable and filterable; readable without it."""
    numeric = {column.key for column in columns if _is_numeric(column.key, rows)}
    head = "".join(
        f'<th scope="col"{" class=num" if column.key in numeric else ""}>{esc(column.label)}</th>'
        for column in columns
    )
    body = "".join(
        "<tr>"
        + (f"<td class=num>{place}</td>" if ranked else "")
        + "".join(_cell(row[column.key], column.key, column.key in numeric) for column in columns)
        + "</tr>"
        for place, row in enumerate(rows, 1)
    )
    rank = '<th scope="col" class="num">#</th>' if ranked else ""
    return Markup(
        f'<div class="tbl" data-search-exclude role="region" aria-label="{esc(caption)}" tabindex="0">'
        f'<table class="data"><caption>{esc(caption)}</caption>'
        f"<thead><tr>{rank}{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def plain(names: Sequence[str], rows: Sequence[Mapping[str, Any]], limit: int) -> Markup:
    """A table of a query's own columns, the newest or last `limit` rows."""
    shown = list(rows[-limit:])
    part = (
        f"The last {limit} of {text.number(len(rows))} rows; all are in the CSV."
        if len(rows) > limit
        else f"{len(rows)} rows."
    )
    return table(shown, [Column(name, name) for name in names], part)


def _is_numeric(key: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    value = next((row[key] for row in rows if row[key] is not None), None)
    if isinstance(value, Cell):
        return isinstance(value.sort, int | float)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any, key: str, numeric: bool) -> str:
    side = " class=num" if numeric else ""
    if not numeric and key in LONG:
        side = " class=text"
    if isinstance(value, Cell):
        sort = "" if value.sort is None else f' data-v="{esc(value.sort)}"'
        return f"<td{side}{sort}>{value.html}</td>"
    if value is None:
        return f'<td{side} data-v=""><span class="unknown">unknown</span></td>'
    shown, exact = show(value, key)
    title = f' title="{esc(exact)}"' if exact != shown and not isinstance(value, str) else ""
    sort = (
        f' data-v="{esc(value.isoformat() if isinstance(value, date) else value)}"'
        if not isinstance(value, str)
        else ""
    )
    return f"<td{side}{sort}{title}>{esc(shown, text.LONGEST)}</td>"


def show(value: Any, key: str) -> tuple[str, str]:
    """A value as a table shows it, and exactly."""
    if isinstance(value, bool):
        return ("yes" if value else "no"), ("yes" if value else "no")
    if isinstance(value, datetime):
        return text.day(value), text.exact(value)
    if isinstance(value, date):
        return (f"{value:%B %Y}" if key.endswith("month_on") else text.day(value)), value.isoformat()
    if key.startswith("change_") and isinstance(value, int | float):
        return text.signed(value, 2 if isinstance(value, float) else 0), repr(value)
    if isinstance(value, int):
        return (str(value) if key.endswith(("_id", "ordinal", "version")) else text.number(value)), str(value)
    if isinstance(value, float):
        if key.endswith(("_ratio", "_ratio_low", "_ratio_high")):
            return text.percent(value, 2), repr(value)
        return text.number(value, 2 if abs(value) < 100 else 1), repr(value)
    return str(value), str(value)
