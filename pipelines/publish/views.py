"""Tables and snippets that pages ask for by name; each turns rows of a query into escaped HTML."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pipelines.publish import grid, scopes, text
from pipelines.publish.grid import Cell, Column
from pipelines.publish.text import esc, evidence, link
from pipelines.relations import Relation

if TYPE_CHECKING:
    from pipelines.publish.pages import Assembly

KINDS = {True: "own", False: "dependency"}
LABELS = {
    "source": "Source",
    "jobset": "Jobset",
    "system": "System",
    "job": "Job",
    "kind": "Failure",
    "evaluation": "Evaluation",
    "evaluation_at": "On",
    "jobs": "Jobs",
    "still_failing": "Still failing (jobs)",
    "fixed_jobs": "Known to be fixed (jobs)",
    "failing_since_at": "Failing since",
    "own_failure_since_at": "Failing since",
    "failing_days": "Days",
    "build": "Newest build",
    "note": "Note",
    "evaluations": "Evaluations",
    "failing_jobs": "Failing (jobs)",
    "own_jobs": "Own failures (jobs)",
    "long_jobs": "90 days or more (jobs)",
    "as_of_at": "As of",
    "provisional_jobs": "Provisional (jobs)",
    "systems_failing": "Fails on (systems)",
    "systems_unnamed": "Not named on (systems)",
    "marked_at": "Marked broken",
    "year_jobs": "A year or more (jobs)",
    "marked_jobs": "Marked since (jobs)",
    "longest_days": "Longest (days)",
    "first_at": "First",
    "last_at": "Newest",
    "evaluations_seen": "Seen",
    "complete_evaluations": "Complete",
    "incomplete_evaluations": "Incomplete",
    "provisional_verdicts": "Provisional",
    "gaps": "Gaps",
    "rejected_inputs": "Rejected inputs",
    "reasons": "Why incomplete",
    "listed_jobs": "Listed (jobs)",
    "incomplete_reason": "Why",
    "detail": "What was seen",
    "declared_at": "On",
    "channel": "Channel",
    "advances": "Advances",
    "last_advance_at": "Last advance",
    "days_since_advance": "Days since then",
    "median_gap_days": "Median wait (days)",
    "p95_gap_days": "95th percentile (days)",
    "longest_gap_days": "Longest gap (days)",
    "median_commit_age_days": "Median age of the commit (days)",
    "revision": "Revision",
    "commit_at": "Committed",
    "advanced_at": "Advanced",
    "gap_days": "Wait (days)",
    "commit_age_days": "Age of the commit (days)",
    "n": "Episodes (n)",
    "open": "Still open",
    "median": "Median (days)",
    "interval": "95 % interval (days)",
    "own_median": "Own failures (days)",
    "dependency_median": "Dependency failures (days)",
    "ended_by_1d_ratio": "Ended by 1 day",
    "ended_by_7d_ratio": "By 7 days",
    "ended_by_30d_ratio": "By 30 days",
    "ended_by_90d_ratio": "By 90 days",
    "closed_mean_days": "Mean of ended ones (days)",
    "restricted_mean_days": "Mean up to 90 days",
    "resolution_days": "Resolution (days)",
    "green_ratio": "Green of decided",
    "decided_jobs": "Decided (n)",
    "change_points": "Against 30 days before (percentage points)",
    "change_failures": "Against 30 days before (jobs)",
    "column": "Column",
    "type": "Type",
    "meaning": "Meaning",
    "relation": "Relation",
    "rows": "Rows",
    "downloads": "Download",
    "provisional_precision_ratio": "Precision at once",
    "provisional_recall_ratio": "Recall at once",
    "example": "For example",
    "preset": "Definition",
    "episodes": "Episodes",
    "closed": "Ended",
    "closed_median_days": "Median of ended ones (days)",
    "negative_durations": "End before they begin",
    "left_censored": "Failing from the first",
    "broken_jobs": "Began to fail (jobs)",
    "still_failing_jobs": "Still failing (jobs)",
    "evaluations_expected": "Known of",
    "unit": "Counts",
}


def columns(*keys: str) -> list[Column]:
    """Columns with the report's headers."""
    return [Column(key, LABELS.get(key, key)) for key in keys]


def job(attr: str) -> Cell:
    """The attribute of a job."""
    return Cell(Markup(f'<code title="{esc(attr, 400)}">{esc(attr, 90)}</code>'), attr[:200])


def evaluation(row: Mapping[str, Any], key: str = "evaluation_id") -> Cell:
    """An evaluation, linked to its source."""
    return Cell(Markup(link(esc(row[key]), evidence(row["source"], "eval", row[key]))), str(row[key]))


def build(row: Mapping[str, Any]) -> Cell:
    """A build, linked to its source."""
    if row["build_id"] is None:
        return Cell(Markup('<span class="unknown">unknown</span>'), "")
    shown = str(row["build_id"]).rsplit(":", 1)[-1]
    return Cell(Markup(link(esc(shown), evidence(row["source"], "build", row["build_id"]))), shown)


def prose(words: str) -> Markup:
    """A line of our own documentation; what stands between backticks becomes code."""
    return Markup(re.sub(r"&#96;(.+?)&#96;", r"<code>\1</code>", esc(words)))


class Views:
    """What a page may ask for; bound to the page's place below the site's root."""

    def __init__(self, assembly: "Assembly", root: str) -> None:
        self._assembly = assembly
        self._root = root

    def jobset(self, row: Mapping[str, Any]) -> Cell:
        """A jobset, linked to its page."""
        href = f"{self._root}{text.place('jobsets', row['source'], row['jobset'])}.html"
        return Cell(Markup(link(esc(row["jobset"]), esc(href))), row["jobset"])

    def channel(self, row: Mapping[str, Any]) -> Cell:
        """A channel, linked to its page."""
        href = f"{self._root}{text.place('channels', row['source'], row['channel'])}.html"
        return Cell(Markup(link(esc(row["channel"]), esc(href))), row["channel"])

    def channel_scope(self) -> scopes.Scope:
        """All channels together."""
        return scopes.whole(self._assembly.channels, "all channels")

    def failing(self, rows: Sequence[Mapping[str, Any]], caption: str) -> Markup:
        """Failing jobs with the builds that show it."""
        shown = [
            {
                **row,
                "job": job(row["attr"]),
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
                "job": job(row["attr"]),
                "jobset": self.jobset(row),
                "build": build(row),
                "marked_at": row["marked_at"] if row["marked_at"] else Cell(Markup("not known to be"), ""),
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
            {**row, "jobset": self.jobset(row), "evaluation": evaluation(row), "example": job(row["example"])}
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
        """The file that defines a relation, as it is."""
        return Markup(relation.path.read_text(encoding="utf-8").strip())

    def downloads(self, relation: Relation) -> Markup:
        """Links to a metric's files."""
        base = f"{self._root}data/{relation.schema}/{relation.name}"
        return Markup(
            f'<span class="downloads"><a href="{base}.csv" download>CSV</a> <a href="{base}.parquet" download>Parquet</a></span>'
        )

    def schema(self) -> Markup:
        """Every public relation, its rows and its page."""
        shown = []
        for relation in self._assembly.relations.values():
            count = scopes.rows(self._assembly.press.con, f"select count(*) as rows from {relation.key}")[0][
                "rows"
            ]
            shown.append(
                {
                    "relation": Cell(
                        Markup(
                            f'<a href="{self._root}{relation.schema}/{relation.name}.html"><code>{esc(relation.key)}</code></a>'
                        ),
                        relation.key,
                    ),
                    "meaning": Cell(prose(relation.summary), relation.summary),
                    "rows": count,
                    "downloads": Cell(
                        self.downloads(relation)
                        if relation.schema == "metrics"
                        else Markup("in the database"),
                        relation.schema,
                    ),
                }
            )
        shown.sort(key=lambda row: (row["downloads"].sort != "metrics", row["relation"].sort))
        return grid.table(shown, columns("relation", "meaning", "rows", "downloads"), "Public relations")

    def questions(self) -> list[dict[str, Any]]:
        """The worked questions with their SQL and the first rows of their answers."""
        from pipelines.publish.pages import questions

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


def bound(assembly: "Assembly", root: str) -> Views:
    """The views of one page."""
    return Views(assembly, root)
