"""How long haskell-updates stayed unmergeable: five years of verdicts, against a walk over the file itself.

Of the bundled history only its reports are taken, one observation each, without the jobs: a gate's verdict is the
source's own, so that nothing else takes part in it.
"""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from models.events import ChannelDeclared, EvaluationObserved
from models.parts import ChannelPeriod, Gate
from models.vocabulary import Coverage, Unit
from tests.histories import HASKELL
from tests.sql import harness

JOBSET = "nixpkgs/haskell-updates"
SOURCE = "hydra.nixos.org"
COLUMNS = {"report": "verdict", "mergeable": "mergeable_jobset", "maintained": "maintained_jobset"}
DAY = 86_400


def _reports() -> list[dict[str, Any]]:
    names = ("snapshot", "eval_id", "as_of", "report_commit", *COLUMNS.values())
    return pl.read_parquet(HASKELL / "snapshots.parquet", columns=list(names)).sort("snapshot").to_dicts()


def _observed(report: dict[str, Any]) -> EvaluationObserved:
    return EvaluationObserved(
        id=f"{SOURCE}:evaluation:{JOBSET}:{report['eval_id']}:{report['report_commit']}",
        source=SOURCE,
        observed_at=report["as_of"].replace(tzinfo=UTC),
        jobset=JOBSET,
        evaluation_id=str(report["eval_id"]),
        ordinal=report["eval_id"],
        observation_key=report["report_commit"],
        unit=Unit.PACKAGE,
        coverage=Coverage.FAILURES_WITH_TOTALS,
        listed_statuses=["failed"],
        systems=["x86_64-linux"],
        listed_rows=0,
        listing_checksum=0,
        gates=[Gate(name=name, verdict=report[key]) for name, key in COLUMNS.items() if report[key]],
    )


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    channels = [
        ChannelDeclared(
            id=f"test:channel:{gate}",
            source="test",
            observed_at=datetime(2026, 1, 1, tzinfo=UTC),
            channel=gate,
            title=gate,
            kind="community",
            instance=SOURCE,
            periods=[ChannelPeriod(jobset=JOBSET)],
            gate=gate,
        )
        for gate in COLUMNS
    ]
    given = [(1, event) for event in [*map(_observed, _reports()), *channels]]
    with harness.build(given, "metrics.channel_stall_times", "core.channel_advances") as built:
        yield built


def _passed(gate: str, report: dict[str, Any]) -> bool | None:
    """Whether the gate passed, as the history's PROVENANCE explains the words; None where that is not known."""
    words = {name: report[key] for name, key in COLUMNS.items()}
    if words["report"] is None:
        return None
    if words[gate] in ("failed", "not_mergeable"):
        return False
    if words[gate] == "not_finished":
        return None
    if gate == "report":
        return True if words["report"] == "ready" or words["mergeable"] is None else None
    return True if words["report"] in ("ready", "potential_issues") else None


def _walk(gate: str) -> tuple[list[float], list[float], int]:
    """Days of the stalls that ended, of those that last, and the number of evaluations that passed."""
    last: dict[int, dict[str, Any]] = {}
    first: dict[int, datetime] = {}
    for report in _reports():
        seen = report["as_of"]
        first[report["eval_id"]] = min(seen, first.get(report["eval_id"], seen))
        if report["verdict"] is not None and (
            report["eval_id"] not in last or seen > last[report["eval_id"]]["as_of"]
        ):
            last[report["eval_id"]] = report
    at: dict[int, datetime] = {}
    earliest = max(first.values())
    for evaluation in sorted(first, reverse=True):
        earliest = min(earliest, first[evaluation])
        at[evaluation] = earliest
    ended: list[float] = []
    begun: datetime | None = None
    seen_clear, passes = False, 0
    for evaluation in sorted(last):
        passed = _passed(gate, last[evaluation])
        if passed is False and begun is None:
            begun, was_clear = at[evaluation], seen_clear
        if passed:
            passes += 1
            if begun is not None and was_clear:
                ended.append((at[evaluation] - begun).total_seconds() / DAY)
            begun, seen_clear = None, True
    lasting = [(at[max(last)] - begun).total_seconds() / DAY] if begun else []
    return ended, lasting, passes


@pytest.mark.parametrize("gate", COLUMNS)
def test_stalls_of_a_gate_are_those_of_a_walk_over_the_reports(
    con: duckdb.DuckDBPyConnection, gate: str
) -> None:
    ended, lasting, passes = _walk(gate)
    (row,) = con.execute(
        """
        select ended_stalls, median_stall_days, longest_stall_days, green_evaluations, open_since_at is not null
        from metrics.channel_stall_times where channel = ?
        """,
        [gate],
    ).fetchall()
    assert row == (
        len(ended),
        pytest.approx(statistics.median(ended), abs=1e-5),
        pytest.approx(max(ended), abs=1e-5),
        passes,
        bool(lasting),
    )


def test_how_long_it_stayed_unmergeable(con: duckdb.DuckDBPyConnection) -> None:
    """The headline figures of the two channels that the report declares over this jobset."""
    told = con.sql(
        """
        select channel, stalls, ended_stalls, round(median_stall_days, 2), round(longest_stall_days, 1),
            round(stalled_ratio, 3), green_evaluations, blocked_evaluations, open_since_at::date::varchar
        from metrics.channel_stall_times where channel in ('report', 'maintained') order by channel desc
        """
    ).fetchall()
    assert told == [
        ("report", 136, 135, 2.5, 150.0, 0.578, 658, 942, None),
        ("maintained", 56, 54, 4.87, 439.0, 0.777, 185, 1017, "2026-04-01"),
    ]
