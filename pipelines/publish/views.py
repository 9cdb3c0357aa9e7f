"""Tables and snippets that pages ask for by name; each turns rows of a query into escaped HTML."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from pipelines.publish import grid, scopes, text
from pipelines.publish.channel_views import ChannelViews
from pipelines.publish.cohort_views import CohortViews
from pipelines.publish.grid import Cell
from pipelines.publish.labels import columns
from pipelines.publish.notice_views import NoticeViews
from pipelines.publish.rebuild_views import RebuildViews
from pipelines.publish.text import esc, evidence, link
from pipelines.publish.wave_views import WaveViews

if TYPE_CHECKING:
    from pipelines.publish.pages import Assembly

KINDS = {True: "own", False: "dependency"}


def evaluation(row: Mapping[str, Any], key: str = "evaluation_id") -> Cell:
    """An evaluation, linked to its source."""
    return Cell(Markup(link(esc(row[key]), evidence(row["source"], "eval", row[key]))), str(row[key]))


def build(row: Mapping[str, Any]) -> Cell:
    """A build, linked to its source."""
    if row["build_id"] is None:
        return Cell(Markup('<span class="unknown">unknown</span>'), "")
    shown = str(row["build_id"]).rsplit(":", 1)[-1]
    return Cell(Markup(link(esc(shown), evidence(row["source"], "build", row["build_id"]))), shown)


class Views(ChannelViews, CohortViews, NoticeViews, RebuildViews, WaveViews):
    """What a page may ask for; bound to the page's place below the site's root."""

    def jobset(self, row: Mapping[str, Any]) -> Cell:
        """A jobset, linked to its page."""
        href = f"{self._root}{text.place('jobsets', row['source'], row['jobset'])}.html"
        return Cell(Markup(link(esc(row["jobset"]), esc(href))), row["jobset"])

    def channel(self, row: Mapping[str, Any]) -> Cell:
        """A channel, linked to its page."""
        href = f"{self._root}{text.place('channels', row['source'], row['channel'])}.html"
        return Cell(Markup(link(esc(row["channel"]), esc(href))), row["channel"])

    def job(self, attr: str) -> Cell:
        """The attribute of a job, linked to its history."""
        shown = f'<code title="{esc(attr, 400)}">{esc(attr, 90)}</code>'
        return Cell(Markup(link(shown, f"{self._root}jobs.html#job={esc(quote(attr, safe=''))}")), attr[:200])

    def series_json(self) -> Markup:
        """The series that the files of jobs number, for the page's script."""
        return Markup(esc(json.dumps(self._assembly.lookup.series)))

    def channel_scope(self) -> scopes.Scope:
        """All channels together."""
        return scopes.whole(self._assembly.channels, "all channels")

    def failing(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Failing jobs with the builds that show it."""
        shown = [
            {
                **row,
                "job": self.job(row["attr"]),
                "kind": KINDS[row["has_own_failure"]],
                "build": build(row),
                "note": "; ".join(
                    ["longer than anybody saw"] * row["is_left_censored"]
                    + ["provisional"] * row["is_provisional"]
                )
                or " ",
            }
            for row in rows
        ]
        return grid.table(
            shown,
            columns("job", "system", "kind", "failing_since_at", "failing_days", "build", "note"),
            caption,
        )

    def candidates(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Jobs that have failed by themselves for long."""
        shown = [
            {
                **row,
                "job": self.job(row["attr"]),
                "jobset": self.jobset(row),
                "build": build(row),
                "marked_at": row["marked_at"] or Cell(Markup("not known to be"), ""),
            }
            for row in rows
        ]
        return grid.table(
            shown,
            columns(
                "job",
                "jobset",
                "system",
                "own_failure_since_at",
                "failing_days",
                "systems_failing",
                "systems_unnamed",
                "build",
                "marked_at",
            ),
            caption,
        )

    def bursts(self, rows: Sequence[Mapping[str, Any]], count: str, caption: str) -> Markup:
        """Evaluations in which many failures began or ended."""
        shown = [
            {
                **row,
                "jobset": self.jobset(row),
                "evaluation": evaluation(row),
                "example": self.job(row["example"]),
            }
            for row in rows
        ]
        return grid.table(
            shown,
            columns("jobset", "system", "evaluation", "evaluation_at", "jobs", count, "example"),
            caption,
        )

    def plain(self, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], caption: str) -> Markup:
        """Rows as they are, with jobset, channel and evaluation linked where the columns are there."""
        shown = []
        for row in rows:
            cells = dict(row)
            if "jobset" in keys and row.get("jobset") is not None:
                cells["jobset"] = self.jobset(row)
            if "channel" in keys:
                cells["channel"] = self.channel(row)
            if "evaluation" in keys:
                cells["evaluation"] = evaluation(row)
            shown.append(cells)
        return grid.table(shown, columns(*keys), caption)

    def time_to_fix(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Medians with their interval, own and dependency failures beside."""
        by = {(row["source"], row["jobset"], row["system"], row["kind"]): row for row in rows}
        shown = []
        for (source, jobset, system, kind), row in by.items():
            if kind != "all" or not row["n"]:
                continue
            own, dependency = (
                by.get((source, jobset, system, "own")),
                by.get((source, jobset, system, "dependency")),
            )
            shown.append(
                {
                    **row,
                    "jobset": self.jobset(row),
                    "median": row["median_days"],
                    "interval": Cell(
                        Markup(
                            f"{text.bare_days(row['median_days_low'])} to {text.bare_days(row['median_days_high'])}"
                        ),
                        row["median_days_low"],
                    ),
                    "own_median": own and own["median_days"],
                    "dependency_median": dependency and dependency["median_days"],
                }
            )
        return grid.table(
            shown,
            columns(
                "jobset",
                "system",
                "n",
                "open",
                "median",
                "interval",
                "own_median",
                "dependency_median",
            ),
            caption,
        )


def bound(assembly: "Assembly", root: str) -> Views:
    """The views of one page."""
    return Views(assembly, root)
