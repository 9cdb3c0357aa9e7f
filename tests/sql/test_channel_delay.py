"""Given advances, expected delays: one folder a case, named after the sentence that it proves.

Rows of `given.jsonl` are `channel_advanced` events without what follows from the rest. Rows of `expect.jsonl`
(metrics.channel_delay) and `channels.jsonl` (core.channels) leave out columns that the case is not about, but
every row of the relation must be there. All cases are built at once, each as a source of its own, which also
shows that sources do not touch each other. The bundled history must give the figures of its PROVENANCE.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pytest

from models.events import EVENT_TYPES, ChannelAdvanced
from pipelines import relations, warehouse
from pipelines.log import schema
from pipelines.paths import EXAMPLES, SQL
from pipelines.sources import channel_history
from pipelines.sources.base import Known
from tests.sql import harness

HERE = Path(__file__).parent / "channel_delay"
CASES = sorted(folder.name for folder in HERE.iterdir())
RELATIONS = ("staging.channel_advanced", "core.channel_advances", "core.channels", "metrics.channel_delay")
CHECKS = sorted(
    path
    for name in ("channel_advances", "channel_delay", "channels")
    for path in (SQL / "checks").glob(f"{name}__*.sql")
)
BUNDLED = EXAMPLES / "histories" / "channel-history"
EXPECTED = (
    ("expect.jsonl", "metrics.channel_delay", "channel, period, month_on"),
    ("channels.jsonl", "core.channels", "channel"),
)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def event(case: str, row: dict[str, Any]) -> ChannelAdvanced:
    common = {
        "type": "channel_advanced",
        "id": f"{case}:advance:{row['channel']}:{row['revision']}",
        "source": case,
        "observed_at": row.get("occurred_at") or row["commit_at"],
    }
    return msgspec.convert(common | row, ChannelAdvanced)


def build(events: pa.Table, *only: str) -> duckdb.DuckDBPyConnection:
    con = warehouse.connect(":memory:")
    con.execute("create schema log")
    for name in EVENT_TYPES:
        con.register(
            "rows", events if name == "channel_advanced" else schema.arrow_schema(name).empty_table()
        )
        con.execute(f"create table log.{name} as select * from rows")
        con.unregister("rows")
    wanted = harness.with_ancestors(*(only or RELATIONS))
    warehouse.build(con, harness.all_relations(), only=wanted, parameters=harness.parameters())
    return con


@pytest.fixture(scope="module")
def cases() -> Iterator[duckdb.DuckDBPyConnection]:
    events = [event(case, row) for case in CASES for row in rows_of(HERE / case / "given.jsonl")]
    with build(schema.conform("channel_advanced", schema.frame_of(events), 1)) as con:
        yield con


@pytest.fixture(scope="module")
def bundled() -> Iterator[duckdb.DuckDBPyConnection]:
    facts = channel_history.read(BUNDLED, Known(lambda event_type, source: set()), lambda message: None)
    with build(schema.conform("channel_advanced", facts.frames["channel_advanced"], 1)) as con:
        yield con


def shown(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
    assert all((HERE / case / "expect.jsonl").exists() for case in CASES)


@pytest.mark.parametrize("case", CASES)
def test_case(cases: duckdb.DuckDBPyConnection, case: str) -> None:
    for file, relation, order in EXPECTED:
        path = HERE / case / file
        if path.exists():
            expected = rows_of(path)
            query = f"select * from {relation} where source = $case order by {order}"
            actual = cases.sql(query, params={"case": case}).to_arrow_table().to_pylist()
            found = [
                {name: shown(row[name]) for name in wanted}
                for row, wanted in zip(actual, expected, strict=True)
            ]
            assert found == [
                {name: pytest.approx(v) if isinstance(v, float) else v for name, v in row.items()}
                for row in expected
            ]


def test_rows_of_other_batches_and_orders_give_equal_tables(cases: duckdb.DuckDBPyConnection) -> None:
    events = cases.sql("select * from log.channel_advanced").to_arrow_table()
    backwards = build(events.take(list(range(events.num_rows))[::-1]))
    for name in RELATIONS[1:]:
        assert (
            backwards.sql(f"select * from {name}").fetchall() == cases.sql(f"select * from {name}").fetchall()
        )


@pytest.mark.parametrize("name", RELATIONS)
def test_the_grain_is_unique(
    cases: duckdb.DuckDBPyConnection, bundled: duckdb.DuckDBPyConnection, name: str
) -> None:
    relation = relations.load(SQL)[name]
    for con in (cases, bundled):
        assert con.sql(f"select count(*) from {name}").fetchall()[0][0] > 0
        assert warehouse.grain_violations(con, relation) == 0


@pytest.mark.parametrize(
    ("channel", "advances", "median", "p95", "longest", "age"),
    [
        ("nixos-unstable", 769, 1.55, 6.96, 26.0, 0.89),
        ("nixpkgs-unstable", 1954, 0.33, 3.98, 26.4, 0.48),
        ("nixos-unstable-small", 3820, 0.25, 1.29, 25.6, 0.15),
    ],
)
def test_the_bundled_history_gives_the_figures_of_its_provenance(
    bundled: duckdb.DuckDBPyConnection,
    channel: str,
    advances: int,
    median: float,
    p95: float,
    longest: float,
    age: float,
) -> None:
    rows = bundled.sql(
        """
        select
            month_on,
            advances,
            gaps,
            round(median_gap_days, 2),
            round(p95_gap_days, 2),
            round(longest_gap_days, 1),
            round(median_commit_age_days, 2),
            negative_commit_ages
        from metrics.channel_delay
        where channel = $channel and period = 'window' and basis = 'observed'
        """,
        params={"channel": channel},
    ).fetchall()
    assert rows == [(date(2018, 7, 1), advances, advances, median, p95, longest, age, 0)]


def test_the_bundled_window_equals_a_walk_in_python(bundled: duckdb.DuckDBPyConnection) -> None:
    """The medians of nixos-unstable once more, from the file itself and without SQL."""
    lines = [line.split(",") for line in (BUNDLED / "advances.csv").read_text().splitlines()[1:]]
    seen = sorted(
        datetime.fromisoformat(at) for channel, _, at, _ in lines if channel == "nixos-unstable" and at
    )
    gaps = sorted((b - a).total_seconds() / 86400 for a, b in pairwise(seen) if b.isoformat() >= "2018-07-01")
    (row,) = bundled.sql(
        """
        select gaps, median_gap_days, longest_gap_days
        from metrics.channel_delay
        where channel = 'nixos-unstable' and period = 'window'
        """
    ).fetchall()
    assert row == (
        len(gaps),
        pytest.approx(gaps[len(gaps) // 2], abs=1e-6),
        pytest.approx(gaps[-1], abs=1e-6),
    )


def test_channels_of_the_bundled_history_that_are_retired_are_flagged(
    bundled: duckdb.DuckDBPyConnection,
) -> None:
    rows = dict(bundled.sql("select channel, is_retired from core.channels").fetchall())
    assert len(rows) == 64
    in_use = {channel for channel, is_retired in rows.items() if not is_retired}
    assert in_use == {
        "nixos-22.05",
        "nixos-22.05-aarch64",
        "nixos-22.05-small",
        "nixos-22.11",
        "nixos-22.11-small",
        "nixos-23.05",
        "nixos-23.05-small",
        "nixos-unstable",
        "nixos-unstable-small",
        "nixpkgs-22.05-darwin",
        "nixpkgs-22.11-darwin",
        "nixpkgs-23.05-darwin",
        "nixpkgs-unstable",
    }
    (as_of,) = bundled.sql("select distinct as_of from core.channels").fetchall()[0]
    assert as_of.isoformat() == "2023-05-24T02:43:24+00:00"


ADVANCES, DELAY = "core.channel_advances", "metrics.channel_delay"
DAMAGE = {
    "channel_advances__commits_are_not_from_the_future": f"update {ADVANCES} set commit_age_seconds = -1",
    "channel_advances__first_sights_and_undated_rows_have_no_durations": (
        f"update {ADVANCES} set commit_age_seconds = 1 where is_first_sight"
    ),
    "channel_advances__hold_every_event": f"delete from {ADVANCES} where channel = 'nixos-unstable'",
    "channel_advances__no_gap_is_negative": f"update {ADVANCES} set gap_seconds = -gap_seconds",
    "channel_delay__months_add_up_to_all_advances": (
        f"update {DELAY} set advances = advances + 1 where month_on = date '2020-02-01'"
    ),
    "channel_delay__percentiles_are_in_order": f"update {DELAY} set p95_gap_days = 1000",
    "channel_delay__the_window_is_its_months": f"delete from {DELAY} where month_on = date '2020-02-01'",
    "channels__count_every_row_once": "update core.channels set undated_revisions = 0",
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda path: path.stem)
def test_a_check_holds_and_notices_damage(bundled: duckdb.DuckDBPyConnection, check: Path) -> None:
    text = check.read_text(encoding="utf-8")
    assert bundled.sql(text).fetchall() == []
    bundled.execute("begin transaction")
    try:
        bundled.execute(DAMAGE[check.stem])
        assert bundled.sql(text).fetchall()
    finally:
        bundled.execute("rollback")


def test_every_check_has_its_damage() -> None:
    assert {check.stem for check in CHECKS} == set(DAMAGE)
