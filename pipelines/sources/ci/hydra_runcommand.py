"""What a Hydra gives its RunCommand hook: one finished build each, without commit and without evaluation.

They are facts about builds: a run is a jobset's builds of one UTC day, never complete, and the build's id is
Hydra's own, so that a crawl of the same instance, told with the same source, speaks of the same builds. Of several
builds of one job on one day the newest stands. The hook is not called for builds that fail because of another: a
crawl finds them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from pipelines.errors import BadInput
from pipelines.sources.ci import documents, fields
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Run, Told
from pipelines.sources.hydra import job_names, statuses

NAME = "Hydra RunCommand"

_FIELDS = (re.compile(rb'"buildStatus"\s*:'), re.compile(rb'"(jobset|drvPath|nixName)"\s*:'))


def recognises(head: bytes) -> bool:
    """JSON objects with Hydra's field names in camel case."""
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    return begins and all(found.search(head) for found in _FIELDS) and b'"specversion"' not in head


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """A run per jobset and day. Raises BadInput without a source, or if one told run would be several."""
    if told.source is None:
        raise BadInput(f"{name} does not say which Hydra it comes from; name it with --source.")
    rejects = Rejects(name)
    builds: dict[str, tuple[tuple[bool, float], str, Job]] = {}
    for payload in _payloads(documents.documents(documents.whole(lines, name), rejects)):
        try:
            _take(builds, fields.record(payload, "a payload"), told)
        except Broken as error:
            rejects.add(str(error), payload)
    return Reading(runs=tuple(_runs(builds, told, told.source, name)), rejected=rejects.all())


def _payloads(found: Iterable[Any]) -> Iterator[Any]:
    for value in found:
        yield from value if isinstance(value, list) else [value]


def _take(builds: dict[str, tuple[tuple[bool, float], str, Job]], payload: fields.Record, told: Told) -> None:
    """Keep the newest state of each build. Raises Broken if two at one instant contradict each other."""
    jobset = "/".join(fields.text(payload.get(part), part) for part in ("project", "jobset"))
    job = _job(payload, told)
    latest = fields.newest([job.queued_at, job.started_at, job.stopped_at]) or told.file_at
    if latest is None:
        raise Broken("a build without any time")
    build_id = job.build_id or ""
    state = ((job.status not in ("queued", "running"), latest.timestamp()), jobset, job)
    before = builds.get(build_id)
    if before and before[0] == state[0] and before != state:
        raise Broken(f"another payload of build {build_id} at the same time says something else")
    if before is None or before[0] < state[0]:
        builds[build_id] = state


def _job(payload: fields.Record, told: Told) -> Job:
    system = fields.system(payload.get("system"), "system")
    attr, variant = job_names.split(fields.text(payload.get("job"), "job"), system)
    started = fields.unix(payload.get("startTime"), "startTime")
    stopped = fields.unix(payload.get("stopTime"), "stopTime")
    fields.in_order(started, stopped)
    status, word, cause = _status(payload, is_started=started is not None)
    build_id = str(fields.number(payload.get("build"), "build", at_least=1))
    is_over = status not in ("queued", "running")
    if is_over and stopped is None:
        raise Broken("a finished build without stopTime")
    is_page = (told.source or "").startswith(("http://", "https://"))
    return Job(
        attr=fields.text(attr, "the attribute"),
        system=system,
        variant=variant or told.variant or "",
        status=status,
        source_status=word,
        cause_known=status == "succeeded" or cause != "unknown",
        is_cached=True if word == "8" else None,
        name=fields.text_or_none(payload.get("nixName"), "nixName"),
        drv_path=fields.derivation_or_none(payload.get("drvPath"), "drvPath"),
        queued_at=fields.unix(payload.get("timestamp"), "timestamp"),
        started_at=started,
        stopped_at=stopped if is_over else None,
        time_kind="measured",
        log_url=f"{(told.source or '').rstrip('/')}/build/{build_id}" if is_page else None,
        build_id=build_id,
    )


def _status(payload: fields.Record, *, is_started: bool) -> tuple[str, str, str]:
    """Our status, Hydra's number, and whose failure it is."""
    finished = payload.get("finished", payload.get("event") == "buildFinished")
    if finished not in (True, False, 0, 1):
        raise Broken("finished is neither true nor false")
    if not finished:
        return ("running" if is_started else "queued"), "unfinished", "unknown"
    code = fields.number(payload.get("buildStatus"), "buildStatus of a finished build")
    status, cause = statuses.STATUSES.get(code, ("unknown", "unknown"))
    return status, str(code), cause


def _runs(
    builds: dict[str, tuple[tuple[bool, float], str, Job]], told: Told, source: str, name: str
) -> Iterator[Run]:
    grouped: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for _, jobset, job in builds.values():
        at = fields.newest([job.stopped_at, job.started_at, job.queued_at]) or told.file_at
        grouped[jobset, f"{at:%Y-%m-%d}"].append(job)
    if (told.run_id or told.commit) and len(grouped) > 1:
        raise BadInput(
            f"{name} holds builds of several jobsets or days; one told run or commit cannot be that of all."
        )
    for (jobset, day), jobs in sorted(grouped.items()):
        jobs = list({(job.attr, job.system, job.variant): job for job in sorted(jobs, key=_age)}.values())
        times = [at for job in jobs for at in (job.stopped_at, job.started_at, job.queued_at)]
        observed = fields.newest([*times, told.file_at if not any(times) else None])
        if observed is not None:
            yield Run(
                source=source,
                run_id=told.run_id or f"runcommand-{jobset}-{day}",
                observed_at=observed,
                jobs=tuple(jobs),
                # The project stands where a repository would, so that a crawl of the instance meets the same jobset.
                repo=told.repo or jobset.partition("/")[0],
                commit=told.commit,
                branch=told.branch or jobset.partition("/")[2],
                variant=told.variant,
                systems=tuple(sorted({job.system for job in jobs})),
            )


def _age(job: Job) -> tuple[bool, float, int]:
    """Order of builds of one job: unfinished ones first, then by time, then by id."""
    at = fields.newest([job.stopped_at, job.started_at, job.queued_at])
    return job.status not in ("queued", "running"), at.timestamp() if at else 0.0, int(job.build_id or 0)
