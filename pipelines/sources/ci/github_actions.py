"""Runs and jobs of GitHub Actions, as the REST endpoints answer: pages, single records, or many of them in a row.

A job of a workflow is taken as the build of the attribute that its name gives (`torch`, `torch (x86_64-linux)`,
`build (torch, x86_64-linux)`), or that a step `nix-build -A` tells exactly. Where names are flattened (a job
`jaxlib` that builds `python3Packages.jaxlib`) and no step tells more, the attribute stays what the CI calls it.
Each attempt is a run of its own. `success` means that the build succeeded only for workflows that are told to fail
honestly; of all others it is unknown. A failure may be anybody's: the cause is never known. A run is never
complete: that all of its jobs are here does not say that they are all that the CI covers, as each workflow has its own
and may choose some of them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import BadInput
from pipelines.sources.ci import documents, fields, github_jobs
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Run, Told

NAME = "GitHub Actions"

RUN_STATUSES = {"success": "succeeded", "failure": "succeeded", "cancelled": "cancelled"}
"""Of a run: it took place whether or not its builds succeeded. Other conclusions mean that it did not."""
_PAGE = re.compile(rb'"(workflow_runs|run_attempt|run_number|run_id)"\s*:')
_ADDRESS = re.compile(r"(https://[\w.-]+/[\w.-]+/[\w.-]+)/(?:actions/)?runs/\d+(?:/.*)?")


@dataclass(frozen=True)
class _State:
    """A job as one record tells it; of several the one of highest rank (is finished, newest time) is the latest."""

    rank: tuple[bool, float]
    record: fields.Record
    job: Job


@dataclass
class _Attempt:
    """What is known of one attempt of a run: its record, and its jobs by id."""

    source: str
    run: fields.Record | None = None
    jobs: dict[str, _State] = field(default_factory=dict)


def recognises(head: bytes) -> bool:
    """JSON with the words of GitHub's runs or jobs."""
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    is_page = bool(_PAGE.search(head)) and (b'"conclusion"' in head or b'"total_count"' in head)
    return begins and is_page and b'"specversion"' not in head


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """A run per attempt. Raises BadInput if a run or commit is told and the file holds several."""
    rejects = Rejects(name)
    attempts: dict[tuple[str, int, int], _Attempt] = {}
    for document in documents.documents(documents.whole(lines, name), rejects):
        for kind, record in _records(document, rejects):
            try:
                _take(attempts, kind, fields.record(record, f"a {kind}"), told)
            except Broken as error:
                rejects.add(str(error), record)
    if told.run_id and len(attempts) > 1 or told.commit and len({key[:2] for key in attempts}) > 1:
        raise BadInput(f"{name} holds several runs; one told run or commit cannot be that of all.")
    runs = []
    for (_, run_id, attempt), known in sorted(attempts.items()):
        try:
            runs.append(_run(known, told.run_id or f"{run_id}-{attempt}", told, rejects))
        except Broken as error:
            rejects.add(str(error), {"run_id": run_id, "run_attempt": attempt}, f"{run_id}-{attempt}")
    return Reading(runs=tuple(runs), rejected=rejects.all())


def _records(document: Any, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    """Kind and record of each record in a page, a list of pages, or a record by itself."""
    for value in document if isinstance(document, list) else [document]:
        if not isinstance(value, dict):
            rejects.add("neither a run nor a job nor a page of them", value)
            continue
        if isinstance(value.get("workflow_runs"), list):
            yield from (("run", run) for run in value["workflow_runs"])
        elif isinstance(value.get("jobs"), list):
            yield from (("job", job) for job in value["jobs"])
        elif "run_id" in value:
            yield "job", value
        elif "run_number" in value:
            yield "run", value
        else:
            rejects.add("neither a run nor a job nor a page of them", value)


def _take(attempts: dict, kind: str, record: fields.Record, told: Told) -> None:
    """Put a record to its attempt; of one job told several times the latest state stays."""
    found = _ADDRESS.fullmatch(fields.url_or_none(record.get("html_url"), "html_url") or "")
    source = told.source or (found[1] if found else None)
    if source is None:
        raise Broken("its html_url does not name a repository and none is told")
    run_id = fields.number(record.get("run_id" if kind == "job" else "id"), "the run's id", at_least=1)
    number = fields.number(record.get("run_attempt", 1), "run_attempt", at_least=1)
    known = attempts.get((source, run_id, number)) or _Attempt(source)
    if kind == "run":
        _take_run(known, record)
    else:
        _take_job(known, record, github_jobs.job(record, number, told))
    attempts[source, run_id, number] = known


def _take_run(known: _Attempt, record: fields.Record) -> None:
    """Keep the newest record of the run. Raises Broken if a field of it cannot be used."""
    status = fields.text(record.get("status"), "status")
    if (record.get("conclusion") is None) != (status != "completed"):
        raise Broken(f"a run that is {status} with conclusion {record.get('conclusion')!r:.40}")
    for name in ("run_started_at", "updated_at"):
        fields.instant(record.get(name), name)
    for check in (_commit, _branch, _pull_request):
        check(record)
    if known.run is None or _updated(known.run) <= _updated(record):
        known.run = record


def _updated(record: fields.Record) -> float:
    at = fields.instant(record.get("updated_at"), "updated_at")
    return at.timestamp() if at else 0.0


def _take_job(known: _Attempt, record: fields.Record, job: Job) -> None:
    """Keep the latest state of the job. Raises Broken if two records of one instant contradict each other."""
    latest = fields.newest([job.queued_at, job.started_at, job.stopped_at])
    state = _State(
        (job.status not in ("queued", "running"), latest.timestamp() if latest else 0.0), record, job
    )
    before = known.jobs.get(job.build_id or "")
    if before and before.rank == state.rank and before.job != job:
        raise Broken(f"another record of job {job.build_id} at the same time says something else")
    if before is None or before.rank < state.rank:
        known.jobs[job.build_id or ""] = state


def _run(known: _Attempt, run_id: str, told: Told, rejects: Rejects) -> Run:
    """The run with its jobs; two jobs of one attribute and system cannot be told apart and are rejected."""
    record = known.run or {}
    times = Counter((state.job.attr, state.job.system) for state in known.jobs.values())
    jobs = []
    for state in sorted(known.jobs.values(), key=lambda state: (state.job.attr, state.job.system)):
        if times[state.job.attr, state.job.system] > 1:
            rejects.add("several jobs of one run for one attribute and system", state.record, run_id)
        else:
            jobs.append(state.job)
    named = known.source.removeprefix("https://")
    repo = told.repo or (named if named.lower() == Run.repo.lower() else Run.repo)
    event, conclusion = str(record.get("event") or ""), record.get("conclusion")
    # What a pull request's workflow checks out is a merge that no record names.
    is_own_tree = named.lower() == repo.lower() and bool(event) and not event.startswith("pull_request")
    stopped = fields.instant(record.get("updated_at"), "updated_at") if conclusion else None
    seen = [stopped, fields.instant(record.get("updated_at"), "updated_at")]
    seen += [at for job in jobs for at in (job.queued_at, job.started_at, job.stopped_at)]
    observed = fields.newest(seen) or told.file_at
    if observed is None:
        raise Broken("neither the run nor a job of it tells a time")
    return Run(
        source=known.source,
        run_id=run_id,
        observed_at=observed,
        jobs=tuple(jobs),
        repo=repo,
        commit=told.commit or (_commit(record) if is_own_tree else None),
        branch=told.branch or (_branch(record) if is_own_tree else None),
        pull_request=_pull_request(record),
        variant=told.variant,
        systems=tuple(sorted({job.system for job in jobs})),
        status=RUN_STATUSES.get(str(conclusion), "aborted") if conclusion else None,
        started_at=fields.instant(record.get("run_started_at"), "run_started_at"),
        stopped_at=stopped,
    )


def _commit(record: fields.Record) -> str | None:
    return fields.commit_or_none(record.get("head_sha"), "head_sha")


def _branch(record: fields.Record) -> str | None:
    return fields.text_or_none(record.get("head_branch"), "head_branch")


def _pull_request(record: fields.Record) -> int | None:
    """Number of the one pull request that the run names."""
    named = fields.items(record.get("pull_requests"), "pull_requests")
    if len(named) != 1:
        return None
    return fields.number(fields.record(named[0], "a pull request").get("number"), "its number", at_least=1)
