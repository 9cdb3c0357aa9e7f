"""Tables of waves that were found, of their cohorts, and of when they will have left the failing list."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipelines.publish import grid, text
from pipelines.publish.grid import Cell
from pipelines.publish.labels import columns
from pipelines.publish.reference import Reference
from pipelines.publish.text import esc, evidence, link

KINDS = {
    "burst": "burst",
    "series_start": "start of the series",
    "staging_next": "staging-next",
}
TARGETS = {0.5: "half", 0.9: "nine in ten"}


class CohortViews(Reference):
    """What pages about found waves ask for."""

    def found_waves(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Found waves with the jobs that began to fail in them."""
        shown = [
            {
                **row,
                "jobset": self._jobset(row),
                "evaluation": _evaluation(row),
                "wave_kind": KINDS[row["kind"]],
                "ended_at": row["ended_at"] or Cell(Markup("not yet"), ""),
            }
            for row in rows
        ]
        return grid.table(
            shown,
            columns(
                "wave_kind", "jobset", "evaluation", "began_at", "ended_at", "jobs", "still_failing_jobs"
            ),
            caption,
        )

    def cohorts(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Bursts by system: how many jobs, and when half and nine in ten of them had left."""
        shown = [
            {
                **row,
                "evaluation": _evaluation(row),
                "note": "start of the series: may be older" if row["is_series_start"] else " ",
                "half_days": _or_words(row["half_days"], "not yet"),
                "nine_in_ten_days": _or_words(row["nine_in_ten_days"], "not yet"),
            }
            for row in rows
        ]
        keys = ("evaluation", "evaluation_at", "system", "broken_jobs", "still_failing_jobs")
        return grid.table(shown, columns(*keys, "half_days", "nine_in_ten_days", "note"), caption)

    def etas(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """When cohorts will have left, each with what its interval rests on and how such intervals did."""
        shown = [
            {
                **row,
                "jobset": self._jobset(row),
                "evaluation": _evaluation(row),
                "left": Cell(
                    Markup(esc(f"{text.number(row['left_jobs'])} of {text.number(row['jobs'])}")),
                    row["left_jobs"],
                ),
                "eta": _eta(row),
                "tested": _tested(row),
            }
            for row in rows
        ]
        keys = ("jobset", "evaluation", "evaluation_at", "system", "left", "eta")
        return grid.table(shown, columns(*keys, "earlier_clusters", "tested"), caption)

    def declared_etas(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """When the failures of a declared wave will have left, with what each interval rests on."""
        shown = [
            {
                **row,
                "jobset": self._jobset(row),
                "left": row["left_jobs"],
                "target": TARGETS[row["target_ratio"]],
                "eta": _eta(row),
                "tested": _tested(row),
            }
            for row in rows
        ]
        keys = ("jobset", "system", "left", "target", "eta", "earlier_clusters", "tested")
        return grid.table(shown, columns(*keys), caption)

    def backtest(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """How past predictions did: cohorts inside, before and after their interval, and the share that held."""
        shown = [
            {
                **row,
                "jobset": self._jobset(row),
                "target": TARGETS[row["target_ratio"]],
                "predicted": Cell(Markup(esc(_when(row["age_days"]))), row["age_days"]),
                "held": _held(row),
            }
            for row in rows
        ]
        keys = ("target", "predicted", "tested_clusters", "inside", "before", "after", "undecided")
        return grid.table(shown, columns("jobset", *keys, "without_interval", "held", "verdict"), caption)

    def _jobset(self, row: Mapping[str, Any]) -> Cell:
        href = f"{self._root}{text.place('jobsets', row['source'], row['jobset'])}.html"
        return Cell(Markup(link(esc(row["jobset"]), esc(href))), row["jobset"])


def _evaluation(row: Mapping[str, Any]) -> Cell:
    identifier = row["evaluation_id"]
    return Cell(Markup(link(esc(identifier), evidence(row["source"], "eval", identifier))), str(identifier))


def _or_words(value: float | None, words: str) -> float | Cell:
    return Cell(Markup(esc(words)), float("inf")) if value is None else value


def _eta(row: Mapping[str, Any]) -> Cell:
    """The interval in days and its end as a date; else why there is none. Words, which sort by the upper end."""
    if row["reason"]:
        return Cell(Markup(f'<span class="unknown">none: {esc(row["reason"])}</span>'), "~")
    low, high = text.bare_days(row["low_days"]), text.days(row["high_days"])
    exact = f"{text.exact(row['low_at'])} to {text.exact(row['high_at'])}"
    when = f"in {low} to {high}" if row["low_days"] else f"within {high}"
    words = f"{when}, by {text.day(row['high_at'])}"
    return Cell(Markup(f'<span title="{esc(exact)}">{esc(words)}</span>'), f"{row['high_days']:012.4f}")


def _tested(row: Mapping[str, Any]) -> Cell:
    """How intervals of this age did on past cohorts."""
    clusters = row["tested_clusters"] or 0
    held = "" if row["coverage_ratio"] is None else f"{text.percent(row['coverage_ratio'], 0)} of "
    words = f"{held}{text.counted(clusters, 'cluster')}" + (
        ", too few" if row["verdict"] == "too few" else ""
    )
    return Cell(Markup(esc(words)), clusters)


def _when(age_days: int) -> str:
    return "at once" if age_days == 0 else f"after {age_days} days"


def _held(row: Mapping[str, Any]) -> Cell:
    """The coverage with its 95 % interval."""
    if row["coverage_ratio"] is None:
        return Cell(Markup(f'<span class="unknown">{text.UNKNOWN}</span>'), -1.0)
    low, high = text.number(row["coverage_ratio_low"] * 100), text.percent(row["coverage_ratio_high"], 0)
    return Cell(
        Markup(esc(f"{text.percent(row['coverage_ratio'], 0)} ({low} to {high})")), row["coverage_ratio"]
    )
