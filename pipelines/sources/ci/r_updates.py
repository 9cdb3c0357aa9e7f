"""The table of failing R packages that rstats-on-nix publishes of its Hydra's jobset nixpkgs/r-updates.

One evaluation, failures only: who is not named may be green, unfinished or gone, so a table is never complete.
It names neither its evaluation nor a time. Of the tables that are known by their digest both are on record; for
others they must be told. Build ids are those of that Hydra.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from pipelines.errors import BadInput
from pipelines.sources.ci import documents, fields, runs
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Run, Told

NAME = "r-updates table"
SOURCE = "https://hydra.vk3.wtf"
BRANCH = "r-updates"
"""Of nixpkgs: the jobset is nixpkgs/r-updates."""

COLUMNS = ("collection", "package", "system", "status", "build_id")
STATUSES = {"failed": "failed", "dependency failed": "dependency-failed"}
KNOWN = {
    "1a565a3f372628e90bae24cf6c4f43b430c87c0d04808ddd249ef14b93056262": (
        "448",
        datetime(2026, 2, 19, 5, 45, 23, tzinfo=UTC),
    )
}
"""Digest of a table -> its evaluation and the time of its latest build, from the records that came with it."""


def recognises(head: bytes) -> bool:
    """CSV whose header begins with the table's columns."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(",".join(COLUMNS).encode())


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The one run. Raises BadInput if its evaluation or its time is neither known nor told."""
    data = documents.whole(lines, name)
    digest = hashlib.sha256(data + b"\n").hexdigest()
    run_id, at = KNOWN.get(digest, (told.run_id, told.file_at))
    if run_id is None or at is None:
        raise BadInput(f"{name} does not say of which evaluation it is; name it with --run-id.")
    source = told.source or SOURCE
    rejects = Rejects(name)
    jobs = []
    for line in data.splitlines()[1:]:
        try:
            jobs.append(_job(line, source))
        except Broken as error:
            rejects.add(str(error), line)
    times = Counter((job.attr, job.system) for job in jobs)
    for job in jobs:
        if times[job.attr, job.system] > 1:
            rejects.add("a package in several lines for one system", f"{job.attr}.{job.system}".encode())
    kept = sorted(
        (job for job in jobs if times[job.attr, job.system] == 1), key=lambda job: (job.attr, job.system)
    )
    run = Run(
        source=source,
        run_id=told.run_id or run_id,
        observed_at=at,
        jobs=tuple(kept),
        repo=told.repo or Run.repo,
        commit=told.commit,
        branch=told.branch or BRANCH,
        variant=told.variant,
        systems=tuple(sorted({job.system for job in kept})),
    )
    return Reading(runs=(run,), rejected=rejects.all())


def _job(line: bytes, source: str) -> Job:
    """A row. Raises Broken if it has too few fields or one that cannot be used."""
    if len(line) > runs.MAX_LINE_BYTES:
        raise Broken("a line longer than a record may be")
    try:
        values = next(csv.reader([line.decode()], strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise Broken(f"not a line of CSV: {error}") from error
    if len(values) < len(COLUMNS):
        raise Broken(f"{len(values)} fields; at least {len(COLUMNS)} are needed")
    _, package, system, status, build_id = values[: len(COLUMNS)]
    if status not in STATUSES:
        raise Broken(f"status is {status[:40]!r}, neither failed nor dependency failed")
    if not (build_id.isascii() and build_id.isdigit() and len(build_id) < 19):
        raise Broken(f"build_id is {build_id[:40]!r}, not a number")
    return Job(
        attr=f"rPackages.{fields.text(package, 'package').replace('.', '_')}",
        system=fields.system(system, "system"),
        status=STATUSES[status],
        source_status=status,
        log_url=f"{source}/build/{int(build_id)}" if source.startswith("https://") else None,
        build_id=str(int(build_id)),
    )
