"""What events of the generic format tell beside what is interpreted: kept as it was told, never read.

Fields of `data` that have no column, fields that the format does not name, and whole events of other types. A CI
may so send more than the report uses today, and a later version finds it in the log.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
import polars as pl

from models.ci_format import (
    TYPES,
    ChannelAdvanced,
    JobFinished,
    JobRetracted,
    JobStarted,
    RunFinished,
    RunStarted,
    instant,
)
from pipelines.log.quarantine import NO_TIME
from pipelines.sources.addresses import json_without_addresses
from pipelines.sources.ci.columns import INSTANT
from pipelines.sources.ci.complaints import Judged
from pipelines.sources.ci.generic_decoder import OF_DATA

MAX_BYTES = 64 * 1024
"""Longest details of one event, as written in JSON."""
MAX_TOGETHER = 256 * 1024**2
"""Bytes that the details of one input may take together: they are held until it is read to its end."""
BEYOND = "texts of details beyond the bound"
"""What is counted of those beyond the bounds."""
DETAILS = pl.Schema(
    {
        "source": pl.String(),
        "run_id": pl.String(),
        "event_id": pl.String(),
        "event_type": pl.String(),
        "attr": pl.String(),
        "system": pl.String(),
        "variant": pl.String(),
        "occurred_at": INSTANT,
        "details": pl.String(),
    }
)

_OF_RUN = (
    "run_id", "repo", "branch", "pull_request", "commit", "variant", "systems", "counts", "complete", "status",
    "started_at", "stopped_at",
)  # fmt: skip
_INTERPRETED: dict[type[msgspec.Struct], tuple[str, ...]] = {
    JobFinished: OF_DATA,
    JobStarted: OF_DATA,
    RunStarted: _OF_RUN,
    RunFinished: _OF_RUN,
    JobRetracted: ("retracts", "reason"),
    ChannelAdvanced: ("channel", "commit", "commit_time"),
}
"""Struct of `data` -> its fields that are used; of the others all are."""
NAMES = {kind: frozenset(one.encode_name for one in msgspec.structs.fields(kind)) for kind in TYPES.values()}
_TYPE_OF = {kind: name for name, kind in TYPES.items()}
USED = {kind: frozenset(_INTERPRETED.get(kind, names)) for kind, names in NAMES.items()}
"""Struct of `data` -> its fields that are interpreted."""


class _Fields(msgspec.Struct):
    data: dict[str, msgspec.Raw]


class _Whole(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")


_fields = msgspec.json.Decoder(_Fields).decode
_whole = msgspec.json.Decoder(_Whole).decode
fields_of = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
"""Fields of details, each as it is written. Raises ValueError where they are no object."""


def of_line(line: bytes, kind: type[msgspec.Struct] | None) -> str | None:
    """Details of an event in JSON; None if it has none. `kind`: struct of its `data`, None if it is not interpreted."""
    if kind is None:
        return _text(bytes(_whole(line).data))
    try:
        told = _fields(line).data
    except UnicodeDecodeError:
        # In what the format does not name, nobody has looked at the text before.
        told = _fields(line.decode(errors="replace")).data
    # A field of the format that is null says the same as one that is not there.
    beside = {
        name: told[name]
        for name, is_ours in _beside(tuple(told), kind)
        if not is_ours or bytes(told[name]) != b"null"
    }
    return _text(msgspec.json.encode(beside)) if beside else None


@lru_cache(maxsize=1000)
def _beside(names: tuple[str, ...], kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """Those of some fields that are not interpreted, sorted, and whether the format names them."""
    return tuple((name, name in NAMES[kind]) for name in sorted(set(names) - USED[kind]))


def _text(content: bytes) -> str:
    return json_without_addresses(content.decode(errors="replace"))


@dataclass
class Gathered:
    """Details of an input so far, within bounds."""

    of_line: dict[int, str] = field(default_factory=dict)
    beyond: list[int] = field(default_factory=list)
    """Lines of jobs' events whose details are beyond the bounds."""
    size: int = 0

    def add(self, line: int, told: str) -> bool:
        """Keep the details of a line. False if they are beyond the bounds."""
        # An object in memory takes more than its text is long.
        size = len(told) + 500
        if len(told) > MAX_BYTES or self.size + size > MAX_TOGETHER:
            return False
        self.size += size
        self.of_line[line] = told
        return True

    def joined(self, jobs: pl.DataFrame) -> pl.DataFrame:
        """Jobs' events with their details in a column of that name, if any of them has some."""
        if not self.of_line:
            return jobs
        lines = pl.DataFrame(
            {"line": self.of_line.keys(), "details": self.of_line.values()},
            schema={"line": pl.Int64, "details": pl.String},
        )
        return jobs.join(lines, on="line", how="left", maintain_order="left")


def frame(jobs: pl.DataFrame, others: Sequence[tuple[Judged, str]]) -> pl.DataFrame | None:
    """Details in the columns of `DETAILS`; None if there are none. `jobs`: with or without a column of them."""
    frames = []
    if others:
        frames.append(pl.DataFrame([_row(event, told) for event, told in others], schema=DETAILS))
    if "details" in jobs.columns:
        is_open = pl.col("status").is_in(["queued", "running"])
        kind = pl.when(is_open).then(pl.lit(_TYPE_OF[JobStarted])).otherwise(pl.lit(_TYPE_OF[JobFinished]))
        told = jobs.filter(pl.col("details").is_not_null())
        frames.append(told.with_columns(event_type=kind).select(DETAILS.names()))
    return pl.concat(frames) if any(one.height for one in frames) else None


def _row(event: Judged, told: str) -> dict[str, object]:
    return {
        "source": event.envelope.source,
        "run_id": getattr(event.data, "run_id", None),
        "event_id": event.envelope.id,
        "event_type": event.type,
        "attr": getattr(event.data, "attr", None),
        "system": getattr(event.data, "system", None),
        "occurred_at": instant(event.envelope.time) or NO_TIME,
        "details": told,
    }


def unnamed(told: pl.DataFrame | None) -> tuple[tuple[str, int], ...]:
    """Fields of `data` that the format does not name, and in how many events each is, by name."""
    found: Counter[str] = Counter()
    for kind, text in [] if told is None else told.select("event_type", "details").iter_rows():
        if kind in TYPES:
            found.update(fields_of(text).keys() - NAMES[TYPES[kind]])
    return tuple(sorted((f"data.{name}", n) for name, n in found.items()))
