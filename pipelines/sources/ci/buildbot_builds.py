"""One build of buildbot-nix: what its builder, result and properties say."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipelines.sources.ci import evaluation_errors, fields, records
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Told

ATTRIBUTES = ("nix-build", "nix-failed-eval", "nix-dependency-failed", "nix-cached-failure")
"""Builders whose builds are results of attributes; the last part of the builder's name."""
RESULTS = {0: "succeeded", 1: "succeeded", 3: "skipped", 4: "aborted", 6: "cancelled"}
"""Result -> our status. 2 is a failure whose kind the builder tells; 5 is a retry: a new build follows."""
FAILURES = {
    "nix-build": "failed",
    "nix-failed-eval": "eval-error",
    "nix-dependency-failed": "dependency-failed",
    "nix-cached-failure": "failed",
}
RUN_RESULTS = {0: "succeeded", 1: "succeeded", 2: "succeeded", 4: "aborted", 5: "aborted", 6: "cancelled"}
"""Of an evaluation, which is red if one of its builds is: that it took place is all that 2 says."""

_PULL = re.compile(r"(?:refs/)?pull/(\d{1,9})/(?:merge|head)")
_SKIPPED, _DERIVATION = "-skipped_out_path", "-drv_path"


@dataclass(frozen=True)
class Build:
    """A build that can be used. `job` is meaningful for builders of attributes only."""

    id: int
    kind: str
    record: fields.Record
    properties: Mapping[str, Any]
    started_at: datetime | None
    stopped_at: datetime | None
    job: Job
    full_attr: str = ""
    """Attribute as the CI names it, with the system in front."""
    request: int | None = None
    revision: str | None = None
    branch: str | None = None
    repo: str | None = None
    pull_request: int | None = None
    drv_path: str | None = None
    dependency: str | None = None
    """The attribute that failed first."""
    run_status: str | None = None


_NO_JOB = Job(attr="", system="", status="unknown", source_status="")


def build(record: fields.Record, builders: Mapping[int, str], told: Told) -> Build:
    """A build from its record. Raises Broken if its builder or a property that is needed is not known."""
    properties = _properties(record)
    builder = properties.get("buildername") or builders.get(
        fields.number(record.get("builderid"), "builderid")
    )
    if builder is None:
        raise Broken("its builder's name is neither a property nor in a page of builders")
    kind = fields.text(builder, "the builder's name").rsplit("/", 1)[-1]
    started = fields.unix(record.get("started_at"), "started_at")
    stopped = fields.unix(record.get("complete_at"), "complete_at")
    fields.in_order(started, stopped)
    result = None if record.get("results") is None else fields.number(record["results"], "results")
    if bool(record.get("complete")) != (result is not None):
        raise Broken("complete and results contradict each other")
    if result == 5 or kind == "nix-cached-failure" and result in (0, 1):
        kind = "retried"  # another build tells what came of it
    branch = fields.text_or_none(properties.get("branch"), "branch")
    pull = _PULL.fullmatch(branch or "")
    is_attribute = kind in ATTRIBUTES
    full_attr = fields.text(properties.get("attr"), "property attr") if is_attribute else ""
    drv_path = (
        fields.derivation_or_none(properties.get("drv_path"), "property drv_path") if is_attribute else None
    )
    made = Build(
        id=fields.number(record.get("buildid"), "buildid", at_least=1),
        kind=kind,
        record=record,
        properties=properties,
        started_at=started,
        stopped_at=stopped,
        job=_NO_JOB,
        full_attr=full_attr,
        request=None
        if record.get("buildrequestid") is None
        else fields.number(record["buildrequestid"], "buildrequestid"),
        revision=fields.commit_or_none(properties.get("revision"), "property revision"),
        branch=branch,
        repo=_repo(properties),
        pull_request=int(pull[1]) if pull else None,
        drv_path=drv_path,
        dependency=fields.text_or_none(properties.get("dependency.attr"), "property dependency.attr"),
        run_status=None if result is None else RUN_RESULTS.get(result),
    )
    return _with_job(made, result, told) if is_attribute else made


def _with_job(made: Build, result: int | None, told: Told) -> Build:
    attr, system = place(made.full_attr, made.properties.get("system"), told)
    if result is None:
        status = "running" if made.started_at else "queued"
    elif result == 2:
        status = FAILURES[made.kind]
        error = made.properties.get("error")
        if made.kind == "nix-failed-eval" and isinstance(error, str):
            status, _ = evaluation_errors.status(error)
    else:
        status = RESULTS.get(result, "unknown")
    job = Job(
        attr=attr,
        system=system,
        status=status,
        source_status=f"{made.kind} {'unfinished' if result is None else result}",
        variant=told.variant or "",
        is_cached=True if made.kind == "nix-cached-failure" else None,
        drv_path=made.drv_path,
        started_at=made.started_at,
        stopped_at=made.stopped_at,
        time_kind="measured",
        log_url=_page(made.record, told),
        build_id=str(made.id),
    )
    return replace(made, job=job)


def place(full_attr: str, system: Any, told: Told) -> tuple[str, str]:
    """Attribute and system of a name that has the system in front. Raises Broken if there is no system."""
    named = None if system is None else fields.system(system, "property system")
    return records.place(records.components(full_attr), named, told)


def derivations(evaluation: Build) -> dict[str, str]:
    """Derivations by full attribute that the evaluation's properties name; what is none is left out."""
    return {
        name.removesuffix(_DERIVATION): value
        for name, value in evaluation.properties.items()
        if name.endswith(_DERIVATION) and isinstance(value, str) and fields.DERIVATION.fullmatch(value)
    }


def skipped(evaluation: Build, drvs: Mapping[str, str], told: Told, rejects: Rejects) -> Iterator[Job]:
    """Attributes that were valid before and got no build."""
    for name, value in sorted(evaluation.properties.items()):
        if not name.endswith(_SKIPPED) or not value:
            continue
        try:
            full_attr = fields.text(name.removesuffix(_SKIPPED), "a skipped attribute")
            attr, system = place(full_attr, None, told)
            yield Job(
                attr=attr,
                system=system,
                status="succeeded",
                source_status="skipped_out_path",
                variant=told.variant or "",
                is_cached=True,
                drv_path=fields.derivation_or_none(drvs.get(full_attr), "its derivation"),
            )
        except Broken as error:
            rejects.add(str(error), {name: value}, str(evaluation.id))


def _properties(record: fields.Record) -> dict[str, Any]:
    """Values of the properties, which come as [value, source]. Raises Broken if they have another shape."""
    values = {}
    for name, pair in fields.record(record.get("properties", {}), "properties").items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise Broken(f"property {name[:60]!r} is not a pair of value and source")
        values[name] = pair[0]
    return values


def _repo(properties: Mapping[str, Any]) -> str | None:
    """Host and path of the repository, without scheme: the property `repository` of Buildbot's source stamps."""
    address = fields.text_or_none(properties.get("repository"), "property repository")
    if not address:
        return None
    if not address.startswith(("https://", "http://")) or "@" in address:
        return None
    return address.split("://", 1)[1].removesuffix("/").removesuffix(".git")


def _page(record: fields.Record, told: Told) -> str | None:
    """The build's page in Buildbot."""
    if record.get("number") is None or not (told.source or "").startswith(("http://", "https://")):
        return None
    builder = fields.number(record.get("builderid"), "builderid")
    number = fields.number(record["number"], "number")
    return f"{(told.source or '').rstrip('/')}/#/builders/{builder}/builds/{number}"
