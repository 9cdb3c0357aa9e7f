"""Reads a Hydra's own database into `Tables`: what is new since the last run, in one snapshot, in bounded pieces.

A jobset is read evaluation by evaluation, in the order of ids. Its members are new builds, or were members of the
evaluation before, which the state remembers. Builds read earlier are read again when they stopped since, have no
result now or had none the last time: that is every restart and every repointed derivation.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import polars as pl

from pipelines.errors import BadInput
from pipelines.sources.hydra import database_sql as sql
from pipelines.sources.hydra import postgres, tables
from pipelines.sources.hydra.database_state import Position, State
from pipelines.sources.hydra.tables import Tables

PIECE_MEMBERS = 1_000_000
"""Members of evaluations read before what was read is handed on: some hundred megabytes."""
OVERLAP_SECONDS = 3600
"""Builds that stopped this long before the newest known stop are read again: they may have been stored later."""

_ADDRESS = r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"
_INSTANTS = ("evaluated_at", "queued_at", "started_at", "stopped_at")


class Origin(Protocol):
    """Whatever answers the queries: a PostgreSQL, or tables exported from one."""

    def stream(self, query: str) -> Iterator[pl.DataFrame]:
        """The answer in pieces, at least one, which may be empty."""
        ...


@dataclass(frozen=True)
class Reading:
    """One piece. `state` is to be saved once the log holds `tables`, not before."""

    jobset: str
    tables: Tables
    state: State
    rows: Mapping[str, int] = field(default_factory=dict)
    """Rows that the database gave, by table."""


def read(dsn: str, jobsets: Collection[str], state: State, now: datetime) -> tuple[Tables, State]:
    """Everything new at once, for small databases and tests. Raises BadInput."""
    with postgres.snapshot(dsn) as origin:
        return collected(readings(origin, jobsets, state, now), state)


def collected(pieces: Iterator[Reading], state: State) -> tuple[Tables, State]:
    """All pieces as one."""
    read_pieces = list(pieces)
    return tables.concat([one.tables for one in read_pieces]), read_pieces[-1].state if read_pieces else state


def readings(
    origin: Origin,
    jobsets: Collection[str],
    state: State,
    now: datetime,
    piece_members: int = PIECE_MEMBERS,
) -> Iterator[Reading]:
    """What is new of each jobset (`project/jobset`; none named: of all), in pieces. Raises BadInput.

    `now`: when the snapshot was taken; becomes `observed_at`.
    """
    for name, number in chosen(origin, jobsets).items():
        position = replace(state.get(name) or Position(number), jobset_id=number)
        for piece in _jobset(origin, name, position, now, piece_members):
            state = {**state, name: piece.state[name]}
            yield replace(piece, state=state)


def chosen(origin: Origin, jobsets: Collection[str]) -> dict[str, int]:
    """Name and number of the jobsets wanted, sorted; a renamed one under the name that Hydra has for it now."""
    there = {f"{project}/{name}": number for number, project, name in _whole(origin, sql.JOBSETS).iter_rows()}
    renamed = {
        f"{project}/{old}": f"{project}/{new}"
        for project, old, new in _whole(origin, sql.RENAMES).iter_rows()
    }
    found = {}
    for wanted in jobsets or there:
        name, seen = wanted, {wanted}
        while name not in there and name in renamed and renamed[name] not in seen:
            name = renamed[name]
            seen.add(name)
        if name not in there:
            raise BadInput(
                f"No evaluation of {wanted} is in this database; it holds {', '.join(sorted(there)) or 'none at all'}."
            )
        found[name] = there[name]
    return dict(sorted(found.items()))


def _jobset(
    origin: Origin, name: str, position: Position, now: datetime, piece_members: int
) -> Iterator[Reading]:
    new = _whole(origin, sql.new_evaluations(position.jobset_id, position.last_evaluation)).sort(
        "evaluation_id"
    )
    edges, held = [], 0
    for evaluation, members in new.iter_rows():
        held += members
        if held >= piece_members:
            edges.append(evaluation)
            held = 0
    if new.height and (not edges or edges[-1] != new["evaluation_id"][-1]):
        edges.append(new["evaluation_id"][-1])
    is_first = True
    for upto in edges or [position.last_evaluation]:
        piece = _piece(origin, name, position, upto, now, look_back=is_first and position.last_build > 0)
        if any(frame.height for frame in vars(piece.tables).values()):
            yield piece
        position, is_first = piece.state[name], False


def _piece(
    origin: Origin, name: str, position: Position, upto: int, now: datetime, *, look_back: bool
) -> Reading:
    """Evaluations beyond the last one up to `upto`; with `look_back` also what became of builds read earlier."""
    span = (position.jobset_id, position.last_evaluation, upto)
    members = _whole(origin, sql.members(*span)).cast(dict(tables.MEMBERS))  # type: ignore[arg-type]
    evaluations = _whole(origin, sql.evaluations(*span))
    inputs = _whole(origin, sql.inputs(*span))
    known = position.builds.join(members, on="build_id", how="semi")
    unknown = members.filter(
        pl.col("build_id") <= position.last_build,
        ~pl.col("build_id").is_in(known["build_id"].implode()),
    )
    conditions = []
    if members.height:
        others = set(unknown["build_id"].to_list())
        conditions.append(sql.of_evaluations(*span, position.last_build, others))
    if look_back:
        stopped_after = position.last_stop - OVERLAP_SECONDS
        conditions.append(
            sql.changed(position.jobset_id, position.last_build, stopped_after, position.unfinished)
        )
    wanted = f"({' or '.join(conditions) or '1 = 0'})"
    project, _, jobset = name.partition("/")
    of_jobset = {"project": pl.lit(project), "jobset": pl.lit(jobset), "observed_at": _instant(now)}
    told = _whole(origin, sql.builds(wanted)).with_columns(
        pl.col("is_finished") == 1, pl.col("is_cached") == 1, **of_jobset
    )
    builds = _table("builds", told)
    steps = _table("steps", _whole(origin, sql.failed_steps(wanted)))
    parts = _table("constituents", _whole(origin, sql.constituents(wanted)))
    read_now = Tables(
        _table("evaluations", _evaluations(evaluations, inputs).with_columns(**of_jobset)),
        _table("members", members),
        _table("builds", pl.concat([known.join(builds, on="build_id", how="anti"), builds])),
        steps,
        parts,
    )
    counted = {"evaluations": evaluations, "inputs": inputs, "members": members, "builds": builds}
    counted |= {"steps": steps, "constituents": parts}
    rows = {table: frame.height for table, frame in counted.items()}
    return Reading(name, read_now, {name: _after(position, upto, read_now, builds, now)}, rows)


def _after(position: Position, upto: int, seen: Tables, builds: pl.DataFrame, now: datetime) -> Position:
    """The position once a piece is in the log."""
    newest = seen.members.filter(pl.col("evaluation_id") == pl.col("evaluation_id").max())
    current = pl.concat([position.builds.join(builds, on="build_id", how="anti"), builds])
    if newest.height:
        current = pl.concat([seen.builds, current]).unique("build_id", keep="first", maintain_order=True)
        current = current.join(newest, on="build_id", how="semi")
    else:
        current = current.join(position.builds, on="build_id", how="semi")
    is_pending = ~builds["is_finished"]
    stopped = builds.filter("is_finished")["stopped_at"].dt.epoch("s")
    stopped = stopped.filter(stopped <= int(now.timestamp()))
    return Position(
        position.jobset_id,
        upto,
        max(position.last_build, int(seen.members["build_id"].max() or 0)),  # type: ignore[arg-type]
        max(position.last_stop, int(stopped.max() or 0)),  # type: ignore[arg-type]
        (position.unfinished - set(builds["build_id"].to_list()))
        | set(builds.filter(is_pending)["build_id"].to_list()),
        # Names and states are what the next evaluation needs; the log has the rest.
        current.with_columns(drv_path=pl.lit(None, pl.String), nix_name=pl.lit(None, pl.String)).sort(
            "build_id"
        ),
    )


def _evaluations(evaluations: pl.DataFrame, inputs: pl.DataFrame) -> pl.DataFrame:
    """Evaluations with their inputs, sorted by name, and the revision of the one called nixpkgs."""
    grouped = (
        inputs.sort("evaluation_id", "name")
        .group_by("evaluation_id", maintain_order=True)
        .agg(inputs=pl.struct("name", "uri", "revision"))
    )
    revisions = inputs.filter(pl.col("name") == "nixpkgs").select("evaluation_id", "revision")
    return (
        evaluations.join(grouped, on="evaluation_id", how="left")
        .join(revisions.unique("evaluation_id"), on="evaluation_id", how="left")
        .with_columns(
            pl.col("inputs").fill_null([]),
            evaluation_errors=pl.when(pl.col("evaluation_errors") != "").then(
                pl.col("evaluation_errors").str.replace_all(_ADDRESS, "(address left out)")
            ),
        )
    )


def _table(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the columns and types of a table, sorted by its first columns."""
    schema = tables.SCHEMAS[name]
    instants = [
        pl.from_epoch(pl.col(column), "s")
        for column in _INSTANTS
        if column in frame.columns and frame[column].dtype.is_integer()
    ]
    typed = frame.with_columns(instants).select(
        pl.col(column).dt.replace_time_zone("UTC").cast(kind)
        if column in _INSTANTS and frame[column].dtype.is_integer()
        else pl.col(column).cast(kind)
        for column, kind in schema.items()
    )
    keys = {"evaluations": ["evaluation_id"], "builds": ["build_id"], "steps": ["build_id", "step"]}
    return typed.sort(keys.get(name, list(schema)))


def _instant(now: datetime) -> pl.Expr:
    return pl.lit(now.replace(microsecond=0), tables.INSTANT)


def _whole(origin: Origin, query: str) -> pl.DataFrame:
    return pl.concat(list(origin.stream(query)))
