"""The events of the generic format that tell of derivations, outputs and package sets, as rows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from models.ci_format import (
    AttributeEvaluated,
    DerivationObserved,
    Envelope,
    OutputObserved,
    PackageSetEvaluated,
    instant,
)
from models.derivations import sha256_id64
from pipelines.errors import BadInput
from pipelines.sources.ci import graph_columns
from pipelines.sources.ci.complaints import Judged
from pipelines.sources.ci.graph_columns import Row
from pipelines.sources.ci.runs import PackageSet

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
NO_HASH = "data has a path whose hash is not 32 digits as Nix writes them"


def frames(events: Sequence[tuple[int, Judged]]) -> tuple[dict[str, Any], list[tuple[int, Judged]]]:
    """What these events add to a reading, by its names, and the events with a path that is none."""
    rows: dict[type, list[Row]] = {DerivationObserved: [], OutputObserved: [], AttributeEvaluated: []}
    sets: list[PackageSet] = []
    refused = []
    for line, event in events:
        try:
            match event.data:
                case DerivationObserved():
                    rows[DerivationObserved].append(_derivation(event.envelope, event.data))
                case OutputObserved():
                    rows[OutputObserved].append(_output(event.envelope, event.data))
                case AttributeEvaluated():
                    rows[AttributeEvaluated].append(_attribute(event.envelope, event.data))
                case PackageSetEvaluated():
                    sets.append(_package_set(event.envelope, event.data))
                case _:
                    pass
        except (ValueError, BadInput):
            refused.append((line, event))
    made: dict[str, pl.DataFrame | tuple[PackageSet, ...] | None] = {
        "derivations": graph_columns.frame(rows[DerivationObserved], graph_columns.DERIVATIONS),
        "outputs": graph_columns.frame(rows[OutputObserved], graph_columns.OUTPUTS),
        "attributes": graph_columns.frame(rows[AttributeEvaluated], graph_columns.ATTRIBUTES),
        "package_sets": tuple(sets),
    }
    return made, refused


def _at(envelope: Envelope) -> datetime:
    return instant(envelope.time) or _NO_TIME


def _derivation(envelope: Envelope, data: DerivationObserved) -> Row:
    return graph_columns.derivation(
        envelope.source,
        _at(envelope),
        data.drv_path,
        system=data.system,
        outputs=data.outputs,
        is_fixed_output=data.is_fixed_output,
        inputs=((one.drv_path, one.outputs, one.roles, one.is_check_only) for one in data.inputs or ()),
        recipe_sha256=data.recipe_sha256,
        required_features=data.required_features or (),
        prefers_local=data.prefers_local,
        does_check=data.does_check,
    )


def _output(envelope: Envelope, data: OutputObserved) -> Row:
    hashes = {
        f"{name}_id64": sha256_id64(digest)
        for name in graph_columns.HASHES
        if data.hashes is not None and (digest := getattr(data.hashes, name)) is not None
    }
    named = data.references
    return {
        "source": envelope.source,
        "observed_at": _at(envelope),
        "derivation_id64": graph_columns.drv_id64(data.drv_path),
        "output": data.output,
        "path": data.path,
        "nar_hash": data.nar_hash,
        "nar_bytes": data.nar_bytes,
        "file_bytes": data.file_bytes,
        "closure_bytes": data.closure_bytes,
        "references": None if named is None else sorted(set(named) - {data.path}),
        **hashes,
    }


def _attribute(envelope: Envelope, data: AttributeEvaluated) -> Row:
    return {
        "source": envelope.source,
        "package_set": data.package_set,
        "revision": data.commit,
        "observed_at": _at(envelope),
        "attr": data.attr,
        "system": data.system,
        "derivation_id64": graph_columns.drv_id64(data.drv_path),
    }


def _package_set(envelope: Envelope, data: PackageSetEvaluated) -> PackageSet:
    return PackageSet(
        source=envelope.source,
        package_set=data.package_set,
        commit=data.commit,
        at=_at(envelope),
        commit_at=instant(data.commit_time) if data.commit_time else None,
        is_complete=data.complete,
        expected=data.expected_attrs,
    )
