"""nix-eval-jobs: one JSON object a line, which attributes there are and whether they are built already.

It builds nothing: what it says of a job's success is what a cache holds (`--check-cache-status`). A listing is
complete only if the program ended with 0 and every line could be read.
"""

from collections.abc import Iterable

import msgspec

from pipelines.sources.ci import evaluation_errors, fields, records
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Told

NAME = "nix-eval-jobs"

_CACHED = {"local": ("succeeded", True), "cached": ("succeeded", True), "notBuilt": ("queued", None)}
"""`cacheStatus` -> status, is_cached. What must still be built has no result yet."""


class Line(msgspec.Struct):
    """One attribute, as the program writes it; other members are not looked at."""

    attr: str | None = None
    attr_path: list[str] | None = msgspec.field(name="attrPath", default=None)
    name: str | None = None
    system: str | None = None
    drv_path: str | None = msgspec.field(name="drvPath", default=None)
    error: str | None = None
    is_cached: bool | None = msgspec.field(name="isCached", default=None)
    cache_status: str | None = msgspec.field(name="cacheStatus", default=None)


def recognises(head: bytes) -> bool:
    """Whether a line is an attribute's record, and not a step of nix-fast-build."""
    return any(
        names & {b"attr", b"attrPath"} and names & {b"drvPath", b"error"} and b"success" not in names
        for names in records.objects(head)
    )


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The run, with a job per attribute. Raises BadInput if neither the file nor the caller says which CI."""
    content = records.Content(lines)
    rejects = Rejects(name)
    jobs: list[Job] = []
    unrecognised = 0
    for text in content:
        if not text.strip():
            continue
        try:
            job, is_recognised = _job(records.decode(text, Line), told)
        except Broken as error:
            rejects.add(str(error), text)
            continue
        jobs.append(job)
        unrecognised += not is_recognised
    notes = (f"{unrecognised} evaluation errors in no wording that is known",) if unrecognised else ()
    run = records.run(
        told,
        name,
        content,
        records.unique(jobs),
        is_complete=told.exit_code == 0 and not rejects.seen,
        status=records.status_of_exit(told),
        notes=notes,
    )
    return Reading(runs=(run,), rejected=rejects.all())


def _job(line: Line, told: Told) -> tuple[Job, bool]:
    """The attribute's job, and whether the wording of its error is known. Raises Broken."""
    path = line.attr_path if line.attr_path is not None else records.components(line.attr or "")
    attr, system = records.place(path, line.system, told)
    drv_path = fields.derivation_or_none(line.drv_path, "drvPath")
    status, is_cached, source_status, is_recognised = "unknown", None, "evaluated", True
    if line.error is not None:
        status, is_recognised = evaluation_errors.status(line.error)
        source_status = "error"
    elif drv_path is None:
        raise Broken("neither drvPath nor error")
    elif line.cache_status is not None:
        source_status = fields.text(line.cache_status, "cacheStatus")
        status, is_cached = _CACHED.get(source_status, ("unknown", None))
    elif line.is_cached is not None:
        source_status = "isCached" if line.is_cached else "not isCached"
        status, is_cached = ("succeeded", True) if line.is_cached else ("queued", None)
    job = Job(
        attr=attr,
        system=system,
        status=status,
        source_status=source_status,
        is_cached=is_cached,
        name=fields.text_or_none(line.name, "name"),
        drv_path=drv_path,
        time_kind="file",
    )
    return job, is_recognised
