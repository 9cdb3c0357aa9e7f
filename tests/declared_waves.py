"""Warehouses with the relations about declared waves, and the page of one: shared by tests, no test itself."""

from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from models.events import EVENT_TYPES
from pipelines import relations, warehouse
from pipelines.building import WarehouseBuild
from pipelines.log.store import EventLog
from pipelines.paths import SITE, SQL
from pipelines.publish import pages, scopes
from pipelines.publish.figure import Press
from pipelines.publish.lookup import Lookup
from pipelines.relations import Relation
from tests.property.memory import MemoryLog


@cache
def needed() -> dict[str, Relation]:
    """The relations about declared waves and all that they read, in order."""
    found = relations.load(SQL)
    waiting = ["core.wave_packages", *(key for key in found if key in METRICS)]
    wanted: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in found and key not in wanted:
            wanted.add(key)
            waiting += found[key].dependencies
    return {key: relation for key, relation in found.items() if key in wanted}


METRICS = (
    "metrics.wave_progress",
    "metrics.wave_standing",
    "metrics.wave_blockers",
    "metrics.wave_time_in_state",
    "metrics.wave_levels",
    "metrics.declared_wave_eta",
)


def build(log: EventLog | MemoryLog, con: duckdb.DuckDBPyConnection) -> None:
    """Build them from a log."""
    if isinstance(log, EventLog):
        warehouse.attach_log(con, log)
    else:
        con.execute("create schema log")
        for name in EVENT_TYPES:
            con.register("given", log.frame(name).to_arrow(compat_level=pl.CompatLevel.oldest()))
            con.execute(f"create table log.{name} as select * from given")
            con.unregister("given")
    parameters = WarehouseBuild(EventLog(Path("no-log")), Path("no-warehouse")).parameters
    warehouse.build(con, needed(), parameters=parameters)


def page(con: duckdb.DuckDBPyConnection, wave: str, folder: Path) -> tuple[str, Path, list[str]]:
    """A wave's page as Markdown, the folder of its figures' files, and the HTML of its figures."""
    found = scopes.waves(con)
    made = pages.Assembly(
        press=Press(con, folder / "charts", "f" * 64),
        relations=needed(),
        site=SITE,
        docs=folder / "docs",
        jobsets=[],
        channels=[],
        data_version="f" * 64,
        lookup=Lookup(0, ()),
        waves=found,
    )
    (scope,) = (one for one in found if one.parameters["wave"] == wave)
    pages.write(made, pages.environment(made), "templates/wave.md", "waves/declared/wave.md", scope=scope)
    return (folder / "docs/waves/declared/wave.md").read_text(), folder / "charts", made.press.pieces
