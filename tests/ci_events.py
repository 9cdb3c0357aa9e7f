"""Events of the generic format for tests, and inboxes read into a log; no test itself."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models.ci_format import PREFIX
from pipelines.ingest import Ingested
from pipelines.log.store import EventLog
from pipelines.sources.ci.ingest import ingest_ci
from pipelines.sources.ci.runs import Told

SOURCE = "https://ci.example.org/unfree"
PLACE = "ci.example.org/unfree"
COMMIT = "4" * 40
AT = "2025-10-01T03:10:00Z"


def event(kind: str, identity: str, data: dict[str, Any], time: str = AT, **envelope: Any) -> bytes:
    """A line: an event of a type of ours."""
    told = {"specversion": "1.0", "id": identity, "source": SOURCE, "type": PREFIX + kind, "time": time}
    return json.dumps(told | {"data": data} | envelope).encode() + b"\n"


def started(run: str = "r-1", time: str = "2025-10-01T02:00:00Z", **data: Any) -> bytes:
    """A run begins."""
    told = {"run_id": run, "commit": COMMIT, "branch": "master", "started_at": time}
    return event("run.started.v1", run, told | data, time)


def job(attr: str, status: str = "succeeded", run: str = "r-1", time: str = AT, **data: Any) -> bytes:
    """A job ends, or (queued, running) begins."""
    kind = "job.started.v1" if status in ("queued", "running") else "job.finished.v1"
    system = data.get("system", "x86_64-linux")
    identity = f"{run}/{attr}/{system}/{data.get('variant', '')}/{data.get('attempt', 1)}/{status}"
    told = {"run_id": run, "attr": attr, "system": system, "status": status}
    return event(kind, identity, told | data, time)


def finished(run: str = "r-1", time: str = "2025-10-01T04:00:00Z", **data: Any) -> bytes:
    """A run ends."""
    return event("run.finished.v1", f"{run}/end", {"run_id": run, "complete": True} | data, time)


def retracted(identity: str, time: str = "2025-10-02T00:00:00Z") -> bytes:
    """An event is taken back."""
    return event("job.retracted.v1", f"-{identity}", {"retracts": identity, "reason": "out of memory"}, time)


def put(folder: Path, name: str, lines: Iterable[bytes]) -> Path:
    """A file of lines."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"".join(lines))
    return path


def ingest(var: Path, *paths: Path, told: Told | None = None) -> list[Ingested]:
    """Read paths, or the inbox below `var`, into the log below it."""
    log = EventLog(var / "log")
    return ingest_ci(paths or [var / "inbox"], told or Told(), var, log, var / "quarantine")
