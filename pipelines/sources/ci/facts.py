"""Runs of any CI as events of the log: evaluations, lists of jobs with their statuses, gaps, advances.

A run is an evaluation. Where every job of its scope has a result the list is told in full and absence from it
means that the job is gone; else only what it names is known. A part of a run that comes late gives a second
observation of the same evaluation, whose list is all that is known of it by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from models.events import ChannelAdvanced, Event, ObservationRetracted
from models.vocabulary import Coverage, Unit
from pipelines.log import schema
from pipelines.log.distinct import is_one
from pipelines.sources.base import Facts, Listing, Rejected
from pipelines.sources.ci import columns, detail_facts, gaps, graph_facts, merge
from pipelines.sources.ci.columns import JOB
from pipelines.sources.ci.known import Past, PastRun
from pipelines.sources.ci.observations import (
    EXTRA,
    as_builds,
    jobset_of,
    listing,
    observation,
    of_variant,
    place_of,
    with_jobset,
)
from pipelines.sources.ci.runs import Reading, Retraction, Run

UNNAMED = "unnamed-ci"
"""Source of what was rejected before it said where it came from."""


@dataclass(frozen=True)
class Told:
    """What readings gave: facts by source, and the runs that cannot be recorded before more is known of them."""

    facts: list[Facts]
    pending: frozenset[tuple[str, str]] = frozenset()
    unmatched: tuple[Retraction, ...] = ()
    """Retractions of events that were not in the readings."""
    takes_back: bool = False
    """Whether results that the log holds are taken back, as far as these readings tell."""


@dataclass
class _Of:
    """What one source gives."""

    events: list[Event] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    takes_back: bool = False
    observations: list[dict[str, object]] = field(default_factory=list)
    jobs: list[pl.DataFrame] = field(default_factory=list)
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Events in columns that are complete as they are."""


def facts(readings: Sequence[Reading], past: Past | None = None) -> list[Facts]:
    """What the log does not hold yet of the readings, by source."""
    return tell(readings, past or Past()).facts


def tell(readings: Sequence[Reading], past: Past, retracted: Sequence[Retraction] = ()) -> Told:
    """The same, with what could not be told. `retracted`: what earlier readings took back."""
    runs = merge.runs(readings)
    known: dict[tuple[str, str], PastRun] = {}
    for uri in sorted({uri for uri, _ in runs}):
        found = past.runs(place_of(uri), [run_id for of, run_id in runs if of == uri])
        known |= {(uri, run_id): before for run_id, before in found.items()}
    readings, contradicting = merge.of_one_commit(readings, {key: one.revision for key, one in known.items()})
    runs = merge.runs(readings)
    known = {key: one for key, one in known.items() if key in runs}
    runs |= {key: with_jobset(runs[key], before.jobset) for key, before in known.items()}
    jobs = merge.jobs([*readings, Reading(retracted=tuple(retracted))], runs)
    details, matched = detail_facts.tell(readings, past, retracted)
    unmatched = [
        back
        for back in jobs.unmatched
        if back not in retracted and (back.source, back.event_id) not in matched
    ]
    by_source: dict[str, _Of] = {}
    for uri, one in contradicting:
        by_source.setdefault(place_of(uri), _Of()).rejected.append(one)
    pending = _runs(runs, jobs, known, past, by_source)
    graph, waiting = graph_facts.tell(readings, past)
    for source, of_graph in graph.items():
        of = by_source.setdefault(source, _Of())
        of.frames, of.rejected = of_graph.frames, of.rejected + of_graph.rejected
    for source, of_details in details.items():
        of = by_source.setdefault(source, _Of())
        of.events += of_details.events
        of.rejected += of_details.rejected
        if of_details.rows is not None:
            of.frames["ci_detail_observed"] = of_details.rows
    for reading in readings:
        source = UNNAMED if reading.source is None else place_of(reading.source)
        by_source.setdefault(source, _Of()).rejected += reading.rejected
        for uri, kind, n in reading.left:
            left = gaps.not_interpreted(place_of(uri), kind, n)
            by_source.setdefault(place_of(uri), _Of()).events.append(left)
        for one in reading.advances:
            source = place_of(one.source)
            by_source.setdefault(source, _Of()).events.append(
                ChannelAdvanced(
                    id=f"{source}:channel:{one.channel}:{one.commit}:{one.at:%Y%m%dT%H%M%S.%fZ}",
                    source=source,
                    observed_at=one.at,
                    occurred_at=one.at,
                    channel=one.channel,
                    revision=one.commit,
                    commit_at=one.commit_at,
                )
            )
    for back in unmatched:
        source = place_of(back.source)
        by_source.setdefault(source, _Of()).events.append(gaps.unmatched(source, back))
    if jobs.rejected:
        by_source.setdefault(UNNAMED, _Of()).rejected += jobs.rejected
    made = [_facts(source, of, past) for source, of in sorted(by_source.items())]
    return Told(
        [one for one in made if one.events or one.frames or one.rejected],
        frozenset(pending | waiting),
        tuple(unmatched),
        any(of.takes_back for of in by_source.values()),
    )


def _runs(
    runs: dict[tuple[str, str], Run],
    jobs: merge.Jobs,
    known: dict[tuple[str, str], PastRun],
    past: Past,
    by_source: dict[str, _Of],
) -> set[tuple[str, str]]:
    """Put each run where its source's events are gathered; those that want a commit are given back."""
    last = as_builds(jobs.last)
    parts = [_by_run(frame) for frame in (last, jobs.earlier, jobs.removed)]
    recorded = {
        place: past.ids("evaluation_observed", place) for place in {place_of(uri) for uri, _ in known}
    }
    pending = set()
    for key, run in sorted(runs.items(), key=lambda one: (one[1].observed_at, one[0])):
        of = by_source.setdefault(place_of(run.source), _Of())
        before = known.get(key)
        own, earlier, removed = (part.get(key) for part in parts)
        own = last.clear() if own is None else own
        if run.needs_commit and run.commit is None and (before is None or before.revision is None):
            pending.add(key)
            reason = "data.commit is not told: no event of the run has it"
            content = run.run_id.encode()
            of.rejected.append(
                Rejected(f"run {run.run_id}", reason, content, max(own.height, 1), evaluation_id=run.run_id)
            )
        else:
            _run(run, own, earlier, removed, before, past, recorded.get(place_of(run.source), set()), of)
    return pending


def _by_run(frame: pl.DataFrame) -> dict[tuple[str, str], pl.DataFrame]:
    """(source, run_id) -> its rows."""
    by = ["source", "run_id"]
    differing = [name for name in by if not is_one(frame[name])]
    begins = frame.select(
        pl.any_horizontal(
            pl.int_range(pl.len()) == 0,
            *(pl.col(name).ne_missing(pl.col(name).shift()) for name in differing),
        )
    ).to_series()
    starts = begins.arg_true().to_list()
    keys = frame.select(by)[starts].rows()
    if len(set(keys)) < len(keys):
        return frame.partition_by(by, as_dict=True)  # type: ignore[return-value]
    # The rows of a run most often lie together: then nothing is copied.
    ends = [*starts[1:], frame.height]
    return {key: frame[start:end] for key, start, end in zip(keys, starts, ends, strict=False)}  # type: ignore[misc]


def _run(
    run: Run,
    own: pl.DataFrame,
    earlier: pl.DataFrame | None,
    removed: pl.DataFrame | None,
    before: PastRun | None,
    past: Past,
    recorded: set[str],
    of: _Of,
) -> None:
    """Put a run into `of`, together with what the log holds of it, unless that says all of it."""
    source, jobset = place_of(run.source), jobset_of(run)
    row, listed = observation(source, jobset, run, own)
    if before is not None and row["id"] not in recorded:
        whole = past.jobs(source, run.source, run.run_id, before)
        reason = None
        if jobset != before.jobset:
            reason = f"the run belongs to {jobset}, as a later part says"
            if run.variant and not before.jobset.endswith(f"+{run.variant}"):
                whole = of_variant(whole, run.variant)
        if removed is not None and removed.join(whole, on=JOB, how="semi").height:
            reason = "the source took back results that it had told"
            of.takes_back = True
            whole = whole.join(removed, on=JOB, how="anti")
        own = columns.newest(pl.concat([as_builds(whole), own]))
        row, listed = observation(source, jobset, _with_past(run, before), own, before)
        if reason is not None and row["id"] not in recorded:
            of.events += _retracted(source, (before.observation_id, *before.others), row, reason)
    if row["id"] in recorded:
        return
    of.observations.append(row)
    of.jobs.append(listed.with_columns(jobset=pl.lit(jobset), observation=pl.lit(row["id"])))
    if earlier is not None:
        first = as_builds(earlier).filter(pl.col("is_finished"), pl.col("occurred_at").is_not_null())
        of.jobs.append(first.with_columns(jobset=pl.lit(jobset), observation=pl.lit(None, dtype=pl.String)))
    at: datetime = row["observed_at"]  # type: ignore[assignment]
    of.events += gaps.of_run(source, jobset, run, at, is_full=row["coverage"] == Coverage.FULL)


def _with_past(run: Run, before: PastRun) -> Run:
    """The run with what the log knows and this part does not say."""
    told = None if before.is_partial is None else not before.is_partial
    counts = run.counts or before.counts
    is_complete = run.is_complete
    if run.told_complete is None and told is not None:
        is_complete = before.is_full or (told and counts is not None)
    elif run.told_complete is None:
        # Neither says more than of its own systems.
        ours, theirs = set(run.systems), set(before.systems)
        is_complete = run.is_complete and ours >= theirs or before.is_full and theirs >= ours
    return replace(
        run,
        commit=run.commit or before.revision,
        started_at=run.started_at or before.occurred_at,
        systems=tuple(sorted({*run.systems, *before.systems})),
        told_complete=told if run.told_complete is None else run.told_complete,
        is_complete=is_complete,
        counts=counts,
        errors=run.errors or before.evaluation_errors,
        unit=before.unit if before.unit is Unit.DERIVATION else run.unit,
    )


def _retracted(source: str, observations: Sequence[str], row: dict[str, object], reason: str) -> list[Event]:
    return [
        ObservationRetracted(
            id=f"{one}:retracted",
            source=source,
            observed_at=row["observed_at"],  # type: ignore[arg-type]
            observation_id=one,
            reason=reason,
        )
        for one in observations
    ]


def _facts(source: str, of: _Of, past: Past) -> Facts:
    """Events that the log does not hold, and the lists of each jobset."""
    known: dict[str, set[str]] = {}
    events: dict[str, Event] = {}
    for event in of.events:
        tag = str(type(event).__struct_config__.tag)
        known.setdefault(tag, set())
        if not known[tag]:
            known[tag] = past.ids(tag, source)
        if event.id not in known[tag]:  # type: ignore[attr-defined]
            events[event.id] = event  # type: ignore[attr-defined]
    frames = dict(of.frames)
    listings: list[Listing] = []
    if of.observations:
        kinds = schema.polars_schema("evaluation_observed")
        told = pl.DataFrame(of.observations, schema={name: kinds[name] for name in of.observations[0]})
        frames["evaluation_observed"] = told
        jobs = pl.concat(of.jobs, rechunk=True)
        earlier = jobs.filter(pl.col("observation").is_null())
        if earlier.height:
            frames["build_observed"] = earlier.select(
                "jobset", "build_id", "attr", "system", "variant", "status", "source_status", "is_finished",
                "cause", *EXTRA, source=pl.lit(source), evaluation_id="run_id", observed_at="occurred_at",
            )  # fmt: skip
            jobs = jobs.filter(pl.col("observation").is_not_null())
        # An answer without systems has no list.
        for jobset in sorted(told["jobset"].unique()):
            with_list = told.filter(pl.col("jobset") == jobset, pl.col("systems").list.len() > 0)
            if with_list.height:
                listings.append(listing(source, jobset, with_list, jobs))
    return Facts(source, [events[key] for key in sorted(events)], frames, listings, of.rejected)
