"""The report's colours, in one place: charts are drawn in LIGHT and recoloured to DARK by name.

Hues follow Okabe and Ito, which colour-blind readers can tell apart, darkened (light scheme) or lightened (dark
scheme) until text reaches a contrast of 4.5 to 1 and marks 3 to 1 against the ground. A test holds that.
"""

LIGHT = {
    "ground": "#ffffff",
    "panel": "#f5f6f8",
    "ink": "#1c2330",
    "muted": "#566072",
    "rule": "#d5dae2",
    "axis": "#7f8a9c",
    "pale": "#868fa1",
    "blue": "#0069a8",
    "orange": "#b84d00",
    "green": "#007a59",
    "pink": "#a8457e",
    "amber": "#8f6400",
    "sky": "#4193c8",
    "unknown": "#7d8697",
}
DARK = {
    "ground": "#14171f",
    "panel": "#1c212c",
    "ink": "#e6e9f0",
    "muted": "#a3adbd",
    "rule": "#363d4b",
    "axis": "#748096",
    "pale": "#6f7b90",
    "blue": "#5cb6ec",
    "orange": "#f5a25d",
    "green": "#3fcb9d",
    "pink": "#e89bc6",
    "amber": "#e6c05a",
    "sky": "#8ccdf2",
    "unknown": "#8d97a8",
}
TEXT = ("ink", "muted", "blue", "orange", "green", "pink", "amber")
"""Colours that words are set in, on ground and panel."""
MARKS = (*TEXT, "axis", "pale", "sky", "unknown")
"""Colours that marks are drawn in."""

SYSTEMS = {
    "x86_64-linux": "blue",
    "aarch64-linux": "orange",
    "x86_64-darwin": "green",
    "aarch64-darwin": "pink",
}
"""One colour a system, the same on every page; any other system is `amber`."""

HATCH = "url(#hatch)"
"""Fill of what is unknown: a grey hatching that the page and every static SVG define."""

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Liberation Sans comes with the renderer, so static charts measure the same everywhere."""


def system_colour(system: str) -> str:
    """The light-scheme colour of a system."""
    return LIGHT[SYSTEMS.get(system, "amber")]


def variables() -> str:
    """The colours as CSS custom properties, for both schemes of the theme; paper is always light."""
    light, dark = (
        "".join(f"--c-{name}:{colour};" for name, colour in colours.items()) for colours in (LIGHT, DARK)
    )
    return (
        f'[data-md-color-scheme="default"]{{{light}}}\n[data-md-color-scheme="slate"]{{{dark}}}\n'
        f'@media print{{[data-md-color-scheme="default"],[data-md-color-scheme="slate"]{{{light}}}}}\n'
    )


def config() -> dict[str, object]:
    """Vega-Lite configuration shared by every chart, in the light scheme."""
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "mark": {"color": LIGHT["blue"]},
        "axis": {
            "labelColor": LIGHT["muted"],
            "titleColor": LIGHT["muted"],
            "gridColor": LIGHT["rule"],
            "domainColor": LIGHT["axis"],
            "tickColor": LIGHT["axis"],
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelPadding": 5,
            "gridWidth": 0.75,
            "domainWidth": 0.75,
            "tickSize": 4,
        },
        "axisY": {"domain": False, "ticks": False},
        "axisX": {"grid": False},
        "text": {"color": LIGHT["ink"], "fontSize": 12, "font": FONT},
        "legend": {
            "labelColor": LIGHT["ink"],
            "titleColor": LIGHT["muted"],
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "symbolStrokeWidth": 2,
        },
        "line": {"strokeWidth": 2, "strokeJoin": "round"},
        "rule": {"color": LIGHT["axis"]},
    }
