"""What a crawl knows as the tables of a Hydra, and what it could not get as gaps."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from models.events import GapDeclared
from pipelines.sources.addresses import without_addresses
from pipelines.sources.hydra.decode import Build, Evaluation, LatestBuild, read
from pipelines.sources.hydra.store import Store, instant, unpack
from pipelines.sources.hydra.tables import (
    BUILDS,
    CONSTITUENTS,
    EVALUATIONS,
    INSTANT,
    MEMBERS,
    Tables,
)
from pipelines.sources.hydra.workqueue import marks

LOST_SHARE = 0.02
"""Largest share of an evaluation's builds that may be lost (deleted, or never answered for) for it to count:
the share of unfinished ones up to which an evaluation counts as complete."""
REVISION = "nixpkgs"
"""Input whose revision an evaluation is of."""

_LOST = """
select id from work where kind = 'build' and state <> 'open'
"""


@dataclass(frozen=True)
class Recorded:
    """What the log has of an instance: so that a run reads of its store only what is new."""

    evaluations: frozenset[int]
    """Evaluations recorded in full."""
    states: pl.DataFrame
    """Builds and when they were seen: build_id, observed_at."""
    aggregates: frozenset[int]
    """Builds whose constituents are recorded."""


def without_login(address: str | None) -> str | None:
    """An address without user name and password; the same as `database_sql` does where a database is read."""
    return None if address is None else re.sub(r"(^|//)[^/@]*@", r"\1", address, count=1)


def tables(store: Store, jobsets: Iterable[str] | None = None, recorded: Recorded | None = None) -> Tables:
    """Everything known of the jobsets (by recorded name; None: all) whose evaluations are known whole.

    Rows are sorted by ids. An evaluation of which some build is still to be asked for is left for later. Of what is
    recorded, builds are told that were seen again since, that are members of evaluations that are told, or whose
    constituents are not recorded; evaluations only where a build of theirs was never recorded.
    """
    names = sorted(_all(store) if jobsets is None else set(jobsets))
    if not names:
        return Tables()
    seen = _seen(store, names)
    untold, unknown = seen, seen
    if recorded is not None:
        untold = seen.join(recorded.states, on=["build_id", "observed_at"], how="anti")
        unknown = seen.join(recorded.states, on="build_id", how="anti")
    evaluations, members = _evaluations(
        store, names, recorded.evaluations if recorded else frozenset(), unknown["build_id"].unique()
    )
    rows = store.db.execute(
        "select c.aggregate, c.constituent from constituents c join builds b on b.id = c.aggregate "
        f"where b.jobset in ({marks(names)}) order by 1, 2",
        names,
    ).fetchall()
    constituents = pl.DataFrame(rows, schema=CONSTITUENTS, orient="row")
    if recorded is not None:
        there = pl.Series(sorted(recorded.aggregates), dtype=pl.Int64)
        constituents = constituents.filter(~pl.col("aggregate").is_in(there.implode()))
    wanted = [untold["build_id"], members["build_id"], constituents["aggregate"]]
    return Tables(
        evaluations=evaluations,
        members=members,
        builds=_builds(store, names, pl.concat(wanted).unique().sort()),
        constituents=constituents,
    )


def gaps(store: Store, source: str, jobsets: Iterable[str] | None = None) -> list[GapDeclared]:
    """What could not be got, each with the same id on every run."""
    names = sorted(_all(store) if jobsets is None else set(jobsets))
    return [*_given_up(store, source, names), *_lost(store, source, names)]


def jobset_gaps(store: Store, source: str, configured: Iterable[str]) -> list[GapDeclared]:
    """Configured jobsets that the instance does not have."""
    return [
        GapDeclared(
            id=f"{source}:gap:jobset_gone:{name}",
            source=source,
            observed_at=instant(noted),
            jobset=name,
            kind="jobset_gone",
            detail=f"{source} has no jobset {name}",
        )
        for name, noted in store.db.execute(
            "select configured, noted_at from gone_jobsets order by configured"
        )
        if name in set(configured)
    ]


_KINDS = {
    ("eval", "gone"): ("evaluation_gone", "evaluation {} was named but is not there"),
    ("eval", "given_up"): ("evaluation_given_up", "evaluation {} could not be read: {}"),
    ("build", "gone"): ("build_gone", "build {} is a member of evaluations but is not there"),
    ("build", "given_up"): ("build_given_up", "build {} could not be read: {}"),
    ("refresh", "gone"): ("build_gone", "build {} was deleted before it was seen finished"),
    ("refresh", "given_up"): ("build_given_up", "build {} is asked for no more: {}"),
    ("recheck", "gone"): ("build_gone", "build {} was deleted after it was seen"),
    ("recheck", "given_up"): ("build_given_up", "build {} could not be asked for again: {}"),
    ("constituents", "given_up"): ("constituents_given_up", "constituents of build {} could not be read: {}"),
}
"""(kind of work, how it ended) -> kind of the gap, and what it says."""


def _given_up(store: Store, source: str, names: list[str]) -> Iterator[GapDeclared]:
    rows = store.db.execute(
        f"select kind, id, state, jobset, coalesce(what, ''), noted_at from work where state <> 'open' "
        f"and jobset in ({marks(names)}) order by kind, id",
        names,
    )
    for kind, number, state, jobset, what, noted in rows:
        # Constituents that are not there are no gap: the aggregate itself was seen.
        if (kind, state) not in _KINDS:
            continue
        name, text = _KINDS[kind, state]
        yield GapDeclared(
            id=f"{source}:gap:{name}:{jobset}:{number}",
            source=source,
            observed_at=instant(noted),
            jobset=jobset,
            evaluation_id=str(number) if kind == "eval" else None,
            kind=name,
            detail=text.format(number, what),
            rows=1,
        )


def _lost(store: Store, source: str, names: list[str]) -> Iterator[GapDeclared]:
    lost = {row[0] for row in store.db.execute(_LOST)}
    if not lost:
        return
    for number, jobset, packed, asked in _kept(store, names):
        members = unpack(packed)
        missing = sum(member in lost for member in members)
        if missing:
            used = "counted without them" if missing <= LOST_SHARE * len(members) else "left out"
            yield GapDeclared(
                id=f"{source}:gap:evaluation_lacks_builds:{jobset}:{number}",
                source=source,
                observed_at=instant(asked),
                jobset=jobset,
                evaluation_id=str(number),
                kind="evaluation_lacks_builds",
                detail=f"some of the {len(members):,} builds of the evaluation could not be read: {used}",
                rows=missing,
            )


def _seen(store: Store, names: list[str]) -> pl.DataFrame:
    """When each build of the jobsets was seen in another state: build_id, observed_at."""
    rows = store.sightings(names)
    return pl.DataFrame(
        {"build_id": [build for build, _ in rows], "observed_at": _instants([asked for _, asked in rows])},
        schema_overrides={"build_id": pl.Int64},
    )


def _evaluations(
    store: Store, names: list[str], recorded: frozenset[int], unknown: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Evaluations known whole, but those recorded that hold no unknown build; and their members that were seen."""
    unknown_ids = unknown.to_numpy()
    seen = {row[0] for row in store.db.execute("select id from builds")}
    lost = {row[0] for row in store.db.execute(_LOST)}
    rows, of, builds = [], [], []
    for number, jobset, packed, asked in _kept(store, names):
        if number in recorded and not unknown_ids.size:
            continue
        members = unpack(packed)
        if number in recorded and not np.isin(np.asarray(members), unknown_ids).any():
            continue
        missing = [member for member in members if member not in seen]
        if any(member not in lost for member in missing) or len(missing) > LOST_SHARE * len(members):
            continue
        body, errors = store.evaluation_text(number)
        told = read(body, Evaluation)
        inputs = [
            {"name": name, "uri": without_login(one.uri), "revision": one.revision}
            for name, one in sorted(told.jobsetevalinputs.items())
        ]
        pinned = told.jobsetevalinputs.get(REVISION)
        project, _, name = jobset.partition("/")
        rows.append(
            (
                project,
                name,
                number,
                _instant(told.timestamp),
                pinned.revision if pinned else None,
                without_login(told.flake),
                inputs,
                errors,
                instant(asked),
            )
        )
        kept = [member for member in members if member in seen]
        of.extend([number] * len(kept))
        builds.extend(kept)
    members = pl.DataFrame({"evaluation_id": of, "build_id": builds}, schema=MEMBERS)
    told = pl.DataFrame(rows, schema=EVALUATIONS, orient="row")
    return told.with_columns(without_addresses(pl.col("evaluation_errors"))), members


def _builds(store: Store, names: list[str], wanted: pl.Series) -> pl.DataFrame:
    """Every state in which the builds wanted were seen, by build and time, under the jobset's recorded name, which
    may not be the answer's."""
    kept: dict[bool, list[tuple[str, float, bytes]]] = {True: [], False: []}
    for jobset, asked, path, body in store.states(names, wanted.to_list()):
        kept[path.startswith("/api/latestbuilds")].append((jobset, asked, body))
    parts = [_states(rows, LatestBuild if is_list else Build) for is_list, rows in kept.items()]
    return pl.concat(parts).sort("build_id", "observed_at")


def _states(kept: list[tuple[str, float, bytes]], shape: type[Build] | type[LatestBuild]) -> pl.DataFrame:
    # One array is decoded several times faster than its items one by one.
    told: list[Any] = read(b"[" + b",".join(body for _, _, body in kept) + b"]", list[shape])
    parts = [jobset.partition("/") for jobset, _, _ in kept]
    nothing: list[int | None] = [None] * len(told)
    return pl.DataFrame(
        {
            "build_id": [one.id for one in told],
            "project": [project for project, _, _ in parts],
            "jobset": [jobset for _, _, jobset in parts],
            "job": [one.job for one in told],
            "system": [one.system for one in told],
            "is_finished": [bool(one.finished) for one in told],
            "build_status": [one.buildstatus for one in told],
            "is_cached": nothing,
            "queued_at": _column([one.timestamp for one in told]),
            "started_at": _column([one.starttime for one in told] if shape is Build else nothing),
            "stopped_at": _column([one.stoptime for one in told] if shape is Build else nothing),
            "drv_path": [one.drvpath for one in told] if shape is Build else nothing,
            "nix_name": nothing,
            "observed_at": _instants([asked for _, asked, _ in kept]),
        },
        schema=BUILDS,
    )


def _column(seconds: list[int | None]) -> pl.Series:
    return (
        pl.from_epoch(pl.Series(seconds, dtype=pl.Int64), time_unit="s").cast(pl.Datetime("us")).cast(INSTANT)
    )


def _instants(seconds: list[float]) -> pl.Series:
    """Instants of the store as `store.instant` gives them, a column at once."""
    microseconds = (pl.Series(seconds, dtype=pl.Float64) * 1e6).round().cast(pl.Int64)
    return pl.from_epoch(microseconds, time_unit="us").cast(INSTANT)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _kept(store: Store, names: list[str]) -> Iterator[tuple[int, str, bytes, float]]:
    yield from store.db.execute(
        f"select id, jobset, members, asked_at from evaluations where jobset in ({marks(names)}) order by id",
        names,
    )


def _all(store: Store) -> set[str]:
    return {
        row[0] for row in store.db.execute("select jobset from evaluations union select name from jobsets")
    }
