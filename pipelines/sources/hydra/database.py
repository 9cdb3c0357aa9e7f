"""Reads a Hydra's own database into `Tables`: what is new since the last run, in one snapshot, in bounded pieces.

A jobset is read evaluation by evaluation, in the order of ids. Its members are new builds, or were members of the
evaluation before, which the state remembers. Builds read earlier are read again when they stopped since, have no
result now or had none the last time: that is every restart and every repointed derivation.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import polars as pl

from pipelines.errors import BadInput
from pipelines.sources.addresses import without_addresses
from pipelines.sources.hydra import database_sql as sql
from pipelines.sources.hydra import postgres, tables
from pipelines.sources.hydra.database_state import Position, State
from pipelines.sources.hydra.tables import Tables

PIECE_MEMBERS = 1_000_000
"""Members of evaluations read before what was read is handed on: some hundred megabytes."""
OVERLAP_SECONDS = 3600
"""Builds that stopped this long before the newest known stop are read again: they may have been stored later."""

_COUNTED = ("evaluations", "inputs", "members", "builds", "steps", "constituents")
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
    recorded: Collection[str] = (),
    piece_members: int = PIECE_MEMBERS,
) -> Iterator[Reading]:
    """What is new of each jobset (`project/jobset`; none named: of all), in pieces. Raises BadInput.

    `now`: when the snapshot was taken; becomes `observed_at`. `recorded`: jobsets that the log knows.
    """
    for name, number in chosen(origin, jobsets, state, recorded).items():
        position = replace(state.get(name) or Position(number), jobset_id=number)
        for piece in _jobset(origin, name, position, now, piece_members):
            state = {**state, name: piece.state[name]}
            yield replace(piece, state=state)


def newest(origin: Origin, name: str, number: int, evaluations: int, now: datetime) -> Tables:
    """The newest evaluations of a jobset with all their builds, whatever was read before."""
    ids = _whole(origin, sql.wanted_evaluations(number, 0, ()))["evaluation_id"].sort().tail(evaluations)
    return _piece(origin, name, Position(number), ids.to_list(), [], now).tables


def chosen(
    origin: Origin, jobsets: Collection[str], state: State, recorded: Collection[str]
) -> dict[str, int]:
    """Name and number of the jobsets wanted, sorted by name.

    A renamed one goes on under the name under which it was read or recorded before, else it has the one that
    Hydra gives it now. Raises BadInput for a name that Hydra does not know.
    """
    there = {f"{project}/{name}": number for number, project, name in _whole(origin, sql.JOBSETS).iter_rows()}
    renamed = {
        f"{project}/{old}": f"{project}/{new}"
        for project, old, new in _whole(origin, sql.RENAMES).sort("project", "from_").iter_rows()
    }
    before = {position.jobset_id: name for name, position in state.items() if position.jobset_id > 0}
    found = {}
    for wanted in jobsets or there:
        now = _renamed(wanted, there, renamed)
        if now is None:
            raise BadInput(
                f"This database has no jobset {wanted}; it has {', '.join(sorted(there)) or 'none at all'}."
            )
        old = [name for name in renamed if name in recorded and _renamed(name, there, renamed) == now]
        name = before.get(there[now]) or (now if now in recorded or not old else old[0])
        found[name] = there[now]
    return dict(sorted(found.items()))


def _renamed(name: str, there: Collection[str], renamed: Mapping[str, str]) -> str | None:
    """The name that a jobset has now; None where there is none."""
    seen = set()
    while name not in there and name in renamed and name not in seen:
        seen.add(name)
        name = renamed[name]
    return name if name in there else None


def _jobset(
    origin: Origin, name: str, position: Position, now: datetime, piece_members: int
) -> Iterator[Reading]:
    query = sql.wanted_evaluations(position.jobset_id, position.last_evaluation, position.pending)
    portions: list[list[int]] = [[]]
    held = 0
    for evaluation, members in _whole(origin, query).sort("evaluation_id").iter_rows():
        if held >= piece_members:
            portions.append([])
            held = 0
        portions[-1].append(evaluation)
        held += members
    changed = sql.changed(
        position.jobset_id, position.last_build, position.last_stop - OVERLAP_SECONDS, position.unfinished
    )
    conditions = changed if position.last_build else []
    for ids in portions:
        piece = _piece(origin, name, position, ids, conditions, now)
        if any(piece.rows.values()):
            yield piece
        position, conditions = piece.state[name], []


def _piece(
    origin: Origin, name: str, position: Position, ids: list[int], conditions: list[str], now: datetime
) -> Reading:
    """These evaluations with their builds, and the builds for which one of the conditions holds."""
    project, _, jobset = name.partition("/")
    of_jobset = {"project": pl.lit(project), "jobset": pl.lit(jobset), "observed_at": _instant(now)}
    evaluations, inputs = _whole(origin, sql.evaluations(ids)), _whole(origin, sql.inputs(ids))
    members = _table("members", _whole(origin, sql.members(ids)))
    known = position.builds.join(members, on="build_id", how="semi")
    older = members.filter(pl.col("build_id") <= position.last_build).join(known, on="build_id", how="anti")
    conditions = conditions + sql.of_evaluations(ids, position.last_build, older["build_id"].to_list())
    told = _each(origin, sql.builds, conditions).with_columns(
        pl.col("is_finished") == 1, pl.col("is_cached") == 1, **of_jobset
    )
    builds = _table("builds", told)
    steps = _table("steps", _each(origin, sql.steps, conditions))
    parts = _table("constituents", _each(origin, sql.constituents, conditions))
    held = pl.concat([builds, known.join(builds, on="build_id", how="anti")]).sort("build_id")
    lacking = members.join(held, on="build_id", how="anti").select("evaluation_id").unique()
    whole = Tables(
        _table(
            "evaluations",
            _evaluations(evaluations, inputs)
            .join(lacking, on="evaluation_id", how="anti")
            .with_columns(**of_jobset),
        ),
        members.join(lacking, on="evaluation_id", how="anti", maintain_order="left"),
        held,
        steps,
        parts,
    )
    pending = frozenset(lacking["evaluation_id"].to_list())
    frames = (evaluations, inputs, members, builds, steps, parts)
    rows = {table: frame.height for table, frame in zip(_COUNTED, frames, strict=True)}
    after = replace(
        _after(position, whole, builds, now),
        last_evaluation=max([position.last_evaluation, *ids]),
        last_build=max(position.last_build, _largest(members["build_id"])),
        pending=pending,
    )
    return Reading(name, whole, {name: after}, rows)


def _after(position: Position, seen: Tables, builds: pl.DataFrame, now: datetime) -> Position:
    """What is known of builds once a piece is in the log; `builds` are those read in it."""
    current = pl.concat([builds, position.builds.join(builds, on="build_id", how="anti")])
    newest = seen.members.filter(pl.col("evaluation_id") == pl.col("evaluation_id").max())
    if _largest(newest["evaluation_id"]) > position.last_evaluation:
        current = seen.builds.join(newest, on="build_id", how="semi")
    else:
        current = current.join(position.builds, on="build_id", how="semi")
    stopped = builds.filter(pl.col("is_finished") & (pl.col("stopped_at") <= now))["stopped_at"]
    waiting = set(builds.filter(~pl.col("is_finished"))["build_id"].to_list())
    return replace(
        position,
        last_stop=max(position.last_stop, _largest(stopped.dt.epoch("s"))),
        unfinished=position.unfinished - set(builds["build_id"].to_list()) | waiting,
        builds=current.with_columns(drv_path=pl.lit(None, pl.String), nix_name=pl.lit(None, pl.String)).sort(
            "build_id"
        ),
    )


def _largest(numbers: pl.Series) -> int:
    """The largest number of a column, 0 without any."""
    return int(numbers.max() or 0)  # type: ignore[arg-type]


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
                without_addresses(pl.col("evaluation_errors"))
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


def _each(origin: Origin, query: Callable[[str], str], conditions: list[str]) -> pl.DataFrame:
    """Distinct rows of a query under each of the conditions."""
    return pl.concat([_whole(origin, query(one)) for one in conditions or ["1 = 0"]]).unique()


def _whole(origin: Origin, query: str) -> pl.DataFrame:
    return pl.concat(list(origin.stream(query)))
