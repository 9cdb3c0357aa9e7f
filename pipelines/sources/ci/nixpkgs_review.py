"""`report.json` of nixpkgs-review, in the layouts of 2.6 to 3.9: what a change rebuilds, without times.

A review tests what one change touches, so it is never complete: absence of a package says nothing. `failed` may be
the package's own failure, a dependency's, a time-out or a cancelled build. For a merge the file names the head of
the pull request, which is not the tree that was built: its commit must be told, or it stays unknown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from pipelines.errors import BadInput
from pipelines.sources.ci import documents, fields
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Job, Reading, Run, Told

NAME = "nixpkgs-review"

STATUSES = {
    "built": "succeeded",
    "tests": "succeeded",
    "failed": "failed",
    "broken": "refused",
    "blacklisted": "skipped",
    "non-existent": "missing",
    "non-existant": "missing",
}
"""List of a report -> our status; the last is the spelling before 2.10.1."""

_KEYS = re.compile(rb'"(blacklisted|extra-nixpkgs-config|checkout)"\s*:')
_LISTS = re.compile(rb'"(built|failed|broken|non-exist[ae]nt|pr|commit)"\s*:')
# Possessive, because a long word that is no setting must not be tried from each of its letters.
_SETTING = re.compile(r"\b(\w++)\s*+=\s*+(true|false)\s*+;")


def recognises(head: bytes) -> bool:
    """A JSON object with the fields that only a review's report has."""
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return begins and bool(_KEYS.search(head) and _LISTS.search(head)) and b'"specversion"' not in head


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """One run per report. Raises BadInput without source or time of the file, or if it is no report."""
    if told.source is None:
        raise BadInput(f"{name} does not say which CI wrote it; name it with --source.")
    if told.file_at is None:
        raise BadInput(f"{name} holds no times and the time of the file is not known; nothing can be dated.")
    rejects = Rejects(name)
    data = documents.whole(lines, name)
    try:
        report = fields.record(documents.decode(data), "the report")
        run = _run(report, told, told.source, told.file_at, rejects)
    except Broken as error:
        raise BadInput(f"{name} is no report of nixpkgs-review: {error}.") from error
    return Reading(runs=(run,), rejected=rejects.all())


def _run(report: fields.Record, told: Told, source: str, at: datetime, rejects: Rejects) -> Run:
    pull_request = None if report.get("pr") is None else fields.number(report["pr"], "pr", at_least=1)
    head = fields.commit_or_none(report.get("commit"), "commit")
    checkout = report.get("checkout")
    if checkout not in (None, "merge", "commit"):
        raise Broken(f"checkout is {checkout!r:.60}, neither merge nor commit")
    commit = head if checkout == "commit" and head else told.commit
    variant = told.variant or _variant(report)
    jobs = [
        job
        for system, lists in _reports(report, rejects)
        for job in _jobs(system, lists, variant, at, rejects)
    ]
    named = f"pr-{pull_request}" if pull_request else "review"
    parts = [named, head or commit or "", at.strftime("%Y%m%dT%H%M%SZ")]
    notes = []
    if head and not commit:
        notes.append(f"tested a merge of {head} with its base; the commit of the merge is not known")
    return Run(
        source=source,
        run_id=told.run_id or "-".join(part for part in parts if part),
        observed_at=at,
        jobs=tuple(jobs),
        repo=told.repo or Run.repo,
        commit=commit,
        branch=told.branch,
        pull_request=pull_request,
        variant=variant or None,
        systems=tuple(sorted({job.system for job in jobs})),
        notes=tuple(notes),
    )


def _reports(report: fields.Record, rejects: Rejects) -> Iterator[tuple[str, fields.Record]]:
    """The lists of each system: a map since 2.11, before at top level for the one system."""
    if "result" in report:
        if STATUSES.keys() & report.keys():
            raise Broken("it has both a map of results and lists at top level")
        for system, lists in fields.record(report["result"], "result").items():
            try:
                yield fields.system(system, "a system of result"), fields.record(lists, "its report")
            except Broken as error:
                rejects.add(str(error), {system: lists})
    elif STATUSES.keys() & report.keys() and "system" in report:
        known = {key: value for key, value in report.items() if key in STATUSES}
        yield fields.system(report["system"], "system"), known
    else:
        raise Broken("it has neither a map of results nor lists with their system")


def _jobs(system: str, lists: fields.Record, variant: str, at: datetime, rejects: Rejects) -> Iterator[Job]:
    """A job per package; one that stands in lists that contradict each other is rejected."""
    found: list[tuple[str, str]] = []
    for word, elements in lists.items():
        try:
            if word not in STATUSES:
                raise Broken(f"{word[:60]!r} is no list of a report")
            elements = fields.items(elements, word)
        except Broken as error:
            rejects.add(str(error), {system: {word: elements}})
            continue
        for element in elements:
            try:
                found.append((_name(element), word))
            except Broken as error:
                rejects.add(str(error), {system: {word: [element]}})
    distinct = sorted(set(found))
    times = Counter(attr for attr, _ in distinct)
    for attr, word in distinct:
        if times[attr] > 1:
            rejects.add("a package in several lists of one report", {system: {word: [attr]}})
            continue
        status = STATUSES[word]
        yield Job(
            attr=attr,
            system=system,
            variant=variant,
            status=status,
            source_status=word,
            cause_known=status != "failed",
            stopped_at=at,
            time_kind="file",
        )


def _name(element: object) -> str:
    """Attribute of an element: an object since 2.11, a text before. Aliases are the same build."""
    if isinstance(element, dict):
        for alias in fields.items(element.get("aliases"), "aliases"):
            fields.text(alias, "an alias")
        element = element.get("name")
    return fields.text(element, "the name of a package")


def _variant(report: fields.Record) -> str:
    """Short name of the configuration where it is a known one, else its text; other package sets are said."""
    config = report.get("extra-nixpkgs-config") or ""
    if not isinstance(config, str):
        raise Broken("extra-nixpkgs-config is no text")
    pkgs = fields.text_or_none(report.get("pkgs"), "pkgs") or ""
    bare = " ".join(config.split()).removeprefix("{").removesuffix("}").strip()
    settings = dict(_SETTING.findall(bare))
    if not _SETTING.sub("", bare).strip() and settings.keys() <= {"allowUnfree", "cudaSupport"}:
        cuda = {"true": "cuda", "false": "nocuda", None: ""}[settings.get("cudaSupport")]
        bare = cuda or ("unfree" if settings.get("allowUnfree") == "true" else "")
    return fields.text_or_none(" ".join(part for part in (pkgs, bare) if part), "the variant") or ""
