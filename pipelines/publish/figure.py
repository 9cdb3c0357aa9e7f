"""A figure: one chart with its finding, measure, footer of five parts, table, text alternative and downloads.

A figure `NAME` is `charts/NAME.sql` (its rows, ready to draw) and `charts/NAME.py`: `FIGURE`, `words(data, scope)`
and `chart(data)`. The query is published beside the rows and gives them again from the public database.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from pipelines.publish import builder, drawing, frame, grid
from pipelines.publish.text import day, esc, json_value, place

CHARTS = Path(__file__).parent / "charts"
FOLDER = "data/charts"
SHOWN = 60
"""Rows of a chart's data that its table on the page shows; the downloads have all."""


@dataclass(frozen=True)
class Figure:
    """What a chart module says: `relation` is the metric shown, `panel` the column of small multiples."""

    relation: str
    panel: str | None = None
    columns: int = 2
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Scope:
    """What a page or figure is about: a source's jobset or channel, its period and how new its newest answer is."""

    label: str
    source: str
    begins_at: datetime | None
    ends_at: datetime | None
    as_of_at: datetime | None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """Words of a figure: its finding, what is measured (unit and denominator), on how many things it rests."""

    title: str
    subtitle: str
    n: str
    alternative: str


@dataclass(frozen=True)
class Made:
    """A figure whose files are written: what its HTML needs, wherever it is shown."""

    spec: Figure
    words: Words
    heights: tuple[tuple[str | None, int], ...]
    across: int
    plot: int
    foot: tuple[str, ...]
    table: Markup


@dataclass
class Press:
    """Where figures go, and what every one of them says."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    data_version: str
    made: "dict[str, Made | None]" = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    """The HTML of every figure on every page, by the number that stands for it there."""

    def figure(self, name: str, scope: Scope, root: str) -> Markup:
        """What stands for a figure on a page `root` below the site's root; its files are made when first asked for.

        Empty where the source gives nothing to draw."""
        key = place(name, *scope.parameters.values()) if scope.parameters else name
        if key not in self.made:
            self.made[key] = self._make(name, key, scope)
        made = self.made[key]
        if made is None:
            return Markup("")
        self.pieces.append(_html(key, made, root))
        words = f"{made.words.title}. {made.words.subtitle}"
        return builder.held(len(self.pieces) - 1, _anchor(key), words)

    def _make(self, name: str, key: str, scope: Scope) -> "Made | None":
        """Write one figure's files. None if its query gives no rows."""
        module = importlib.import_module(f"pipelines.publish.charts.{name}")
        files = self.folder / key
        query = (CHARTS / f"{name}.sql").read_text(encoding="utf-8").strip().removesuffix(";")
        columns, rows = self._rows(query, scope, files)
        if not rows:
            return None
        data = drawing.Data(rows)
        words: Words = module.words(data, scope)
        spec: Figure = module.FIGURE
        names = panels(rows, spec.panel)
        across = min(spec.columns, len(names))
        lite = drawing.vega_lite(module.chart, data)
        compiled = drawing.vega(lite)
        plain = [{column: json_value(value) for column, value in row.items()} for row in rows]
        drawn = [(panel, *drawing.svg(compiled, plain, panel, frame.panel_width(across))) for panel in names]
        foot = footer(words, scope, self.data_version)
        svg, plot = frame.compose(drawn, across, words.title, words.subtitle, spec.legend, foot)
        lite["data"] = {"url": f"{files.name}.json"}
        suffixed(files, ".svg").write_text(svg, encoding="utf-8")
        suffixed(files, ".vl.json").write_text(drawing.text(lite) + "\n", encoding="utf-8")
        suffixed(files, ".vg.json").write_text(drawing.text(compiled) + "\n", encoding="utf-8")
        suffixed(files, ".json").write_text(drawing.text(plain) + "\n", encoding="utf-8")
        heights = tuple((panel, height) for panel, _, height in drawn)
        return Made(spec, words, heights, across, plot, tuple(foot), grid.plain(columns, rows, SHOWN))

    def _rows(self, query: str, scope: Scope, files: Path) -> tuple[list[str], list[dict[str, Any]]]:
        """Run a figure's query once; keep its rows as CSV and Parquet and its text with the values filled in."""
        used = {name: value for name, value in scope.parameters.items() if f"${name}" in query}
        self.con.execute(f"create or replace temp table figure_rows as {query}", used or None)
        relation = self.con.sql("select * from figure_rows")
        columns, rows = relation.columns, relation.fetchall()
        if not rows:
            return columns, []
        files.parent.mkdir(parents=True, exist_ok=True)
        csv, parquet = suffixed(files, ".csv"), suffixed(files, ".parquet")
        self.con.execute(f"copy figure_rows to {literal(str(csv))} (format csv, header)")
        self.con.execute(
            f"copy figure_rows to {literal(str(parquet))} (format parquet, compression zstd, parquet_version v2)"
        )
        suffixed(files, ".sql").write_text(filled(query, used) + ";\n", encoding="utf-8")
        return columns, [dict(zip(columns, row, strict=True)) for row in rows]


def suffixed(files: Path, suffix: str) -> Path:
    """The file of a figure with this suffix; names may hold dots."""
    return files.with_name(files.name + suffix)


def panels(rows: Sequence[Mapping[str, Any]], column: str | None) -> list[str | None]:
    """Values of the panel column in the order in which the query gives them; one nameless panel without one."""
    return (
        [None]
        if column is None
        else list(dict.fromkeys(row[column] for row in rows if row[column] is not None))
    )


def literal(value: str) -> str:
    """An SQL string."""
    return "'" + value.replace("'", "''") + "'"


def filled(query: str, parameters: Mapping[str, str]) -> str:
    """The query as a reader can run it: bound values written out. For reading only; we run it with bound values."""
    for name, value in sorted(parameters.items(), key=lambda item: -len(item[0])):
        query = query.replace(f"${name}", literal(value))
    return query


def footer(words: Words, scope: Scope, data_version: str) -> list[str]:
    """Source and period; n, as-of, data version: what both the page and the SVG say below the picture."""
    return [
        f"Source: {scope.source}, {scope.label}, {day(scope.begins_at)} to {day(scope.ends_at)}.",
        f"n = {words.n}. As of {day(scope.as_of_at)}. Data version {data_version[:12]}.",
    ]


def _anchor(key: str) -> str:
    return "fig-" + key.replace("/", "-")


def _html(key: str, made: Made, root: str) -> str:
    base, words = f"{root}{FOLDER}/{key}", made.words
    plots = "".join(
        f'<div class="fig-panel">{f"<p class=fig-name>{esc(name)}</p>" if name else ""}'
        f'<div class="fig-plot" data-panel="{esc(name or "")}" style="height:{height}px"></div></div>'
        for name, height in made.heights
    )
    anchor = _anchor(key)
    definition = f"{root}{made.spec.relation.replace('.', '/')}.html"
    keys = "".join(
        f'<span class="key key-{esc(mark)}">{esc(label)}</span>' for mark, label in made.spec.legend
    )
    n, _, rest = made.foot[1].partition(". ")
    as_of, _, version = rest.partition(". ")
    return (
        f'<figure class="fig" id="{anchor}" data-figure="{esc(base)}">'
        f'<figcaption><span class="fig-title">{esc(words.title)}</span>'
        f'<span class="fig-sub">{esc(words.subtitle)}</span></figcaption>'
        f"{f'<p class=fig-keys>{keys}</p>' if keys else ''}"
        f'<div class="fig-body" role="img" aria-label="{esc(words.alternative)}">'
        f'<div class="fig-panels fig-cols-{made.across}">{plots}</div>'
        f'<img class="fig-static" src="{esc(base)}.svg#plot" alt="{esc(words.alternative)}" width="{frame.WIDTH}" '
        f'height="{made.plot}" style="aspect-ratio:{frame.WIDTH}/{made.plot}" loading="lazy"></div>'
        f"<details data-search-exclude><summary>The numbers as a table</summary>{made.table}</details>"
        f'<p class="fig-foot" data-search-exclude><span data-part="source">{esc(made.foot[0])}</span> '
        f'<span data-part="n">{esc(n)}.</span> '
        f'<span data-part="as-of">{esc(as_of)}.</span> <span data-part="version">{esc(version)}</span> '
        f'<span data-part="links"><a href="{esc(base)}.sql">SQL</a> <a href="{esc(base)}.csv" download>CSV</a> '
        f'<a href="{esc(base)}.parquet" download>Parquet</a> <a href="{esc(base)}.json" download>JSON</a> '
        f'<a href="{esc(base)}.svg">SVG</a> <a href="{esc(base)}.vl.json">chart</a> '
        f'<a href="{esc(definition)}">definition</a> <a href="#{anchor}">link to this figure</a></span></p></figure>'
    )
