"""Results of derivations as jobs, for formats that know derivations and no attributes.

The attribute of such a job is the derivation's name without its version (`/nix/store/…-far-dependent-2.1.drv` is
`far-dependent`): it stays when versions change, and says what people call the package. Several derivations of
one name in a run become one job, with the worst of their results; `drv_path` says whose it is, and the run notes
how many share. The system is what a message names, else what was told.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipelines.sources.ci import fields, records
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Told

_HASH = len("/nix/store/") + 32 + 1


@dataclass(frozen=True)
class Result:
    """What became of one derivation, or of one output path that was fetched."""

    path: str
    status: str
    source_status: str
    cause_known: bool = True
    is_cached: bool | None = None
    system: str | None = None
    failed_drvs: tuple[str, ...] = ()
    phase: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    time_kind: str = "file"


def jobs(results: Iterable[Result], told: Told, rejects: Rejects) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """A job per name, and what has to be noted. Results without a system or a name are rejected."""
    found: list[Job] = []
    sharing: dict[str, set[str]] = defaultdict(set)
    for result in results:
        try:
            job = _job(result, told)
        except Broken as error:
            rejects.add(str(error), result.path.encode())
            continue
        found.append(job)
        if job.drv_path is not None:
            sharing[job.attr].add(job.drv_path)
    shared = sum(len(drvs) for drvs in sharing.values() if len(drvs) > 1)
    notes = (f"{shared} derivations share a name: of each name the worst result is told",) if shared else ()
    return records.worst(found), notes


def _job(result: Result, told: Told) -> Job:
    """Raises Broken if nobody tells the system."""
    is_derivation = result.path.endswith(".drv")
    name = result.path[_HASH:].removesuffix(".drv")
    system = result.system or told.system
    if system is None:
        raise Broken("no system in the record; tell it with --system")
    return Job(
        attr=records.attribute([records.package(name)]),
        system=fields.system(system, "system"),
        status=result.status,
        source_status=result.source_status,
        cause_known=result.cause_known,
        is_cached=result.is_cached,
        name=name,
        drv_path=result.path if is_derivation else None,
        failed_drvs=result.failed_drvs,
        started_at=result.started_at,
        stopped_at=result.stopped_at,
        time_kind=result.time_kind,
        phase=result.phase,
    )
