"""Derivations, outputs and package sets of readings as events that the log does not hold yet."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from pipelines.sources.base import Rejected
from pipelines.sources.ci import graph_columns
from pipelines.sources.ci.graph_columns import DERIVATIONS, OUTPUTS, Row, frame
from pipelines.sources.ci.graph_merge import fold
from pipelines.sources.ci.known import Past
from pipelines.sources.ci.observations import place_of
from pipelines.sources.ci.runs import PackageSet, Reading

_SET = ("source", "package_set", "revision")


@dataclass
class Told:
    """What one source tells."""

    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)


def tell(readings: Sequence[Reading], past: Past) -> tuple[dict[str, Told], set[tuple[str, str]]]:
    """By source what is new, and (source, name) of the package sets whose attributes are not all there yet."""
    made: defaultdict[str, Told] = defaultdict(Told)
    told = [*(reading.derivations for reading in readings), _resolved(readings)]
    for source, rows in _by_source(told).items():
        _derivations(source, rows, past, made[source])
    for source, rows in _by_source([reading.outputs for reading in readings]).items():
        _outputs(source, rows, past, made[source])
    pending = _package_sets(readings, past, made)
    return dict(made), pending


def _resolved(readings: Sequence[Reading]) -> pl.DataFrame | None:
    """Derivations that were read whole, each with what its inputs are used for as far as these are there too."""
    parsed = sorted((one for reading in readings for one in reading.parsed), key=lambda one: one.at)
    known = {one.derivation.path: one.derivation for one in parsed}
    rows = (graph_columns.of_derivation(one.source, one.at, one.derivation, known) for one in parsed)
    return graph_columns.frame(rows, DERIVATIONS)


def _by_source(frames: Sequence[pl.DataFrame | None]) -> dict[str, list[Row]]:
    """Rows of all readings by the source's name in the log."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for one in frames:
        for row in one.iter_rows(named=True) if one is not None else ():
            source = place_of(row["source"])
            rows[source].append({**row, "source": source})
    return dict(sorted(rows.items()))


def _derivations(source: str, rows: list[Row], past: Past, told: Told) -> None:
    def key(row: Row) -> Hashable:
        return row["derivation_id64"]

    fresh, contradicting = fold(rows, past.derivations(source, {row["derivation_id64"] for row in rows}), key)
    told.rejected += [
        Rejected(
            f"{row['drv_hash']}-{row['name']}.drv",
            f"derivation that was told with other {column}: it cannot change",
            repr(row[column])[:4096].encode(errors="replace"),
        )
        for row, column in contradicting
    ]
    if (new := frame(fresh, DERIVATIONS)) is not None:
        told.frames["derivation_observed"] = new


def _outputs(source: str, rows: list[Row], past: Past, told: Told) -> None:
    def key(row: Row) -> Hashable:
        return row["derivation_id64"], row["output"], row["nar_hash"] or row["path"]

    known = past.outputs(source, {row["derivation_id64"] for row in rows})
    names = {row["id"] for row in known}
    fresh, contradicting = fold(rows, ({name: row[name] for name in OUTPUTS} for row in known), key)
    told.rejected += [
        Rejected(
            f"{row['path']}",
            f"output whose content of one hash was told with another {column}",
            repr(row[column])[:4096].encode(errors="replace"),
        )
        for row, column in contradicting
    ]
    new = frame(fresh, OUTPUTS)
    if new is not None:
        ids = [_output_id(source, row, names) for row in fresh]
        told.frames["output_observed"] = new.with_columns(id=pl.Series(ids, dtype=pl.String))


def _output_id(source: str, row: Row, taken: set[str]) -> str:
    """The id of a content, or where the log has that, of what is told of it now."""
    name = f"{source}:output:{row['derivation_id64']}:{row['output']}:{_content(row)}"
    if name not in taken:
        return name
    about = [(column, value) for column, value in sorted(row.items()) if column != "observed_at"]
    return f"{name}:{hashlib.sha256(repr(about).encode()).hexdigest()[:8]}"


def _content(row: Row) -> str:
    """What names a content: its hash; where only the path is known, that one's."""
    return row["nar_hash"][:16] if row["nar_hash"] else row["path"].rpartition("/")[2][:16]


def _package_sets(
    readings: Sequence[Reading], past: Past, made: defaultdict[str, Told]
) -> set[tuple[str, str]]:
    """Put every package set that is not known like this into `made`; those that wait are given back."""
    told: defaultdict[tuple[str, str, str], list[PackageSet]] = defaultdict(list)
    for reading in readings:
        for one in reading.package_sets:
            told[place_of(one.source), one.package_set, one.commit].append(one)
    rows: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for source, attributes in _by_source([reading.attributes for reading in readings]).items():
        for row in attributes:
            rows[source, row["package_set"], row["revision"]].append(row)
    events: defaultdict[str, list[pl.DataFrame]] = defaultdict(list)
    pending: set[tuple[str, str]] = set()
    for name in sorted(told.keys() | rows.keys()):
        event, is_waiting = _package_set(name, told[name], rows[name], past, made[name[0]])
        if event is not None:
            events[name[0]].append(event)
        if is_waiting:
            pending |= {(one.source, one.name) for one in told[name]}
    for source, some in events.items():
        made[source].frames["package_set_evaluated"] = pl.concat(some)
    return pending


def _package_set(
    name: tuple[str, str, str], told: list[PackageSet], rows: list[Row], past: Past, into: Told
) -> tuple[pl.DataFrame | None, bool]:
    """The event of a package set with all attributes that are known by now, and whether more are to come.

    Attributes that the log has of the commit belong to it: they come in parts.
    """
    source, package_set, revision = name
    before = past.package_set(*name)
    at: list[datetime] = [row["observed_at"] for row in rows] + [one.at for one in told]
    listed: dict[tuple[str, str], int] = {}
    committed: list[datetime] = [one.commit_at for one in told if one.commit_at is not None]
    was_whole = False
    if before is not None:
        listed = {(system, attr): drv for system, attr, drv in before.rows}
        at.append(before.observed_at)
        committed += [] if before.committed_at is None else [before.committed_at]
        was_whole = before.is_partial is False
    for row in sorted(rows, key=lambda row: (row["observed_at"], row["derivation_id64"])):
        drv = listed.setdefault((row["system"], row["attr"]), row["derivation_id64"])
        if drv != row["derivation_id64"]:
            reason = "attribute that is another derivation at the same commit, as was told before"
            into.rejected.append(Rejected(f"{package_set} {revision}", reason, row["attr"].encode()))
    expected = max((one.expected for one in told if one.expected is not None), default=0)
    is_whole = was_whole or any(one.is_complete for one in told) and bool(listed)
    is_whole &= len(listed) >= expected
    is_waiting = not is_whole and any(one.is_complete for one in told)
    if not listed:
        return None, is_waiting
    ordered = sorted((system, attr, drv) for (system, attr), drv in listed.items())
    digest = hashlib.sha256(json.dumps([is_whole, ordered]).encode()).hexdigest()[:16]
    identity = f"{source}:package-set:{package_set}:{revision}:{digest}"
    if identity in past.ids("package_set_evaluated", source):
        return None, is_waiting
    event = pl.DataFrame(
        ordered,
        schema={"system": pl.String, "attr": pl.String, "derivation_id64": pl.Int64},
        orient="row",
    ).with_columns(
        id=pl.lit(identity),
        source=pl.lit(source),
        package_set=pl.lit(package_set),
        revision=pl.lit(revision),
        is_partial=pl.lit(not is_whole),
        observed_at=pl.lit(max(at), pl.Datetime("us", "UTC")),
        occurred_at=pl.lit(min(committed, default=None), pl.Datetime("us", "UTC")),
    )
    return event, is_waiting
