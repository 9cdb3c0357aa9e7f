"""Builds of buildbot-nix, as Buildbot's data API answers, with their properties.

The builder's name carries the class of a failure, so it must be there: as property `buildername`, or in a page of
`builders` in the same file. A run is a build of `nix-eval`; a build belongs to the parent of its build set if
those pages are there, else to the one evaluation of its revision in the file, else to the run that is told.
Attributes that were valid already have no build: they count as succeeded and cached from the properties of the
evaluation. Which builds an answer left out is not told, so a run is never complete. A dependency that is no
attribute of the run fails inside `nix-build` and looks like an own failure.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.errors import BadInput
from pipelines.sources.ci import buildbot_builds, documents, fields
from pipelines.sources.ci.buildbot_builds import Build
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Run, Told

NAME = "buildbot-nix"

_PAGES = ("builders", "builds", "buildrequests", "buildsets")
_MARK = re.compile(rb'"(buildid|builderid|buildrequestid)"\s*:')


@dataclass
class _Pages:
    """Records of an input: names of builders, builds by id, and what leads from a build to its parent."""

    builders: dict[int, str] = field(default_factory=dict)
    builds: dict[int, fields.Record] = field(default_factory=dict)
    set_of_request: dict[int, int] = field(default_factory=dict)
    parent_of_set: dict[int, int] = field(default_factory=dict)


def recognises(head: bytes) -> bool:
    """JSON with Buildbot's ids."""
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    return begins and bool(_MARK.search(head)) and b'"specversion"' not in head


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """A run per evaluation. Raises BadInput without a source, or if one told run would be several."""
    if told.source is None:
        raise BadInput(f"{name} does not say which Buildbot it comes from; name its address with --source.")
    rejects = Rejects(name)
    pages = _Pages()
    for document in documents.documents(documents.whole(lines, name), rejects):
        for kind, record in _records(document, rejects):
            try:
                _keep(pages, kind, fields.record(record, f"one of {kind}"))
            except Broken as error:
                rejects.add(str(error), record)
    builds = []
    for record in pages.builds.values():
        try:
            builds.append(buildbot_builds.build(record, pages.builders, told))
        except Broken as error:
            rejects.add(str(error), record)
    evals = {build.id: build for build in builds if build.kind == "nix-eval"}
    members: dict[int | None, list[Build]] = {id_: [] for id_ in evals}
    for build in builds:
        if build.kind in buildbot_builds.ATTRIBUTES:
            try:
                members.setdefault(_parent(build, pages, evals, told), []).append(build)
            except Broken as error:
                rejects.add(str(error), build.record)
    if told.run_id and len(members) > 1:
        raise BadInput(f"{name} holds {len(members)} evaluations; one told run cannot be all of them.")
    if None in members and len({build.revision for build in members[None]}) > 1:
        raise BadInput(f"{name} holds builds of several revisions; one told run cannot be that of all.")
    found = []
    for id_, group in sorted(members.items(), key=lambda member: member[0] or 0):
        try:
            found.append(_run(evals.get(id_ or 0), id_, group, told, rejects))
        except Broken as error:
            rejects.add(str(error), {"buildid": id_}, None if id_ is None else str(id_))
    return Reading(runs=tuple(found), rejected=rejects.all())


def _records(document: Any, rejects: Rejects) -> Iterator[tuple[str, Any]]:
    """Kind and record of each record in a page, a list of pages, or a build by itself."""
    for value in document if isinstance(document, list) else [document]:
        kinds = [kind for kind in _PAGES if isinstance(value, dict) and isinstance(value.get(kind), list)]
        for kind in kinds:
            yield from ((kind, record) for record in value[kind])
        if not kinds and isinstance(value, dict) and "buildid" in value:
            yield "builds", value
        elif not kinds:
            rejects.add("neither a build nor a page of builds or builders", value)


def _keep(pages: _Pages, kind: str, record: fields.Record) -> None:
    """Put a record to its page; of a build told twice the finished one stays. Raises Broken on contradictions."""
    if kind == "builders":
        pages.builders[fields.number(record.get("builderid"), "builderid")] = fields.text(
            record.get("name"), "name"
        )
    elif kind == "buildrequests":
        request = fields.number(record.get("buildrequestid"), "buildrequestid")
        pages.set_of_request[request] = fields.number(record.get("buildsetid"), "buildsetid")
    elif kind == "buildsets":
        if record.get("parent_buildid") is not None:
            parent = fields.number(record["parent_buildid"], "parent_buildid")
            pages.parent_of_set[fields.number(record.get("bsid"), "bsid")] = parent
    else:
        id_ = fields.number(record.get("buildid"), "buildid", at_least=1)
        before = pages.builds.get(id_)
        if before and before.get("complete") and record.get("complete"):
            if any(before.get(key) != record.get(key) for key in ("results", "complete_at", "builderid")):
                raise Broken(f"another record of build {id_} says something else")
        elif before is None or record.get("complete"):
            pages.builds[id_] = record


def _parent(build: Build, pages: _Pages, evals: dict[int, Build], told: Told) -> int | None:
    """The evaluation of a build; None stands for the run that is told. Raises Broken if it is not known."""
    parent = pages.parent_of_set.get(pages.set_of_request.get(build.request or -1, -1))
    if parent is not None:
        return parent
    same = [id_ for id_, evaluation in evals.items() if evaluation.revision == build.revision]
    if build.revision and len(same) == 1:
        return same[0]
    if told.run_id:
        return next(iter(evals), None)
    raise Broken(f"{len(same)} evaluations of its revision are in the file and no run is told")


def _run(evaluation: Build | None, id_: int | None, group: list[Build], told: Told, rejects: Rejects) -> Run:
    """A run with its builds and with what was valid already."""
    by_attr: dict[str, list[Build]] = defaultdict(list)
    for build in sorted(group, key=lambda build: (build.started_at is None, build.started_at, build.id)):
        by_attr[build.full_attr].append(build)
    drvs = {attr: builds[-1].drv_path for attr, builds in by_attr.items() if builds[-1].drv_path}
    if evaluation:
        drvs = buildbot_builds.derivations(evaluation) | drvs
    jobs: dict[tuple[str, str], Job] = {}
    for _, builds in sorted(by_attr.items()):
        for attempt, build in enumerate(builds, start=1):
            failed = drvs.get(build.dependency or "")
            job = replace(build.job, attempt=attempt, failed_drvs=(failed,) if failed else ())
            jobs[job.attr, job.system] = job
    for job in buildbot_builds.skipped(evaluation, drvs, told, rejects) if evaluation else ():
        jobs.setdefault((job.attr, job.system), job)
    known = [*group, *([evaluation] if evaluation else [])]
    observed = (
        fields.newest([at for build in known for at in (build.started_at, build.stopped_at)]) or told.file_at
    )
    if observed is None:
        raise Broken("an evaluation without any time")
    first = evaluation or group[0]
    return Run(
        source=(told.source or "").rstrip("/"),
        run_id=told.run_id or str(id_),
        observed_at=observed,
        jobs=tuple(jobs[key] for key in sorted(jobs)),
        repo=told.repo or first.repo or Run.repo,
        commit=first.revision or told.commit,
        branch=told.branch or first.branch,
        pull_request=first.pull_request,
        variant=told.variant,
        systems=tuple(sorted({job.system for job in jobs.values()})),
        status=evaluation.run_status if evaluation else None,
        started_at=evaluation.started_at if evaluation else None,
        stopped_at=evaluation.stopped_at if evaluation else None,
    )
