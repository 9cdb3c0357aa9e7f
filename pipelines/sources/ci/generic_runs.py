"""Runs of the generic format from what the events of a run, its jobs and the caller say of it."""

from datetime import datetime

import polars as pl

from models.ci_format import Envelope, RunFinished, RunStarted, instant
from pipelines.errors import BadInput
from pipelines.log.distinct import is_one
from pipelines.log.quarantine import NO_TIME
from pipelines.sources.ci.complaints import Judged
from pipelines.sources.ci.runs import Run, Told

_OF_RUN = ("commit", "branch", "pull_request", "repo")
"""What a job's event may say of its run."""


def runs(
    jobs: pl.DataFrame, others: list[tuple[int, Judged]], told: Told, name: str
) -> tuple[list[Run], pl.DataFrame, pl.DataFrame]:
    """A run per (source, run_id), the jobs of that run's commit, and those that name another one.

    `jobs`: columns of `generic_columns.SCHEMA`. `others`: line and event of every other type. Raises BadInput if the
    caller told one commit for several runs that name none.
    """
    started: dict[tuple[str, str], list[Envelope]] = {}
    finished: dict[tuple[str, str], list[Envelope]] = {}
    for _, event in others:
        if isinstance(event.data, RunStarted):
            started.setdefault((event.envelope.source, event.data.run_id), []).append(event.envelope)
        elif isinstance(event.data, RunFinished):
            finished.setdefault((event.envelope.source, event.data.run_id), []).append(event.envelope)
    said = _distinct(jobs)
    named = _as_named_by_jobs(said)
    keys = sorted(started.keys() | finished.keys() | named.keys())
    made = {
        key: _run(key, started.get(key, []), finished.get(key, []), named.get(key, {}), told) for key in keys
    }
    bare = [
        key for key in keys if not _names_commit(started.get(key, []), finished.get(key, []), named.get(key))
    ]
    if told.commit and len(bare) > 1:
        raise BadInput(
            f"{name} holds {len(bare):,} runs without a commit; one told commit cannot be that of all."
        )
    if not any(
        commit not in (None, made[key].commit)
        for key, commits in _commits(said).items()
        for commit in commits
    ):
        return list(made.values()), jobs, jobs.clear()
    of_run = pl.DataFrame(
        [(*key, run.commit) for key, run in made.items()],
        schema={"source": pl.String, "run_id": pl.String, "of_run": pl.String},
        orient="row",
    )
    joined = jobs.join(of_run, on=["source", "run_id"], how="left", maintain_order="left")
    other = (pl.col("commit") != pl.col("of_run")).fill_null(value=False)
    return list(made.values()), joined.filter(~other).drop("of_run"), joined.filter(other).drop("of_run")


def _names_commit(started: list[Envelope], finished: list[Envelope], named: dict[str, object] | None) -> bool:
    """Whether any event of a run tells its commit."""
    told = [event.data.commit for event in (*started, *finished)]  # type: ignore[attr-defined]
    return any(told) or bool(named and named["commit"])


def _as_named_by_jobs(said: pl.DataFrame) -> dict[tuple[str, str], dict[str, object]]:
    """What the job events of a run say of it: the earliest that says anything, and the newest time."""
    named: dict[tuple[str, str], dict[str, object]] = {}
    # Of events at one instant the least word counts.
    since: dict[tuple[str, str, str], tuple[object, object]] = {}
    for row in said.iter_rows(named=True):
        key = row["source"], row["run_id"]
        run = named.setdefault(key, dict[str, object](dict.fromkeys((*_OF_RUN, "newest"))))
        if run["newest"] is None or (row["newest"] is not None and row["newest"] > run["newest"]):
            run["newest"] = row["newest"]
        for name in _OF_RUN:
            if row[name] is not None:
                place = (*key, name)
                told = row["earliest"] or NO_TIME, row[name]
                since[place] = min(since.get(place, told), told)
                run[name] = since[place][1]
    return named


def _commits(said: pl.DataFrame) -> dict[tuple[str, str], set[str | None]]:
    """Run -> the commits that its jobs name."""
    commits: dict[tuple[str, str], set[str | None]] = {}
    for source, run_id, commit in said.select("source", "run_id", "commit").iter_rows():
        commits.setdefault((source, run_id), set()).add(commit)
    return commits


def _distinct(jobs: pl.DataFrame) -> pl.DataFrame:
    """All that jobs say of their runs, each word of it once, with the first and the last time that it was said."""
    words = ("source", "run_id", *_OF_RUN)
    # What all say is none of the things by which they differ.
    by = [name for name in words if jobs.is_empty() or not is_one(jobs[name])]
    times = pl.col("occurred_at")
    grouped = jobs.lazy().group_by(by or [pl.lit(0).alias("all")])
    others = [pl.col(name).first() for name in words if name not in by]
    return grouped.agg(*others, earliest=times.min(), newest=times.max()).collect()


def _run(
    key: tuple[str, str],
    started: list[Envelope],
    finished: list[Envelope],
    named: dict[str, object],
    told: Told,
) -> Run:
    """A run from its events, which are in the order of time, and from what its jobs and the caller say."""
    begun = [event.data for event in started]  # type: ignore[attr-defined]
    ended = [event.data for event in finished[::-1]]  # type: ignore[attr-defined]
    both = [*begun, *ended]

    def first(field: str) -> object:
        """The first that is told: by the beginning, the newest end, the jobs, the caller."""
        values = [getattr(data, field, None) for data in both]
        values += [named.get(field), getattr(told, field, None)]
        return next((value for value in values if value is not None), None)

    def time(field: str) -> datetime | None:
        text = first(field)
        return instant(text) if isinstance(text, str) else None

    times = [instant(event.time) for event in (*started, *finished)] + [named.get("newest")]
    known = [one for one in times if isinstance(one, datetime)]
    begins = [instant(event.time) for event in started]
    commit = first("commit")
    # A run that was cut short has not seen all of its jobs, whatever it says.
    complete = ended[0].complete and ended[0].status in (None, "succeeded") if ended else None
    return Run(
        source=key[0],
        run_id=key[1],
        observed_at=max(known, default=told.file_at or NO_TIME),
        jobs=(),
        repo=str(first("repo") or Run.repo),
        commit=commit,  # type: ignore[arg-type]
        branch=first("branch"),  # type: ignore[arg-type]
        pull_request=first("pull_request"),  # type: ignore[arg-type]
        variant=first("variant"),  # type: ignore[arg-type]
        systems=tuple(sorted({system for data in both for system in data.systems or ()})),
        is_complete=bool(complete),
        told_complete=complete,
        counts=next((tuple(sorted(data.counts.items())) for data in ended if data.counts is not None), None),
        status=ended[0].status if ended else None,
        started_at=time("started_at") or (begins[0] if begins else None),
        stopped_at=time("stopped_at") or (instant(finished[-1].time) if finished else None),
        needs_commit=commit is None,
    )
