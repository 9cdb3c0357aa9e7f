"""When each live source was last asked and how that ended: state of the operator, in no published table.

One small JSON file per source below `var/polls/`. The log says what was learnt; this says that somebody asked.
"""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = "polls"


@dataclass(frozen=True)
class Poll:
    """The last time that a source's jobset was asked."""

    source: str
    jobset: str
    attempted_at: datetime
    succeeded_at: datetime | None
    """Of this or an earlier attempt; null if none ever did."""
    error: str | None
    """Why the last attempt failed; null if it did not."""
    is_unreachable: bool = False
    """Whether it failed because nothing usable answered, and not for what was asked."""


def record(
    var: Path,
    source: str,
    jobset: str,
    now: datetime,
    error: str | None = None,
    *,
    is_unreachable: bool = False,
) -> Poll:
    """Keep the outcome of an attempt made now; an error keeps the time of the last success."""
    before = read(var).get((source, jobset))
    succeeded_at = now if error is None else (before.succeeded_at if before else None)
    poll = Poll(source, jobset, now.astimezone(UTC), succeeded_at, error, is_unreachable)
    # Readable, and another for every source and jobset: `a_b/c` is not `a/b_c`.
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{source}_{jobset}")[:100]
    digest = hashlib.sha256(f"{source}\n{jobset}".encode()).hexdigest()[:8]
    path = var / FOLDER / f"{readable}-{digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(poll).items()
    }
    part.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)
    return poll


def read(var: Path) -> dict[tuple[str, str], Poll]:
    """Every poll on record, by source and jobset. A file that cannot be read counts as never asked."""
    found: dict[tuple[str, str], Poll] = {}
    for path in sorted((var / FOLDER).glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            poll = Poll(
                told["source"],
                told["jobset"],
                datetime.fromisoformat(told["attempted_at"]),
                datetime.fromisoformat(told["succeeded_at"]) if told["succeeded_at"] else None,
                told["error"],
                told.get("is_unreachable") is True,
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
        # Two files about one jobset are of two versions of the program.
        before = found.get((poll.source, poll.jobset))
        if before is None or before.attempted_at <= poll.attempted_at:
            found[poll.source, poll.jobset] = poll
    return found


def unreachable(var: Path) -> frozenset[str]:
    """Sources that were not reached when they were asked last, whichever jobset that was for."""
    newest: dict[str, Poll] = {}
    for poll in read(var).values():
        before = newest.get(poll.source)
        if before is None or (before.attempted_at, not before.is_unreachable) < (
            poll.attempted_at,
            not poll.is_unreachable,
        ):
            newest[poll.source] = poll
    return frozenset(source for source, poll in newest.items() if poll.is_unreachable)
