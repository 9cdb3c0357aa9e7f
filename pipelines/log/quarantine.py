"""Keeps input that could not be used, and turns it into gaps that are published.

Files are named by the hash of their content: `<hash>.bin` holds its beginning, `<hash>.json` says where it
came from and why it was rejected. No name comes from outside. Keeping the same input twice changes nothing.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from models.events import GapDeclared
from pipelines.sources.base import Rejected

KEPT_BYTES = 64 * 1024
"""Bytes kept of one reject: enough to see what was wrong."""
KEPT_FILES = 1000
"""Rejects whose content a call keeps; those beyond are counted only."""
KIND = "input_rejected"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""`observed_at` of a gap where the input told no time: older than everything, so that it moves no `as_of`."""

_PLACE = re.compile(r"\A(?:line|row) \d+: ")
_LONGEST_TEXT = 300


def keep(
    rejected: list[Rejected], directory: Path, source: str, observed_at: datetime | None
) -> list[GapDeclared]:
    """Keep the rejects below `directory` and declare one gap per file, kind of reason, jobset and evaluation.

    A reason's kind is the reason without its place ("line 17: "). The gap's id follows from the source, that
    group and the contents, not from `observed_at`: the same rejects give the same ids on every run.
    """
    groups: dict[tuple[str, str, str | None, str | None], list[Rejected]] = {}
    for one in rejected:
        group = (_plain(one.file), _plain(_PLACE.sub("", one.reason)), one.jobset, one.evaluation_id)
        groups.setdefault(group, []).append(one)
    _write(rejected, directory, source)
    return [
        GapDeclared(
            id=f"{source}:gap:{KIND}:{_group_hash(group, members)}",
            source=source,
            observed_at=observed_at or NO_TIME,
            jobset=jobset,
            evaluation_id=evaluation_id,
            kind=KIND,
            detail=f"{file}: {kind}",
            rows=sum(member.rows for member in members),
        )
        for group, members in sorted(groups.items(), key=lambda item: tuple(part or "" for part in item[0]))
        for file, kind, jobset, evaluation_id in [group]
    ]


def _write(rejected: Iterable[Rejected], directory: Path, source: str) -> None:
    """Write the first `KEPT_FILES` distinct contents; content that is there already stays as it is."""
    contents: dict[str, Rejected] = {}
    for one in rejected:
        if one.content and len(contents) < KEPT_FILES:
            contents.setdefault(hashlib.sha256(one.content).hexdigest(), one)
    if contents:
        directory.mkdir(parents=True, exist_ok=True)
    for name, one in contents.items():
        about = {
            "source": _plain(source),
            "file": _plain(one.file),
            "reason": _plain(one.reason),
            "jobset": one.jobset,
            "evaluation_id": one.evaluation_id,
            "bytes": len(one.content),
            "is_cut": len(one.content) > KEPT_BYTES,
        }
        _once(directory / f"{name}.bin", one.content[:KEPT_BYTES])
        _once(directory / f"{name}.json", json.dumps(about, sort_keys=True, indent=1).encode() + b"\n")


def _once(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, unless it is there."""
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
        unfinished.write_bytes(content)
        unfinished.replace(path)


def _group_hash(group: tuple[str, str, str | None, str | None], members: list[Rejected]) -> str:
    """First 32 hex of a hash of what a gap is about, whatever the order of its members."""
    contents = sorted((hashlib.sha256(m.content).hexdigest(), m.rows) for m in members)
    return hashlib.sha256(json.dumps([group, contents]).encode()).hexdigest()[:32]


def _plain(text: str) -> str:
    """Text from outside on one line, without control characters, bounded. Escaping is the page's work."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_LONGEST_TEXT])
    return shown + ("…" if len(text) > _LONGEST_TEXT else "")
