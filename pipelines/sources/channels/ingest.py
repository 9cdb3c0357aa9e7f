"""From declared channels to the log: appends what is new, refuses a text that changed under an unchanged date."""

from pathlib import Path

import msgspec
import polars as pl

from models.events import ChannelDeclared
from pipelines import ingest
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.sources.base import Facts
from pipelines.sources.channels import declared, official

TYPE = "channel_declared"


def ingest_declared(path: Path, log: EventLog, quarantine: Path) -> ingest.Ingested:
    """Append the declarations of a `channels.toml` that the log does not hold. Raises BadInput, Busy."""
    told = declared.read(path)
    with log.writer_lock():
        known = _known(log, declared.SOURCE)
        for event, table in told:
            before = known.get(event.id)
            if before is not None and before != event:
                raise table.fault(
                    f"{event.channel} changed, but `declared` is still {event.observed_at:%Y-%m-%d}: "
                    "set it to the date of the change.",
                    "declared",
                )
        facts = Facts(declared.SOURCE, events=[event for event, _ in told if event.id not in known])
        return ingest.record(facts, "channels", log, quarantine, description=f"channels {path.name}")


def ingest_official(
    text: str,
    where: str,
    observed_on: str,
    declared_now: list[ChannelDeclared],
    log: EventLog,
    quarantine: Path,
) -> tuple[ingest.Ingested, list[str]]:
    """Append official channels of a `channels.nix` that nobody declared yet, and say what differs from ours.

    `declared_now`: what our own file declares; `observed_on`: the date of the fetch, YYYY-MM-DD. A channel that is
    declared differently is never changed. Raises BadInput if the text is not of the form that is known.
    """
    found = official.read(text, where)
    with log.writer_lock():
        known = _known(log, official.SOURCE)
        ours = {event.channel: event for event in declared_now if event.instance == official.INSTANCE}
        fresh, said = official.compared(found, ours, observed_on)
        newest: dict[str, ChannelDeclared] = {}
        for event in sorted(known.values(), key=lambda e: (e.observed_at, e.id)):
            newest[event.channel] = event
        events = [
            event
            for event in fresh
            if event.channel not in newest
            or (event.periods, event.title) != (newest[event.channel].periods, newest[event.channel].title)
        ]
        again = [event for event in events if event.id in known]
        if again:
            raise BadInput(
                f"{where}: {again[0].channel} differs from what was read on the same day: read it again tomorrow."
            )
        done = ingest.record(
            Facts(official.SOURCE, events=list(events)),
            official.SOURCE,
            log,
            quarantine,
            description="channels.nix",
        )
    return done, said


def _known(log: EventLog, source: str) -> dict[str, ChannelDeclared]:
    """The declarations that the log holds of one source, by id."""
    rows = log.scan(TYPE).filter(pl.col("source") == source).drop("batch", "version").collect()
    return {row["id"]: msgspec.convert(row, ChannelDeclared) for row in rows.to_dicts()}
