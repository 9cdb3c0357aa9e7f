"""Warehouses with the regressions of a log and what they follow from: shared by tests, no test itself."""

from functools import cache

import duckdb

from pipelines import relations, warehouse
from pipelines.building import WarehouseBuild
from pipelines.log.store import EventLog
from pipelines.paths import SQL
from pipelines.relations import Relation

WANTED = (
    "core.root_cause_coverage",
    "core.root_cause_reach",
    "core.regression_jobs",
    "core.regression_suspects",
    "metrics.regressions",
    "metrics.notice_volume",
)


@cache
def needed() -> dict[str, Relation]:
    """The relations of `WANTED` and all that they read, in order."""
    found = relations.load(SQL)
    keys: set[str] = set()
    waiting = list(WANTED)
    while waiting:
        key = waiting.pop()
        if key not in keys:
            keys.add(key)
            waiting += [name for name in found[key].dependencies if name in found]
    return {key: relation for key, relation in found.items() if key in keys}


def build(log: EventLog, last_batch: int | None = None) -> duckdb.DuckDBPyConnection:
    """A warehouse of the log in memory, up to a batch; the caller closes it."""
    con = warehouse.connect(":memory:")
    warehouse.attach_log(con, log, last_batch)
    parameters = WarehouseBuild(log, log.path / "none.duckdb").parameters
    warehouse.build(con, needed(), parameters=parameters)
    return con


def told(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], tuple[object, ...]]:
    """What nobody may change of entries that readers were told of, by source, jobset and name."""
    rows = con.sql(
        """
        select source, jobset, entry, kind, root, first_bad_evaluation_id, first_bad_at, last_good_evaluation_id,
            confirmed_evaluation_id, confirmed_at
        from metrics.regressions
        where confirmed_at is not null
        """
    ).fetchall()
    return {row[:3]: row[3:] for row in rows}
