"""Given events, expected rows: reads `tests/sql/<relation>/<case>/`, builds `sql/`, gives rows to compare.

A case is a folder named after the sentence that it proves. `given.jsonl` holds events as they are in the log, one
JSON object a line; `world.txt` draws them as a grid (see `tests.sql.world`), `rebuilds.txt` as a package set that
is built commit by commit (see `tests.rebuilds`); any of them may be missing. Every event's source is the case
(`<relation>/<folder>`), so that all cases stand in one log and also show that sources do not touch each other. What
does not belong to one source, the attributes that markers name, must differ between cases.
"""

import functools
import json
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from models.events import EVENT_TYPES, Event
from pipelines import relations, warehouse
from pipelines.building import WarehouseBuild
from pipelines.log.schema import arrow_schema, conform, frame_of
from pipelines.log.store import EventLog
from pipelines.paths import SQL
from pipelines.relations import Relation
from tests import rebuilds
from tests.sql import world

HERE = Path(__file__).parent
SCHEMA = dict.fromkeys(
    (
        "channel_advances",
        "channel_stalls",
        "channel_verdicts",
        "ci_details",
        "cohorts",
        "evaluation_systems",
        "failure_episodes",
        "flaky_derivations",
        "found_waves",
        "gaps",
        "jobs_now",
        "maintained_jobs",
        "regression_jobs",
        "regression_suspects",
        "root_cause_coverage",
        "root_cause_reach",
        "root_causes",
        "update_reach",
        "wave_evaluations",
        "wave_package_states",
        "wave_packages",
        "wave_rebuilds",
        "waves",
    ),
    "core",
)
"""Schemas of the relations that have cases here and are not metrics."""
OWN_RUNNERS = {"channel_delay", "job_agreement", "time_to_fix", "time_to_fix_curve", "unseen_by_official"}
"""Relations whose cases another module reads."""
RELATIONS = tuple(
    sorted(
        {folder.name for folder in HERE.iterdir() if folder.is_dir() and folder.name[0] not in "._"}
        - OWN_RUNNERS
    )
)
Row = dict[str, Any]
Recorded = tuple[int, Event]
"""Number of the batch, and the event."""

_any_event = msgspec.json.Decoder(functools.reduce(operator.or_, EVENT_TYPES.values()))


def cases() -> list[str]:
    """`<relation>/<folder>` of every case."""
    return [f"{name}/{folder.name}" for name in RELATIONS for folder in sorted((HERE / name).iterdir())]


def events(case: str) -> list[Recorded]:
    """The events of a case: those of the grid, then those given one by one, which came first."""
    folder = HERE / case
    found: list[Recorded] = []
    if (folder / "world.txt").exists():
        found += world.events((folder / "world.txt").read_text(encoding="utf-8"), case)
    if (folder / "rebuilds.txt").exists():
        drawn = (folder / "rebuilds.txt").read_text(encoding="utf-8")
        found += [(1, event) for event in rebuilds.events(drawn, case)]
    if (folder / "given.jsonl").exists():
        found += [(1, _any_event.decode(line)) for line in (folder / "given.jsonl").read_bytes().splitlines()]
    strangers = {event.source for _, event in found} - {case}
    assert not strangers, f"{case} has events of {strangers}: write the case as their source"
    return found


def build(given: Iterable[Recorded], *only: str) -> duckdb.DuckDBPyConnection:
    """The whole of `sql/` over these events, in memory; or the named relations and all that they read."""
    by_type: dict[str, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for batch, event in given:
        by_type[str(type(event).__struct_config__.tag)][batch].append(event)
    con = warehouse.connect(":memory:")
    con.execute("create schema log")
    for name in EVENT_TYPES:
        parts = [conform(name, frame_of(some), batch) for batch, some in sorted(by_type[name].items())]
        con.register("rows", pa.concat_tables([arrow_schema(name).empty_table(), *parts]))
        con.execute(f"create table log.{name} as select * from rows")
        con.unregister("rows")
    wanted = with_ancestors(*only) if only else None
    warehouse.build(con, all_relations(), only=wanted, parameters=parameters())
    return con


def build_from(log: EventLog, *only: str) -> duckdb.DuckDBPyConnection:
    """The named relations and all that they read, in memory, over a log."""
    con = warehouse.connect(":memory:")
    warehouse.attach_log(con, log)
    warehouse.build(con, all_relations(), only=with_ancestors(*only), parameters=parameters())
    return con


@functools.cache
def all_relations() -> dict[str, Relation]:
    """Every relation of `sql/`, dependencies first."""
    return relations.load(SQL)


def with_ancestors(*names: str) -> set[str]:
    """These relations and all that they are computed from."""
    known, found, wanted = all_relations(), set[str](), list(names)
    while wanted:
        name = wanted.pop()
        if name in known and name not in found:
            found.add(name)
            wanted += known[name].dependencies
    return found


@functools.cache
def parameters() -> Mapping[str, object]:
    """What a build of the report binds; of a log that is not there."""
    return WarehouseBuild(EventLog(HERE / "no-log"), HERE / "no-warehouse").parameters


def rows(con: duckdb.DuckDBPyConnection, case: str) -> list[Row]:
    """Rows of the relation that a case is about, in the relation's own order."""
    name = case.partition("/")[0]
    found = con.sql(f"from {SCHEMA.get(name, 'metrics')}.{name} where source = $case", params={"case": case})
    return [{key: _plain(value) for key, value in row.items()} for row in found.to_arrow_table().to_pylist()]


def expected(case: str) -> list[Row]:
    """Rows of `expect.jsonl`: columns that a case is not about are left out, rows are not."""
    text = (HERE / case / "expect.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _plain(value: Any) -> Any:
    """Instants as in `expect.jsonl`: the day, and the time of day where it is not midnight."""
    if isinstance(value, datetime):
        instant = value.astimezone(UTC)
        is_midnight = instant.time().isoformat() == "00:00:00"
        return instant.date().isoformat() if is_midnight else instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
