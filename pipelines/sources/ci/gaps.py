"""What a CI's results leave open, as gaps: notes of runs, counts that disagree, what was not interpreted."""

import hashlib
import json
from datetime import datetime

from models.events import GapDeclared
from pipelines.log.quarantine import NO_TIME
from pipelines.sources.ci.complaints import cut, left_of
from pipelines.sources.ci.runs import Retraction, Run


def of_run(source: str, jobset: str, run: Run, at: datetime, *, is_full: bool) -> list[GapDeclared]:
    """What has to be said of a run: its notes, and that other jobs arrived than a complete run counts."""
    made = [_gap(source, at, "run_note", note, jobset, run.run_id) for note in run.notes]
    if run.told_complete and run.counts is not None and not is_full:
        detail = "told as complete, but other numbers of jobs arrived than its counts say"
        made.append(_gap(source, at, "counts_disagree", detail, jobset, run.run_id))
    return made


def not_interpreted(source: str, kind: str, rows: int) -> GapDeclared:
    """What was seen and left alone: a type of events, or what an adapter calls it."""
    return _gap(source, NO_TIME, "not_interpreted", left_of(kind), rows=rows)


def unmatched(source: str, back: Retraction) -> GapDeclared:
    """An event was taken back that nobody has seen."""
    detail = f"an event that is not known was taken back: {cut(back.reason)}"
    return _gap(source, back.at, "retraction_unmatched", detail, about=back.event_id)


def _gap(
    source: str,
    at: datetime,
    kind: str,
    detail: str,
    jobset: str | None = None,
    evaluation_id: str | None = None,
    rows: int = 0,
    about: str = "",
) -> GapDeclared:
    """A gap whose id follows from what it says, so that it is declared once."""
    about = json.dumps([kind, detail, jobset, evaluation_id, rows, about])
    return GapDeclared(
        id=f"{source}:gap:{kind}:{hashlib.sha256(about.encode()).hexdigest()[:32]}",
        source=source,
        observed_at=at,
        jobset=jobset,
        evaluation_id=evaluation_id,
        kind=kind,
        detail=detail,
        rows=rows,
    )
