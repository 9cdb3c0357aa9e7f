"""A Hydra's tables exported with `copy ... to ... (format csv, header)`, asked like the database they came from.

A folder of `<table>.csv` or `<table>.csv.gz`. Either whole tables, or the narrower selects that are common for
exports: evaluations with project, jobset, revision and uri in place of jobset_id and the inputs' table. Rows that
cannot be used are counted and left out; their content is not kept, since it may hold people's addresses.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from pipelines import csv_tables
from pipelines.csv_tables import Folder, Table
from pipelines.errors import BadInput
from pipelines.sources.base import Rejected

_NUMBER, _MAYBE, _TEXT, _WORDS = "integer not null", "integer", "text not null", "text"
_EVALUATION = {
    "id": _NUMBER,
    "timestamp": _NUMBER,
    "hasnewbuilds": _NUMBER,
    "nrbuilds": _MAYBE,
    "flake": _WORDS,
    "jobset_id": _MAYBE,
    "evaluationerror_id": _MAYBE,
    "project": _WORDS,
    "jobset": _WORDS,
    "revision": _WORDS,
    "uri": _WORDS,
}
_BUILD = {
    "id": _NUMBER,
    "jobset_id": _NUMBER,
    "job": _TEXT,
    "system": _TEXT,
    "nixname": _WORDS,
    "drvpath": _TEXT,
    "finished": _NUMBER,
    "buildstatus": _MAYBE,
    "iscachedbuild": _MAYBE,
    "timestamp": _NUMBER,
    "starttime": _MAYBE,
    "stoptime": _MAYBE,
}
_STEP = {
    "build": _NUMBER,
    "stepnr": _NUMBER,
    "type": _NUMBER,
    "drvpath": _TEXT,
    "status": _MAYBE,
    "starttime": _MAYBE,
    "stoptime": _MAYBE,
    "machine": _WORDS,
    "system": _WORDS,
    "propagatedfrom": _MAYBE,
}
_INPUT = {"eval": _NUMBER, "name": _TEXT, "altnr": _NUMBER, "uri": _WORDS, "revision": _WORDS}
TABLES = {
    "jobsetevals": Table("id", _EVALUATION, frozenset(list(_EVALUATION)[3:]), is_needed=True),
    "jobsetevalmembers": Table("eval, build", {"eval": _NUMBER, "build": _NUMBER}, is_needed=True),
    "builds": Table("id", _BUILD, frozenset({"nixname"}), is_needed=True),
    "jobsets": Table("id", {"id": _NUMBER, "project": _TEXT, "name": _TEXT}),
    "jobsetrenames": Table("project, from_", {"project": _TEXT, "from_": _TEXT, "to_": _TEXT}),
    "jobsetevalinputs": Table("eval, name, altnr", _INPUT),
    "evaluationerrors": Table("id", {"id": _NUMBER, "errormsg": _WORDS}),
    "buildsteps": Table("build, stepnr", _STEP),
    "aggregateconstituents": Table("aggregate, constituent", {"aggregate": _NUMBER, "constituent": _NUMBER}),
}


@dataclass(frozen=True)
class Exported:
    """The tables of an export, ready to be asked."""

    tables: Folder
    rejected: list[Rejected]

    def stream(self, query: str) -> Iterator[pl.DataFrame]:
        """The answer, in one piece."""
        yield self.tables.query(query)

    def newest(self) -> datetime:
        """The newest time in the tables: not later than the export, and the same however often it is read."""
        query = (
            "select greatest((select max(stoptime) from builds), (select max(timestamp) from jobsetevals))"
        )
        return datetime.fromtimestamp(self.tables.query(query).item() or 0, UTC)


@contextmanager
def opened(folder: Path, known: Mapping[str, int]) -> Iterator[Exported]:
    """Load an export. `known`: numbers of jobsets from earlier runs, for exports that do not name them.

    Raises BadInput when a table that is needed, or a column of one, is not there, or a file cannot be read.
    """
    with csv_tables.opened(folder, TABLES) as tables:
        _name_jobsets(tables, folder, known)
        yield Exported(
            tables, [Rejected(one.file, one.reason, b"", rows=one.rows) for one in tables.unusable]
        )


def _name_jobsets(tables: Folder, folder: Path, known: Mapping[str, int]) -> None:
    """Fill in what the narrower exports say in other words: jobsets and the input nixpkgs."""
    columns = tables.columns
    if "revision" in columns["jobsetevals"] and not columns["jobsetevalinputs"]:
        tables.change(
            "insert into jobsetevalinputs select id, 'nixpkgs', 0, uri, revision from jobsetevals "
            "where revision is not null or uri is not null"
        )
    if columns["jobsets"]:
        if "jobset_id" not in columns["jobsetevals"]:
            tables.change(
                "update jobsetevals set jobset_id = j.id from jobsets as j "
                "where j.project = jobsetevals.project and j.name = jobsetevals.jobset"
            )
        return
    if not {"project", "jobset"} <= set(columns["jobsetevals"]):
        raise BadInput(f"{folder} names no jobsets: export jobsets.csv (id, project, name) as well.")
    tables.change(
        """
        insert into jobsets
        select coalesce(min(b.jobset_id), -row_number() over (order by e.project, e.jobset)), e.project, e.jobset
        from jobsetevals as e
        left join jobsetevalmembers as m on m.eval = e.id
        left join builds as b on b.id = m.build
        where e.project is not null and e.jobset is not null
        group by e.project, e.jobset
        """
    )
    for name, number in sorted(known.items()):
        project, _, jobset = name.partition("/")
        tables.change("delete from jobsets where project = ? and name = ? and id < 0", [project, jobset])
        tables.change(
            "insert into jobsets select ?, ?, ? where not exists "
            "(select 1 from jobsets where project = ? and name = ?)",
            [number, project, jobset, project, jobset],
        )
    tables.change(
        "update jobsetevals set jobset_id = j.id from jobsets as j "
        "where j.project = jobsetevals.project and j.name = jobsetevals.jobset"
    )
