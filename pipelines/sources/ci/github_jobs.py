"""One job record of GitHub Actions as the result of a build."""

import re

from pipelines.sources.ci import fields
from pipelines.sources.ci.documents import Broken
from pipelines.sources.ci.runs import Job, Told

STATUSES = {
    "failure": "failed",
    "timed_out": "timed-out",
    "cancelled": "cancelled",
    "skipped": "skipped",
    "startup_failure": "aborted",
    "stale": "aborted",
    "action_required": "aborted",
}
"""Conclusion -> our status. `success` needs an honest workflow; `neutral` and new words are unknown."""
WAITING = {
    "queued": "queued",
    "waiting": "queued",
    "requested": "queued",
    "pending": "queued",
    "in_progress": "running",
}
RUNNERS = {
    "ubuntu-latest": "x86_64-linux",
    "macos-13": "x86_64-darwin",
    "macos-14": "aarch64-darwin",
    "macos-15": "aarch64-darwin",
}

_KERNELS = ("-linux", "-darwin", "bsd")
_OWN_RUNNERS = {
    "x86_64-linux": {"Linux", "X64"},
    "aarch64-linux": {"Linux", "ARM64"},
    "x86_64-darwin": {"macOS", "X64"},
    "aarch64-darwin": {"macOS", "ARM64"},
}
_UBUNTU = re.compile(r"ubuntu-\d\d\.\d\d(-arm)?")
_IN_BRACKETS = re.compile(r"(?P<before>[^()]+?) \((?P<inside>[^()]+)\)")
_STEP = re.compile(r"(?:\bnix-build\b.*? -A|--attr)[ =](?P<attr>[\w.+\"'-]+)")


def job(record: fields.Record, attempt: int, told: Told) -> Job:
    """A job as it stands in the record. Raises Broken if attribute, system or outcome are not told."""
    name = fields.text(record.get("name"), "name")
    attr, system = _attribute(name, record)
    status, word = _status(record, told)
    started = fields.instant(record.get("started_at"), "started_at")
    stopped = fields.instant(record.get("completed_at"), "completed_at")
    if status == "skipped":
        started = None  # GitHub gives a skipped job a start after its end
    fields.in_order(started, stopped)
    return Job(
        attr=attr,
        system=system or told.system or _runner_system(record),
        status=status,
        source_status=word,
        variant=told.variant or "",
        cause_known=status != "failed",
        attempt=attempt,
        queued_at=fields.instant(record.get("created_at"), "created_at"),
        started_at=started,
        stopped_at=stopped if status not in ("queued", "running") else None,
        time_kind="reported",
        log_url=fields.url_or_none(record.get("html_url"), "html_url"),
        build_id=str(fields.number(record.get("id"), "id", at_least=1)),
    )


def _status(record: fields.Record, told: Told) -> tuple[str, str]:
    """Our status and GitHub's own word."""
    state = fields.text(record.get("status"), "status")
    if state in WAITING and record.get("conclusion") is None:
        return WAITING[state], state
    if state != "completed":
        raise Broken(f"status {state[:40]!r} with conclusion {record.get('conclusion')!r:.40}")
    word = fields.text(record.get("conclusion"), "conclusion of a completed job", 64)
    if word == "success" and record.get("workflow_name") in told.honest_workflows:
        return "succeeded", word
    return STATUSES.get(word, "unknown"), word


def _attribute(name: str, record: fields.Record) -> tuple[str, str | None]:
    """Attribute and, where the name gives it, system of a job: a step that names the attribute is exact."""
    system, attr = None, name
    if found := _IN_BRACKETS.fullmatch(name):
        words = [word.strip() for word in found["inside"].split(",")]
        systems = [word for word in words if fields.SYSTEM.fullmatch(word) and word.endswith(_KERNELS)]
        others = [word for word in words if word not in systems]
        if len(systems) == 1 and len(others) <= 1:
            system, attr = systems[0], others[0] if others else found["before"]
    exact = set()
    for step in fields.items(record.get("steps"), "steps"):
        title = fields.text_or_none(fields.record(step, "a step").get("name"), "a step's name", 4096)
        exact |= {told["attr"] for told in _STEP.finditer(title or "")}
    if len(exact) == 1:
        attr = exact.pop()
    return fields.text(attr, "the attribute"), system


def _runner_system(record: fields.Record) -> str:
    """System of the machine by its labels: GitHub's own names, or those of an own runner."""
    labels = {label for label in fields.items(record.get("labels"), "labels") if isinstance(label, str)}
    found = {RUNNERS[label] for label in labels if label in RUNNERS}
    found |= {
        "aarch64-linux" if ubuntu[1] else "x86_64-linux"
        for ubuntu in map(_UBUNTU.fullmatch, labels)
        if ubuntu
    }
    if "self-hosted" in labels:
        found |= {system for system, words in _OWN_RUNNERS.items() if words <= labels}
    if len(found) != 1:
        raise Broken(
            f"neither its name nor its labels {sorted(labels)!r:.80} tell one system, and none is told"
        )
    return found.pop()
