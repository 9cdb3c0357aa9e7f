"""nix-fast-build: the `results` file and the stream of JSON lines, one object per step of an attribute.

A failed dependency looks exactly like an own failure (`build exited with 1`): failures are of unknown cause,
unless the file itself holds Nix's message. What was evaluated and not built is green only if a cache holds it.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from pipelines.sources.ci import evaluation_errors, fields, nix_messages, records
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Told

NAME = "nix-fast-build"

RESULTS = re.compile(rb'\s*\{\s*"results"\s*:\s*\[')
_UPLOADS = {"UPLOAD", "DOWNLOAD", "CACHIX", "ATTIC", "NIKS3"}
_STEP = {b"type", b"attr", b"success"}
_CACHED = {"local", "cached"}


class Step(msgspec.Struct):
    """One step of one attribute, as the program writes it; other members are not looked at."""

    type: str
    attr: str
    success: bool
    error: str | None = None
    drv_path: str | None = msgspec.field(name="drvPath", default=None)
    cache_status: str | None = msgspec.field(name="cacheStatus", default=None)
    log: str | None = None
    """End of the log, which JUnit files have."""


def recognises(head: bytes) -> bool:
    """Whether this is a file of results or begins with steps."""
    if RESULTS.match(head):
        names = records.keys(head, 3)
        return names >= _STEP or not names
    return any(names >= _STEP for names in records.objects(head))


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The run, with a job per attribute. Raises BadInput if neither the file nor the caller says which CI."""
    content = records.Content(lines)
    text = content.document(name)
    rejects = Rejects(name)
    if found := RESULTS.match(text):
        pieces, rest = records.elements(text, found.end())
        is_whole = rest == b"}"
        if not is_whole:
            rejects.add("the list of results ends early or is followed by something else", text[-1024:])
    else:
        pieces, is_whole = [line for line in text.splitlines() if line.strip()], True
    steps: list[Step] = []
    for piece in pieces:
        try:
            step = check(records.decode(piece, Step), told)
        except Broken as error:
            rejects.add(str(error), piece)
            continue
        steps.append(step)
    return reading(steps, content, told, name, rejects, is_whole=is_whole)


def reading(
    steps: list[Step], content: records.Content, told: Told, name: str, rejects: Rejects, *, is_whole: bool
) -> Reading:
    """The run that these steps tell; complete only if nothing is missing and the program ended with 0."""
    jobs, notes = jobs_of(steps, told)
    run = records.run(
        told,
        name,
        content,
        jobs,
        is_complete=is_whole and told.exit_code == 0 and not rejects.seen,
        status="succeeded" if told.exit_code == 0 else None,
        notes=notes,
    )
    return Reading(runs=(run,), rejected=rejects.all())


def check(step: Step, told: Told) -> Step:
    """The step, if it names a job. Raises Broken for that, and for an impossible derivation or status of a cache."""
    if step.attr == "unknown-attribute":
        raise Broken("a step without its attribute")
    records.place(records.components(step.attr), None, told)
    fields.derivation_or_none(step.drv_path, "drvPath")
    fields.text_or_none(step.cache_status, "cacheStatus")
    fields.text(step.type, "type")
    return step


def jobs_of(steps: list[Step], told: Told) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """A job per attribute from all its steps, and what is to be noted of uploads and unknown wordings."""
    evaluated: dict[str, Step] = {}
    built: dict[str, Step] = {}
    noted: Counter[str] = Counter()
    for step in steps:
        if step.type == "EVAL":
            evaluated[step.attr] = step
        elif step.type == "BUILD":
            built[step.attr] = step
        elif step.type not in _UPLOADS:
            noted[f"steps of the unknown kind {step.type}"] += 1
        elif not step.success:
            noted[f"failed {step.type} steps; the builds stay as they were"] += 1
    of_derivation: dict[str, Step] = {}
    for attr, step in built.items():
        if attr in evaluated and (drv_path := evaluated[attr].drv_path):
            of_derivation[drv_path] = step
    jobs: list[Job] = []
    for attr in sorted(evaluated.keys() | built.keys()):
        evaluation = evaluated.get(attr)
        drv_path = evaluation.drv_path if evaluation else None
        build = built.get(attr) or of_derivation.get(drv_path or "")
        attr, system = records.place(records.components(attr), None, told)
        job = Job(attr, system, "unknown", "EVAL", drv_path=drv_path, time_kind="file")
        job, is_recognised = _with_result(job, evaluation, build)
        jobs.append(job)
        if not is_recognised:
            noted["evaluation errors in no wording that is known"] += 1
    return records.worst(jobs), tuple(f"{n} {what}" for what, n in sorted(noted.items()))


def _with_result(job: Job, evaluation: Step | None, build: Step | None) -> tuple[Job, bool]:
    """The job with what its steps say, and whether the wording of an evaluation error is known."""
    if build is not None and build.success:
        return replace(job, status="succeeded", source_status="BUILD true", is_cached=False), True
    if build is not None:
        return _failed(job, build), True
    if evaluation is not None and not evaluation.success:
        status, is_recognised = evaluation_errors.status(evaluation.error or evaluation.log or "")
        return replace(job, status=status, source_status="EVAL false"), is_recognised
    cache_status = evaluation.cache_status if evaluation else None
    if cache_status in _CACHED:
        return replace(job, status="succeeded", source_status=cache_status, is_cached=True), True
    if cache_status == "notBuilt":
        return replace(job, status="skipped", source_status="notBuilt, no BUILD"), True
    return replace(job, source_status=cache_status or "EVAL true, no BUILD"), True


def _failed(job: Job, build: Step) -> Job:
    """A failed build: of unknown cause, unless Nix's own messages in the file tell it."""
    source_status = (build.error or "BUILD false").strip().splitlines()[:1]
    job = replace(
        job,
        status="failed",
        source_status=(source_status or ["BUILD false"])[0][:200],
        cause_known=False,
        is_cached=False,
    )
    found = nix_messages.findings(f"{build.error or ''}\n{build.log or ''}")
    own = tuple(sorted({f.drv for f in found if f.is_own}))
    if any(f.status == "dependency-failed" for f in found):
        return replace(job, status="dependency-failed", cause_known=True, failed_drvs=own)
    if job.drv_path is not None and own == (job.drv_path,):
        status = next(f.status for f in found if f.is_own)
        return replace(job, status=status, cause_known=True)
    return job
