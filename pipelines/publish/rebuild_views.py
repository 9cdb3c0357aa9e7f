"""Tables of what rebuilds cost: by kind of evidence, kind of edge and trigger."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipelines.publish import grid, text
from pipelines.publish.grid import Cell
from pipelines.publish.labels import columns
from pipelines.publish.reference import Reference
from pipelines.publish.text import esc, link, percent

ROLES = {
    "check": "inputs for tests",
    "native": "native build inputs",
    "build": "build inputs",
    "propagated": "propagated inputs",
    "stdenv": "standard environment",
    "source": "sources and patches",
    "other": "another variable, or several",
    "unnamed": "named nowhere",
    "unknown": "unknown",
    "several": "no single kind",
}
CONTENTS = {
    "cutoff": "same",
    "rewrite-only": "same but for references",
    "changed": "changed",
    "not-finished": "did not finish",
}


class RebuildViews(Reference):
    """What pages about rebuilds ask for."""

    def trigger(self, row: Mapping[str, Any]) -> Cell:
        """A trigger, linked to its page where it has one."""
        listed = {
            (one["source"], one["jobset"], one["trigger"])
            for one in self._assembly.rows("rebuild_trigger_list")
        }
        place = text.place("rebuild_cost", row["source"], row["jobset"])
        href = f"{self._root}{place}/{text.slug(row['trigger'])}.html"
        is_listed = (row["source"], row["jobset"], row["trigger"]) in listed
        shown = f"<code>{esc(row['trigger'], 90)}</code>"
        return Cell(Markup(link(shown, esc(href) if is_listed else None)), row["trigger"])

    def rebuild_totals(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """The bill under each kind of evidence."""
        shown = [
            {
                **row,
                "evidence_words": row["evidence"],
                "interval_words": Cell(
                    Markup(
                        esc(
                            f"{percent(row['false_positive_ratio_low'])} to {percent(row['false_positive_ratio_high'])}"
                        )
                    ),
                    row["false_positive_ratio_low"],
                ),
            }
            for row in rows
        ]
        keys = (
            "with_verdict",
            "without_verdict",
            "false_positives",
            "false_positive_ratio",
            "interval_words",
        )
        return grid.table(shown, columns("evidence_words", *keys, "cost_ratio", "unknown_cost"), caption)

    def rebuild_roles(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Rebuilds by the kind of edge that brought the change, both proofs side by side."""
        shown = [{**row, "role_words": ROLES.get(row["role"], row["role"])} for row in rows]
        keys = ("with_verdict", "without_verdict", "strict_false_positives", "wide_false_positives")
        return grid.table(shown, columns("role_words", *keys, "strict_hours", "wide_hours"), caption)

    def rebuild_triggers(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Triggers, the costliest first, each linked to its page."""
        shown = [{**row, "trigger": self.trigger(row)} for row in rows]
        costs = ("sole_hours", "shared_hours", "contributing_hours", "unknown_rebuilds")
        proofs = ("with_verdict", "strict_false_positives", "wide_false_positives")
        return grid.table(
            shown, columns("trigger", "system", "evaluations", "all_rebuilds", *costs, *proofs), caption
        )

    def rebuilt_jobs(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Rebuilds of one trigger."""
        shown = [
            {
                **row,
                "content_words": CONTENTS.get(row["content"], "not compared"),
                "role_words": "changed itself"
                if row["has_own_change"]
                else ROLES.get(row["role"], "unknown"),
                "rebuilt_in": Cell(Markup(esc(row["evaluation_id"], 12)), row["turn"]),
                "rebuilt_attr": Cell(Markup(f"<code>{esc(row['attr'], 90)}</code>"), row["attr"]),
            }
            for row in rows
        ]
        keys = (
            "rebuilt_attr",
            "system",
            "rebuilt_in",
            "level",
            "role_words",
            "content_words",
            "trigger_count",
        )
        return grid.table(shown, columns(*keys, "seconds"), caption)
