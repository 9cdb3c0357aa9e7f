"""Tables and words of declared channels: where they stand, what blocks them, what a fix would have saved."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from pipelines.publish import grid, text
from pipelines.publish.grid import Cell
from pipelines.publish.labels import columns
from pipelines.publish.reference import Reference
from pipelines.publish.text import esc, evidence, link

TOLD_BY = {
    "propagated": "told by the source's steps",
    "failed_derivations": "told by the derivation",
    "unknown": "why it failed is not told",
}
"""Who told a cause that is not the job itself."""
_SHORT = 12


def _is_commit(told: str | None) -> bool:
    return told is not None and re.fullmatch("[0-9a-f]{40}", told) is not None


class ChannelViews(Reference):
    """What pages about declared channels ask for."""

    def verdict(self, row: Mapping[str, Any]) -> Markup:
        """Where a channel stands now, in words and with a mark that is not colour alone."""
        marks = {"green": "✓ green", "blocked": "✗ blocked", "unknown": "? unknown"}
        if row["verdict"] is None:
            return Markup('<span class="unknown">no data</span>')
        reason = "" if row["reason"] is None or row["verdict"] == "blocked" else f": {esc(row['reason'])}"
        return Markup(f"{marks[row['verdict']]}{reason}")

    def declared_channels(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Declared channels, each linked to its page."""
        shown = [
            {
                **row,
                "channel": self._page(row),
                "verdict": Cell(self.verdict(row), row["verdict"] or ""),
                "stalled_at": row["stalled_at"]
                or (None if row["verdict"] is None else Cell(Markup("not blocked"), "")),
                "jobsets": Cell(Markup(", ".join(esc(name) for name in row["jobsets"])), row["jobsets"][0]),
            }
            for row in rows
        ]
        keys = (
            "channel",
            "source",
            "jobsets",
            "verdict",
            "judged_at",
            "stalled_at",
            "stalls",
            "median_stall_days",
        )
        return grid.table(shown, columns(*keys, "stalled_ratio", "last_advance_at"), caption)

    def channel_page(self, row: Mapping[str, Any], words: str) -> Markup:
        """A link in these words to the page of a channel; `row` has its source and name."""
        href = f"{self._root}{text.place('channels', row['source'], row['channel'])}.html"
        return Markup(link(esc(words), esc(href)))

    def _page(self, row: Mapping[str, Any]) -> Cell:
        return Cell(self.channel_page(row, row["channel"]), row["channel"])

    def channel_blockers(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Jobs that block a channel, with their cause, the commits between which they broke, and what a fix saves."""
        shown = [
            {
                **row,
                "blocker": self._job(row["attr"]),
                "cause": self._cause(row),
                "first_bad": self._evaluation(row["source"], row["first_bad_evaluation_id"]),
                "range": self._range(row),
                "would_advance": self._would_advance(row),
            }
            for row in rows
        ]
        keys = ("blocker", "system", "cause_saved_days", "saved_days", "would_advance", "cause", "cause_jobs")
        more = ("cause_reach_jobs", "first_bad", "first_bad_at", "range")
        return grid.table(shown, columns(*keys, *more), caption, ranked=True)

    def channel_savers(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Causes by the days of stall that a fix would have saved."""
        shown = [{**row, "cause": self._named_cause(row)} for row in rows]
        return grid.table(
            shown,
            columns("cause", "cause_saved_days", "stalls", "jobs", "cause_reach_jobs"),
            caption,
            ranked=True,
        )

    def channel_stalls(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Stalls with what was best to fix, where one fix would have ended them sooner."""
        shown = [
            {
                **row,
                "evaluation": self._evaluation(row["source"], row["evaluation_id"]),
                "ended_at": row["ended_at"] or Cell(Markup("lasts"), ""),
                "cause": self._best_cause(row),
            }
            for row in rows
        ]
        keys = (
            "evaluation",
            "stalled_at",
            "ended_at",
            "stall_days",
            "blocked_evaluations",
            "unknown_evaluations",
        )
        return grid.table(shown, columns(*keys, "cause", "cause_saved_days"), caption)

    def _best_cause(self, row: Mapping[str, Any]) -> Cell:
        """The cause that was best to fix; none where no single fix would have saved anything."""
        if row["cause"] is not None and not row["cause_saved_days"]:
            return Cell(Markup("no single one"), "")
        return self._named_cause(row)

    def _job(self, attr: str) -> Cell:
        """The attribute of a job, linked to its history."""
        shown = f'<code title="{esc(attr, 400)}">{esc(attr, 90)}</code>'
        return Cell(Markup(link(shown, f"{self._root}jobs.html#job={esc(quote(attr, safe=''))}")), attr[:200])

    def _cause(self, row: Mapping[str, Any]) -> Cell:
        """The cause of a failure beside the job, and who told it where it is not the job itself."""
        if row["cause_basis"] == "unknown":
            return Cell(Markup('<span class="unknown">not told</span>'), "")
        if row["cause_basis"] == "own":
            return Cell(Markup("itself"), row["cause"])
        return self._named_cause(row)

    def _named_cause(self, row: Mapping[str, Any]) -> Cell:
        """The same where no job stands beside it."""
        if row["cause"] is None:
            return Cell(Markup('<span class="unknown">unknown</span>'), "")
        shown = f'<code title="{esc(row["cause"], 400)}">{esc(row["cause"], 90)}</code>'
        note = "" if row["cause_basis"] == "own" else f" ({TOLD_BY[row['cause_basis']]})"
        return Cell(Markup(f"{shown}{note}"), row["cause"])

    def _evaluation(self, source: str, identifier: str | None) -> Cell:
        if identifier is None:
            return Cell(Markup('<span class="unknown">none</span>'), "")
        return Cell(Markup(link(esc(identifier), evidence(source, "eval", identifier))), str(identifier))

    def _would_advance(self, row: Mapping[str, Any]) -> Cell:
        """On which day, and to which evaluation, the channel would have advanced without this one job."""
        if row["would_advance_at"] is None:
            return Cell(Markup('<span class="unknown">never</span>'), "")
        to = self._evaluation(row["source"], row["would_advance_evaluation_id"])
        return Cell(
            Markup(f"{text.day(row['would_advance_at'])}, to {to.html}"),
            f"{row['would_advance_at']:%Y-%m-%d}",
        )

    def _range(self, row: Mapping[str, Any]) -> Cell:
        """The commits between which it broke, linked to their comparison where both are told."""
        good, bad = row["last_good_revision"], row["first_bad_revision"]
        if not _is_commit(good) or not _is_commit(bad):
            return Cell(Markup('<span class="unknown">not told</span>'), "")
        note = "" if row["last_good_basis"] == "green" else " (before: not named)"
        href = f"https://github.com/NixOS/nixpkgs/compare/{good}...{bad}"
        words = f"{good[:_SHORT]}..{bad[:_SHORT]}"
        return Cell(Markup(f"{link(esc(words), href)}{note}"), words)
