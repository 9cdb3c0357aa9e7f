"""From an Altair chart to what is published: a Vega-Lite text, the Vega that the page draws, panels as SVG.

A figure of small multiples is one chart drawn once per panel: the parameter `panel` names the one in front, so
every panel has the same scales and works at any width.
"""

import copy
import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from pipelines.publish import palette

VEGA_LITE = "6.4"
ROWS = "rows"
"""Name of the data set that every chart draws."""


class Data:
    """The rows of one chart, as its query gave them. Charts may look at them, for extents and labels; never compute."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = tuple(rows)
        self.named = alt.NamedData(name=ROWS)

    def values(self, column: str) -> list[Any]:
        """The known values of a column."""
        return [row[column] for row in self.rows if row[column] is not None]

    def extent(self, *columns: str) -> tuple[Any, Any]:
        """Least and greatest known value over some columns; (0, 1) where nothing is known."""
        known = [value for column in columns for value in self.values(column)]
        return (min(known), max(known)) if known else (0, 1)


_ROLES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
"""What Vega says of each mark. A picture in a page has one text of its own, and its table; no reader sees into it."""
_PATH = re.compile(r' d="[^"]*"')
_DECIMALS = re.compile(r"-?\d+\.\d\d+")


def vega_lite(chart: Callable[[Data], alt.TopLevelMixin], data: Data) -> dict[str, Any]:
    """The chart of the data as plain Vega-Lite with our configuration, filling the width it is given.

    Altair checks every part against its schema while a chart grows, which costs more than drawing it. The tests
    hold every published specification against that schema, so it is not done here.
    """
    with debug_mode(False):
        spec = chart(data).to_dict(validate=False)
    spec["config"] = palette.config()
    return spec


def vega(spec: dict[str, Any]) -> dict[str, Any]:
    """The compiled form, which a browser draws without the Vega-Lite compiler."""
    return vl_convert.vegalite_to_vega(spec, vl_version=VEGA_LITE)


def svg(
    compiled: dict[str, Any], rows: Sequence[Mapping[str, Any]], panel: str | None, width: int
) -> tuple[str, int]:
    """One panel as SVG of `width` pixels, and its height."""
    spec = copy.deepcopy(compiled)
    for data in spec["data"]:
        if data["name"] == ROWS:
            data["values"] = list(rows)
    signals = [signal for signal in spec.get("signals", []) if signal["name"] not in ("width", "panel")]
    spec["signals"] = [*signals, {"name": "width", "value": width}, {"name": "panel", "value": panel}]
    drawn = _ROLES.sub("", vl_convert.vega_to_svg(spec))
    drawn = _PATH.sub(lambda path: _DECIMALS.sub(lambda n: f"{float(n[0]):.1f}", path[0]), drawn)
    size = re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawn)
    return drawn, round(float(size[1])) if size else int(spec.get("height", 200))


def text(spec: object) -> str:
    """JSON that does not depend on the order in which a specification was put together."""
    return json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@functools.cache
def bundle() -> str:
    """The part of Vega that draws compiled specifications, as one script that sets `window.vega`. Takes a second.

    The address is the name under which the renderer carries Vega inside itself; nothing is fetched. Asking for the
    two entry points by that name leaves out the Vega-Lite compiler and a third of the bytes.
    """
    carried = f"https://cdn.jsdelivr.net/npm/vega@{vl_convert.get_vega_version()}/+esm"
    return vl_convert.javascript_bundle(
        f"import {{View, parse}} from '{carried}'; window.vega = {{View, parse}};"
    )
