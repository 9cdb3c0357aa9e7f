"""Tables of feeds and lists of notices."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipelines.publish import grid
from pipelines.publish.grid import Cell
from pipelines.publish.labels import columns
from pipelines.publish.notice_lists import WORDS
from pipelines.publish.notice_scopes import KINDS
from pipelines.publish.reference import Reference
from pipelines.publish.text import esc

MOST = 60


class NoticeViews(Reference):
    """What pages about notices ask for."""

    def notice_kinds(self) -> list[tuple[str, str]]:
        """Kinds of feeds with their headings, in order."""
        return list(KINDS.items())

    def notice_feeds(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Feeds with what they tell, before and after folding."""
        shown = [
            {
                "feed": Cell(Markup(f"<code>{esc(row['title'], MOST)}</code>"), row["title"]),
                "began_failures": row["failures"],
                "told_notices": row["notices"],
                "open_notices": row["open"],
                "over_notices": row["over"],
                "newest_at": row["newest_at"] or Cell(Markup("none in 90 days"), ""),
                "follow": self._links(
                    row["place"], {"atom": "Atom", "json": "JSON", "md": "digest"}, row["title"]
                ),
            }
            for row in rows
        ]
        return grid.table(
            shown,
            columns(
                "feed",
                "follow",
                "began_failures",
                "told_notices",
                "open_notices",
                "over_notices",
                "newest_at",
            ),
            f"Feeds: {caption.lower()}",
        )

    def notice_lists(self, rows: Sequence[Mapping[str, Any]]) -> Markup:
        """Lists of attributes for patches."""
        shown = [
            {
                **row,
                "list": WORDS[row["word"]],
                "attributes": row["jobs"],
                "follow": self._links(
                    row["place"],
                    {"txt": "list", "atom": "Atom", "json": "JSON"},
                    f"{WORDS[row['word']]}, {row['jobset']}, {row['system']}",
                ),
            }
            for row in rows
        ]
        return grid.table(
            shown,
            columns("list", "follow", "jobset", "system", "attributes", "as_of_at"),
            "Candidates to mark as broken and to unmark, by jobset and system",
        )

    def _links(self, place: str, kinds: Mapping[str, str], what: str) -> Cell:
        links = " ".join(
            f'<a href="{esc(self._root + place)}.{suffix}" aria-label="{esc(f"{word}: {what}", 160)}">{word}</a>'
            for suffix, word in kinds.items()
        )
        return Cell(Markup(f'<span class="downloads">{links}</span>'), place)
