"""Tables of declared waves: where they stand, what is open, what holds them back, what was decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipelines.publish import grid, text
from pipelines.publish.grid import Cell
from pipelines.publish.labels import columns
from pipelines.publish.reference import Reference
from pipelines.publish.text import esc, evidence, link

STATES = {
    "not_reached": "not reached",
    "awaiting_inputs": "waits for inputs",
    "building": "building",
    "pass": "pass",
    "failing_own": "failing (own)",
    "failing_dependency": "failing (dependency)",
    "wont_fix": "won't be fixed",
    "cant_fix": "can't be fixed",
    "marked_broken": "marked broken",
    "removed": "removed",
}
STANDINGS = {"planned": "planned", "paused": "paused", "final": "final", "under_way": "under way"}
BASES = {
    "declared": "declared",
    "before_start": "the last complete one before the start",
    "none": "none known",
}


class WaveViews(Reference):
    """What pages about declared waves ask for."""

    def waves(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Declared waves, each linked to its page."""
        shown = [
            {**row, "wave": self.wave(row["wave"]), "standing": STANDINGS[row["standing"]]} for row in rows
        ]
        keys = ("wave", "title", "standing", "started_at", "packages", "open_packages", "green_ratio")
        return grid.table(shown, columns(*keys, "evaluation_at"), caption)

    def wave(self, name: str) -> Cell:
        """A declared wave, linked to its page."""
        return Cell(Markup(link(esc(name), f"{self._root}waves/declared/{text.slug(name)}.html")), name)

    def standing(self, word: str) -> str:
        """Where a wave stands, in words."""
        return STANDINGS[word]

    def baseline(self, word: str) -> str:
        """What a wave is compared with, in words."""
        return BASES[word]

    def wave_packages(
        self, rows: Sequence[Mapping[str, Any]], caption: str, *, decided: bool = False
    ) -> Markup:
        """Packages of a wave with their state and what it rests on."""
        shown = [
            {
                **row,
                "job": self.job(row["attr"]),  # type: ignore[attr-defined]
                "state": STATES[row["state"]],
                "build": _build(row["source"], row["build_id"]),
                "root": self._root_of(row),
                "decided_by": self._decision(row),
            }
            for row in rows
        ]
        keys = ("decided_by", "decided_at") if decided else ("root", "state_since_at", "build")
        return grid.table(shown, columns("job", "system", "state", *keys), caption)

    def wave_blockers(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Failures and how many packages of a wave are red because of them."""
        shown = [
            {
                **row,
                "root": self._root_of(row),
                "build": _build(row["source"], row["root_build_id"] or None),
                "failing_since_at": row["failing_since_at"] or Cell(Markup("not open in the wave"), ""),
                "example": self.job(row["example_attr"]) if row["example_attr"] else Cell(Markup(" "), ""),  # type: ignore[attr-defined]
            }
            for row in rows
        ]
        keys = ("root", "root_system", "held_packages", "example", "failing_since_at", "build")
        return grid.table(shown, columns(*keys), caption)

    def wave_counts(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Ten states a system, side by side."""
        return grid.table(rows, columns("jobset", "system", "packages", *STATES, "untold_packages"), caption)

    def wave_ratios(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """The same under every denominator."""
        keys = (
            "green_ratio",
            "decided_packages",
            "green_of_own_ratio",
            "green_of_all_ratio",
            "resolved_ratio",
        )
        return grid.table(rows, columns("jobset", "system", *keys), caption)

    def wave_times(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Stays in each state."""
        shown = [
            {
                **row,
                "state": STATES[row["state"]],
                "median_days": Cell(Markup("none ended"), "")
                if row["median_days"] is None
                else row["median_days"],
            }
            for row in rows
        ]
        keys = ("state", "packages", "stays", "unfinished_stays", "median_days", "longest_days")
        return grid.table(shown, columns("jobset", "system", *keys), caption)

    def wave_rebuilds(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Packages that had passed and were built again."""
        shown = [{**row, "job": self.job(row["attr"])} for row in rows]  # type: ignore[attr-defined]
        return grid.table(shown, columns("job", "jobset", "rebuilds", "red_rebuilds", "rebuilt_at"), caption)

    def _root_of(self, row: Mapping[str, Any]) -> Cell:
        if row["root_attr"]:
            return self.job(row["root_attr"])  # type: ignore[attr-defined]
        if row.get("state") == "failing_dependency" or row.get("is_told") is False:
            return Cell(Markup('<span class="unknown">not told</span>'), "")
        return Cell(Markup(" "), "")

    def _decision(self, row: Mapping[str, Any]) -> Cell:
        said = f"{esc(row['author'])}: {esc(row['reason'], 300)}" if row["author"] else " "
        return Cell(
            Markup(
                link(said, esc(row["url"]) if str(row["url"]).startswith(("https://", "http://")) else None)
            ),
            str(row["author"] or ""),
        )


def _build(source: str, build_id: str | None) -> Cell:
    if build_id is None:
        return Cell(Markup(" "), "")
    shown = str(build_id).rsplit(":", 1)[-1]
    return Cell(Markup(link(esc(shown), evidence(source, "build", build_id))), shown)
