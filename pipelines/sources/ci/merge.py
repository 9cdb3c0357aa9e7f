"""Readings of one call as one: each run once, each job once, what was taken back gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from models.vocabulary import Unit
from pipelines.sources.base import Rejected, reject
from pipelines.sources.ci import columns
from pipelines.sources.ci.columns import JOB, JOBS
from pipelines.sources.ci.runs import Reading, Retraction, Run


@dataclass(frozen=True)
class Jobs:
    """What several readings say together of jobs."""

    last: pl.DataFrame
    """One row per job, with its variant."""
    earlier: pl.DataFrame
    """Rows of earlier attempts of these jobs."""
    removed: pl.DataFrame
    """Jobs whose every event was taken back: the columns of `JOB`."""
    unmatched: list[Retraction] = field(default_factory=list)
    """Retractions of events that were not seen."""
    rejected: list[Rejected] = field(default_factory=list)


def runs(readings: Sequence[Reading]) -> dict[tuple[str, str], Run]:
    """(source, run_id) -> run, as all readings tell it together, without its jobs."""
    parts: dict[tuple[str, str], list[Run]] = {}
    for reading in readings:
        for run in reading.runs:
            parts.setdefault((run.source, run.run_id), []).append(run)
    return {key: _one(told) for key, told in sorted(parts.items())}


def of_one_commit(
    readings: Sequence[Reading], known: Mapping[tuple[str, str], str | None]
) -> tuple[list[Reading], list[tuple[str, Rejected]]]:
    """Readings without the parts of runs that name another commit, and those parts as rejects with their source.

    A run is of one commit: that in `known`, else that of its earliest part. Only formats that name it themselves are
    held to that; what the caller tells of a file may be corrected.
    """
    commits = {key: commit for key, commit in known.items() if commit is not None}
    parts = [run for reading in readings if reading.jobs is not None for run in reading.runs if run.commit]
    for run in sorted(parts, key=lambda run: (run.observed_at, repr(run))):
        commits.setdefault((run.source, run.run_id), run.commit or "")
    kept: list[Reading] = []
    rejected: list[tuple[str, Rejected]] = []
    for reading in readings:
        other = [
            run
            for run in reading.runs
            if reading.jobs is not None and run.commit not in (None, commits.get((run.source, run.run_id)))
        ]
        if reading.jobs is None or not other:
            kept.append(reading)
            continue
        ids = pl.DataFrame({"source": [r.source for r in other], "run_id": [r.run_id for r in other]})
        counted = (
            reading.jobs.join(ids, on=["source", "run_id"], how="semi").group_by("source", "run_id").len()
        )
        lost = {(source, run_id): n for source, run_id, n in counted.iter_rows()}
        reason = "data.commit is not the commit of its run: another file names another one"
        rejected += [
            (
                run.source,
                Rejected(
                    f"run {run.run_id}",
                    reason,
                    (run.commit or "").encode(),
                    lost.get((run.source, run.run_id), 1),
                    evaluation_id=run.run_id,
                ),
            )
            for run in other
        ]
        left = [
            frame
            if frame is None
            else frame.join(ids, on=["source", "run_id"], how="anti", maintain_order="left")
            for frame in (reading.jobs, reading.details)
        ]
        runs = tuple(run for run in reading.runs if run not in other)
        kept.append(replace(reading, runs=runs, jobs=left[0], details=left[1]))
    return kept, rejected


def jobs(readings: Sequence[Reading], of: Mapping[tuple[str, str], Run]) -> Jobs:
    """The jobs of all readings, whatever their order; one without a variant has that of its run in `of`."""
    frames = [reading.jobs for reading in readings if reading.jobs is not None and reading.jobs.height]
    rejected: list[Rejected] = []
    told = pl.concat(frames) if frames else JOBS.to_frame()
    if len(frames) > 1:
        told, contradicting = columns.once(told)
        reason = "id is not unique: another event of this id says something else"
        rejected = reject(contradicting, "inbox", reason)
    with_jobs = [run for reading in readings for run in reading.runs if run.jobs]
    if with_jobs:
        told = pl.concat([told, columns.of_runs(with_jobs)])
    if told["variant"].null_count():
        told = _with_variants(told, of)
    told, taken, unmatched = _without_retracted(
        told, [retraction for reading in readings for retraction in reading.retracted]
    )
    last = columns.newest(told)
    earlier = told.clear()
    if last.height < told.height:
        same = [*JOB, "attempt", "status", "occurred_at"]
        earlier = told.join(last.select(same), on=same, how="anti", nulls_equal=True, maintain_order="left")
    removed = taken.select(JOB)
    if removed.height:
        removed = removed.join(last, on=JOB, how="anti").unique(maintain_order=True)
    return Jobs(last, earlier, removed, unmatched, rejected)


def _with_variants(told: pl.DataFrame, of: Mapping[tuple[str, str], Run]) -> pl.DataFrame:
    """Jobs with the variant of their run where they name none."""
    distinct = {run.variant or "" for run in of.values()}
    if len(distinct) == 1:
        return told.with_columns(pl.col("variant").fill_null(pl.lit(distinct.pop())))
    variants = pl.DataFrame(
        [(*key, run.variant or "") for key, run in of.items()],
        schema={"source": pl.String, "run_id": pl.String, "of_run": pl.String},
        orient="row",
    )
    joined = told.join(variants, on=["source", "run_id"], how="left", maintain_order="left")
    return joined.with_columns(variant=pl.coalesce("variant", "of_run", pl.lit(""))).drop("of_run")


def _without_retracted(
    jobs: pl.DataFrame, retractions: list[Retraction]
) -> tuple[pl.DataFrame, pl.DataFrame, list[Retraction]]:
    """Rows that stand, rows that were taken back, and retractions that match no row."""
    if not retractions:
        return jobs, jobs.clear(), []
    ids = pl.DataFrame(
        sorted({(one.source, one.event_id) for one in retractions}),
        schema={"source": pl.String, "event_id": pl.String},
        orient="row",
    )
    taken = jobs.join(ids, on=["source", "event_id"], how="semi")
    seen = set(taken.select("source", "event_id").iter_rows())
    left = jobs.join(ids, on=["source", "event_id"], how="anti", maintain_order="left")
    return left, taken, [one for one in retractions if (one.source, one.event_id) not in seen]


def _one(parts: list[Run]) -> Run:
    """A run from what each input says of it: of its beginning what is said first, of its end what is said last."""
    ordered = sorted(parts, key=lambda run: (run.commit is None, run.observed_at, repr(run)))

    def first(name: str) -> object:
        return next((value for run in ordered if (value := getattr(run, name)) is not None), None)

    by_end = sorted(parts, key=lambda run: (run.stopped_at or run.observed_at, repr(run)), reverse=True)

    def last(name: str) -> object:
        return next((value for run in by_end if (value := getattr(run, name)) is not None), None)

    times = [run.started_at for run in parts if run.started_at is not None]
    ends = [run.stopped_at for run in parts if run.stopped_at is not None]
    told = last("told_complete")
    repo = next((run.repo for run in ordered if run.repo != Run.repo), Run.repo)
    return replace(
        ordered[0],
        jobs=(),
        repo=repo,
        observed_at=max(run.observed_at for run in parts),
        commit=first("commit"),  # type: ignore[arg-type]
        branch=first("branch"),  # type: ignore[arg-type]
        pull_request=first("pull_request"),  # type: ignore[arg-type]
        variant=first("variant"),  # type: ignore[arg-type]
        systems=tuple(sorted({system for run in parts for system in run.systems})),
        is_complete=_is_complete(parts, told),
        told_complete=told,  # type: ignore[arg-type]
        counts=last("counts"),  # type: ignore[arg-type]
        status=last("status"),  # type: ignore[arg-type]
        started_at=min(times, default=None),
        stopped_at=max(ends, default=None),
        errors=first("errors"),  # type: ignore[arg-type]
        notes=tuple(sorted({note for run in parts for note in run.notes})),
        unit=max((run.unit for run in parts), key=lambda unit: unit is Unit.DERIVATION),
        needs_commit=all(run.needs_commit for run in parts),
    )


def _is_complete(parts: list[Run], told: object) -> bool:
    """Whether these parts are all of a run: as it says itself, else if the complete ones cover every system."""
    if told is not None:
        return bool(told) and any(run.is_complete for run in parts)
    covered = {system for run in parts if run.is_complete for system in run.systems}
    return any(run.is_complete for run in parts) and all(covered >= set(run.systems) for run in parts)
