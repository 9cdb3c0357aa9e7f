"""nix-eval-jobs: one JSON object a line, which attributes there are and whether they are built already.

It builds nothing: what it says of a job's success is what a cache holds (`--check-cache-status`). A listing is
complete only if the program ended with 0 and every line could be read.
"""

from collections.abc import Iterable

import msgspec

from pipelines.errors import BadInput
from pipelines.sources.ci import evaluation_errors, fields, graph_columns, records
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.graph_columns import Row
from pipelines.sources.ci.runs import Job, PackageSet, Reading, Told

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
    outputs: dict[str, str | None] | None = None
    input_drvs: dict[str, list[str]] | None = msgspec.field(name="inputDrvs", default=None)
    features: list[str] | None = msgspec.field(name="requiredSystemFeatures", default=None)


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
    derivations: list[Row] = []
    unrecognised = 0
    for text in content:
        if not text.strip():
            continue
        try:
            line = records.decode(text, Line)
            job, is_recognised = _job(line, told)
            derivation = _derivation(line, job, told)
        except Broken as error:
            rejects.add(str(error), text)
            continue
        jobs.append(job)
        derivations += [] if derivation is None else [derivation]
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
    name_of_set = run.repo.rstrip("/").rpartition("/")[2].removesuffix(".git") or run.repo
    if run.variant:
        name_of_set += f"+{run.variant}"
    attributes = [
        {
            "source": run.source,
            "package_set": name_of_set,
            "revision": run.commit,
            "observed_at": run.observed_at,
            "attr": job.attr,
            "system": job.system,
            "derivation_id64": graph_columns.drv_id64(job.drv_path),
        }
        for job in run.jobs
        if job.drv_path is not None and graph_columns.is_drv(job.drv_path) and run.commit is not None
    ]
    is_whole = run.is_complete
    of_set = PackageSet(run.source, name_of_set, run.commit or "", run.observed_at, None, is_whole, None)
    return Reading(
        runs=(run,),
        rejected=rejects.all(),
        derivations=graph_columns.frame(derivations, graph_columns.DERIVATIONS),
        attributes=graph_columns.frame(attributes, graph_columns.ATTRIBUTES),
        package_sets=(of_set,) if attributes else (),
    )


def _derivation(line: Line, job: Job, told: Told) -> Row | None:
    """The derivation with its inputs, where the program was asked for them (`--show-input-drvs`). Raises Broken.

    What an input is used for it does not say, nor whether an output is known by hash.
    """
    if line.input_drvs is None or job.drv_path is None or told.source is None or told.file_at is None:
        return None
    try:
        return graph_columns.derivation(
            told.source,
            told.file_at,
            job.drv_path,
            system=job.system,
            outputs={fields.text(key, "output", 211): path for key, path in (line.outputs or {}).items()},
            is_fixed_output=None,
            inputs=[
                (drv, [fields.text(one, "output", 211) for one in used], None, None)
                for drv, used in line.input_drvs.items()
            ],
            required_features=[fields.text(one, "requiredSystemFeatures") for one in line.features or ()],
        )
    except (BadInput, ValueError) as error:
        raise Broken(f"a derivation that cannot be used: {error}") from error


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
