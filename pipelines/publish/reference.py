"""What pages say of the relations themselves: their columns, their SQL, where to download them, worked questions."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pipelines.publish import builder, grid, scopes, text
from pipelines.publish.grid import Cell, Column
from pipelines.publish.labels import columns
from pipelines.publish.text import esc, prose
from pipelines.relations import Relation

if TYPE_CHECKING:
    from pipelines.publish.pages import Assembly


def questions(site: Path) -> list[tuple[str, str, str]]:
    """The worked questions: file name, question (the first line's comment), SQL."""
    found = []
    for path in sorted((site / "questions").glob("*.sql")):
        first, _, sql = path.read_text(encoding="utf-8").partition("\n")
        found.append((path.name, re.sub(r"^--\s*", "", first), sql.strip()))
    return found


class Reference:
    """Documentation of relations, for a page somewhere below the site's root."""

    def __init__(self, assembly: "Assembly", root: str) -> None:
        self._assembly = assembly
        self._root = root

    def columns_of(self, relation: Relation) -> Markup:
        """The columns of a relation with type and meaning."""
        types = {
            row["column_name"]: row["column_type"]
            for row in scopes.rows(self._assembly.press.con, f"describe {relation.key}")
        }
        shown = [
            {
                "column": Cell(
                    Markup(f"<code>{esc(name)}</code>{' (grain)' if name in relation.grain else ''}"), name
                ),
                "type": types.get(name, text.UNKNOWN).lower(),
                "meaning": Cell(prose(meaning), meaning),
            }
            for name, meaning in relation.columns.items()
        ]
        return grid.table(shown, columns("column", "type", "meaning"), f"Columns of {relation.key}")

    def sql(self, relation: Relation) -> Markup:
        """The file that defines a relation, as it is. The search leaves it out: it would be half of its index."""
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import SqlLexer

        content = relation.path.read_text(encoding="utf-8").strip()
        pieces = self._assembly.press.pieces
        pieces.append(highlight(content, SqlLexer(), HtmlFormatter(cssclass="highlight", wrapcode=True)))
        return builder.held(len(pieces) - 1, f"sql-{relation.name}", "")

    def downloads(self, relation: Relation) -> Markup:
        """Links to a relation's files."""
        base = f"{self._root}data/{relation.schema}/{relation.name}"
        text = f'<a href="{base}.csv" download>CSV</a> ' if relation.schema == "metrics" else ""
        return Markup(f'<span class="downloads">{text}<a href="{base}.parquet" download>Parquet</a></span>')

    def schema(self) -> Markup:
        """Every public relation, its rows and its page."""
        shown = []
        for relation in self._assembly.relations.values():
            counted = scopes.rows(self._assembly.press.con, f"select count(*) as rows from {relation.key}")
            href = f"{self._root}{relation.schema}/{relation.name}.html"
            shown.append(
                {
                    "relation": Cell(
                        Markup(f'<a href="{href}"><code>{esc(relation.key)}</code></a>'), relation.key
                    ),
                    "meaning": Cell(prose(relation.summary), relation.summary),
                    "rows": counted[0]["rows"],
                    "downloads": Cell(self.downloads(relation), relation.schema),
                }
            )
        shown.sort(key=lambda row: (row["downloads"].sort != "metrics", row["relation"].sort))
        return grid.table(shown, columns("relation", "meaning", "rows", "downloads"), "Public relations")

    def questions(self) -> list[dict[str, Any]]:
        """The worked questions with their SQL and the first rows of their answers."""
        made = []
        for name, question, sql in questions(self._assembly.site):
            rows = scopes.rows(self._assembly.press.con, sql)
            names = list(rows[0]) if rows else []
            made.append(
                {
                    "name": name,
                    "question": question,
                    "sql": Markup(sql),
                    "answer": grid.table(
                        rows[:5], [Column(key, key) for key in names], f"First rows of the answer: {question}"
                    )
                    if rows
                    else Markup('<p class="nothing">No rows.</p>'),
                    "rows": len(rows),
                }
            )
        return made
