"""One build of the warehouse: decides whether anything is new, builds beside the old file, replaces it at the end.

Keyed by the version of the data and of the code: where both are those of the finished file, nothing is done.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import duckdb

from models.events import EVENT_TYPES
from models.presets import PRESETS
from pipelines import checks as claims
from pipelines import paths, relations, warehouse
from pipelines.log import lock
from pipelines.log.store import EventLog
from pipelines.relations import Relation

CODE = (
    "models",
    "pipelines/replay",
    "pipelines/estimates",
    "pipelines/graph",
    "pipelines/warehouse.py",
    "pipelines/relations.py",
)
"""Code besides `sql/` on which the rows of the warehouse depend."""


ENGINES = ("duckdb", "numpy", "polars", "pyarrow")


def code_version(places: Iterable[Path]) -> str:
    """SHA-256 over the text of all source files in these places and over the versions of what computes rows."""
    digest = hashlib.sha256(" ".join(version(name) for name in ENGINES).encode())
    for place in places:
        files = (
            [place]
            if place.is_file()
            else sorted(p for p in place.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        )
        for file in files:
            digest.update(f"\0{file.relative_to(place.parent)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


class WarehouseBuild:
    """State of one build in one process."""

    def __init__(
        self, log: EventLog, target: Path, last_batch: int | None = None, preset: str = "headline"
    ) -> None:
        self.log = log
        self.target = target
        self.last_batch = last_batch
        self.preset = preset
        self._con: duckdb.DuckDBPyConnection | None = None
        self._lock = ExitStack()

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """Every relation, dependencies first."""
        return relations.load(paths.SQL)

    @cached_property
    def checks(self) -> dict[str, list[claims.Check]]:
        """Checks by the relation that they are about."""
        return claims.load(paths.SQL / "checks", self.relations)

    @cached_property
    def parameters(self) -> Mapping[str, object]:
        """Values bound in SQL: the preset's, and what identifies the data and the code. Fixed when first asked."""
        batches = [b for b in self.log.batches() if self.last_batch is None or b.batch <= self.last_batch]
        stacked = {
            relations.preset_parameter(name, parameter): value
            for name, preset in PRESETS.items()
            for parameter, value in preset.parameters().items()
        }
        return {
            **stacked,
            **PRESETS[self.preset].parameters(),
            "data_version": batches[-1].hash if batches else "0" * 64,
            "batches": len(batches),
            "code_version": code_version([paths.SQL, *(paths.ROOT / name for name in CODE)]),
        }

    @cached_property
    def is_current(self) -> bool:
        """Whether the finished file holds this data computed by this code, and its views read the files of today.

        Compacting the log changes its files and nothing else; the views would miss those that are gone.
        """
        if not self.target.is_file():
            return False
        wanted = (self.parameters["data_version"], self.parameters["code_version"])
        try:
            with warehouse.connect(self.target, read_only=True) as con:
                found = con.execute("select data_version, code_version from core.data_version").fetchall()
                read = {file for (file,) in con.execute("select file from log.files").fetchall()}
        except duckdb.Error:
            return False
        return found == [wanted] and read == {file for name in EVENT_TYPES for file in self.log.files(name)}

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The database that is being built; opened when first asked."""
        if self._con is None:
            self._lock.enter_context(
                lock.exclusive(self._place.with_suffix(".lock"), f"the warehouse {self.target}")
            )
            self._place.unlink(missing_ok=True)
            self._con = warehouse.connect(self._place)
            self._con.execute("set preserve_insertion_order = true")
            warehouse.attach_log(self._con, self.log, self.last_batch)
            for schema in relations.SCHEMAS:
                self._con.execute(f"create schema if not exists {schema}")
        return self._con

    @property
    def _place(self) -> Path:
        return self.target.with_name(f"{self.target.stem}.building.duckdb")

    def create(self, key: str) -> int:
        """Create one relation; number of its rows (0 for a view, which is not counted)."""
        relation = self.relations[key]
        warehouse.create(self.con, relation, self.parameters)
        if relation.kind == "view":
            return 0
        return self.con.execute(f"select count(*) from {key}").fetchall()[0][0]

    def check(self, key: str) -> list[claims.Result]:
        """Results of the grain check and the claims about one relation."""
        return claims.run(self.con, self.relations[key], self.checks.get(key, []))

    def warnings(self, key: str) -> list[claims.Result]:
        """Results of the claims that only warn, asked of the finished file."""
        asked = [check for check in self.checks.get(key, []) if check.is_warning]
        if not asked:
            return []
        with warehouse.connect(self.target, read_only=True) as con:
            return [r for r in claims.run(con, self.relations[key], asked) if r.is_warning]

    def finish(self) -> None:
        """Put the finished file in place."""
        warehouse.finish(self.con, self.relations, self.log, self.target, self.last_batch)
        self.close()

    def close(self) -> None:
        """Drop what is being built."""
        if self._con is not None:
            self._con.close()
            self._con = None
            self._place.unlink(missing_ok=True)
            self._lock.close()
