"""Puts the panels of a figure and its words into one SVG that stands alone, so that a screenshot stays honest."""

import html
import re
import textwrap
from collections.abc import Sequence

from pipelines.publish.palette import FONT, LIGHT

WIDTH = 720
GUTTER = 24
MARGIN = 16
PANEL_TITLE = 22


def panel_width(columns: int) -> int:
    """Width of one panel when `columns` stand side by side."""
    return (WIDTH - 2 * MARGIN - GUTTER * (columns - 1)) // columns


def compose(
    panels: Sequence[tuple[str | None, str, int]],
    columns: int,
    title: str,
    subtitle: str,
    legend: Sequence[tuple[str, str]],
    footer: Sequence[str],
) -> tuple[str, int]:
    """The whole figure, and the height of its plot; `panels` holds each panel's title, SVG and height.

    The view `#plot` shows the panels without the words, for pages that set the words themselves.
    """
    words, top = _lines(title, 92, 20, 16, LIGHT["ink"], "bold", MARGIN + 14)
    more, top = _lines(subtitle, 124, 17, 12.5, LIGHT["muted"], "normal", top + 2)
    keys, top = _keys(legend, top)
    start = top + 4
    width = panel_width(columns)
    drawn, y = [], start
    for first in range(0, len(panels), columns):
        row = panels[first : first + columns]
        for place, (name, svg, _) in enumerate(row):
            x = MARGIN + place * (width + GUTTER)
            if name:
                drawn.append(_text(name, x, y + 14, 13, LIGHT["ink"], "bold"))
            drawn.append(
                f'<g transform="translate({x},{y + (PANEL_TITLE if name else 0)})">{_inner(svg, first + place)}</g>'
            )
        y += max(height for _, _, height in row) + (PANEL_TITLE if row[0][0] else 0) + 8
    foot, bottom = [], y + 16
    for line in footer:
        part, bottom = _lines(line, 140, 15, 11, LIGHT["muted"], "normal", bottom)
        foot.append(part)
    height = bottom
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" font-family="{FONT}"><title>{html.escape(title)}</title>'
        f'<view id="plot" viewBox="0 {start} {WIDTH} {y - start}"/>{hatch(LIGHT["unknown"])}'
        f'<rect width="{WIDTH}" height="{height}" fill="{LIGHT["ground"]}"/>'
        f"{words}{more}{keys}{''.join(drawn)}{''.join(foot)}</svg>\n"
    )
    return drawing, y - start


def _keys(legend: Sequence[tuple[str, str]], y: int) -> tuple[str, int]:
    """The legend in rows; the width of its words is estimated."""
    drawn, x = [], MARGIN
    for mark, label in legend:
        wide = 34 + round(len(label) * 5.9)
        if x > MARGIN and x + wide > WIDTH - MARGIN:
            x, y = MARGIN, y + 17
        drawn.append(_swatch(mark, x, y - 4) + _text(label, x + 20, y, 11.5, LIGHT["muted"], "normal"))
        x += wide
    return "".join(drawn), y + 17 if legend else y


def _swatch(mark: str, x: int, y: int) -> str:
    if mark == "hatch":
        return f'<rect x="{x}" y="{y - 5}" width="14" height="10" fill="url(#hatch)"/>'
    if mark in ("ring", "dot"):
        paint = (
            f'fill="{LIGHT["blue"]}"'
            if mark == "dot"
            else f'fill="none" stroke="{LIGHT["unknown"]}" stroke-width="1.3"'
        )
        return f'<circle cx="{x + 7}" cy="{y}" r="4" {paint}/>'
    if mark == "burst":
        return f'<path d="M{x + 3} {y - 4}h9l-4.500 8z" fill="{LIGHT["ink"]}"/>'
    if mark in ("line", "pale"):
        return f'<rect x="{x}" y="{y - 1}" width="14" height="2" fill="{LIGHT["pale" if mark == "pale" else "blue"]}"/>'
    colour, shade = (LIGHT["blue"], 0.3) if mark == "band" else (LIGHT[mark], 1)
    return f'<rect x="{x}" y="{y - 5}" width="14" height="10" fill="{colour}" fill-opacity="{shade}"/>'


def hatch(colour: str) -> str:
    """The pattern that means unknown."""
    return (
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="6" height="6" fill="{colour}" fill-opacity="0.14"/>'
        f'<line x1="0" y1="0" x2="0" y2="6" stroke="{colour}" stroke-width="2.2"/></pattern></defs>'
    )


def _inner(svg: str, number: int) -> str:
    """A panel's SVG as a group, its ids counted from one: the renderer counts on through its whole life."""
    own: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return found[1] + own.setdefault(found[2], f"p{number}-{len(own) + 1}")

    body = re.sub(r'\b(id="|url\(#)((?:clip|gradient)[^"\)]*)', renamed, svg)
    return re.sub(r"^<svg [^>]*>|</svg>\s*$", "", body.strip())


def _lines(
    text: str, chars: int, step: int, size: float, colour: str, weight: str, y: int
) -> tuple[str, int]:
    parts = []
    for line in textwrap.wrap(text, chars, break_on_hyphens=False) or [""]:
        parts.append(_text(line, MARGIN, y, size, colour, weight))
        y += step
    return "".join(parts), y


def _text(text: str, x: int, y: int, size: float, colour: str, weight: str) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}">{html.escape(text)}</text>'
