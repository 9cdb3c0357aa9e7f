"""Which path an output of a content-addressed derivation turned out to be.

Since Nix 2.35 such a record names the derivation. Before (`realisations/<id>.doi`) its id is a hash that no
derivation's path tells: those records are counted and left.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from pipelines.sources.ci import documents, fields, graph_columns, records, store_content
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Reading, Told

NAME = "realisation"
WITHOUT_DERIVATION = "realisations that name no derivation, as Nix wrote them before 2.35"


def recognises(head: bytes) -> bool:
    """Whether objects have an output path with an id, or with a key and a value."""
    start = head.lstrip()[:1]
    if start not in (b"[", b"{"):
        return False
    depth = 2 if start == b"[" else 1
    names = records.keys(head, depth)
    return {b"id", b"outPath"} <= names or (
        {b"key", b"value"} <= names and {b"drvPath", b"outPath"} <= records.keys(head, depth + 1)
    )


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """Outputs with their paths, whose content is unknown. Raises BadInput if it is no JSON, or nobody tells whose."""
    source, at = records.whose(told, name)
    rejects = Rejects(name)
    left: Counter[tuple[str, str]] = Counter()
    rows = []
    for document in documents.documents(documents.whole(lines, name), rejects):
        for value in document if isinstance(document, list) else [document]:
            try:
                found = _one(value)
                if found is None:
                    left[source, WITHOUT_DERIVATION] += 1
                    continue
                drv, output, path = found
                row = store_content.row(source, at, path, drv, nar=None, nar_bytes=None)
            except Broken as error:
                rejects.add(f"realisation that cannot be used: {error}", value)
                continue
            if isinstance(row, str):
                left[source, row] += 1
            else:
                rows.append({**row, "output": output})
    return Reading(
        outputs=graph_columns.frame(rows, graph_columns.OUTPUTS),
        rejected=rejects.all(),
        left=tuple((of, kind, n) for (of, kind), n in sorted(left.items())),
    )


def _one(value: Any) -> tuple[str, str, Any] | None:
    """Derivation, output and path; None where no derivation is named. Raises Broken."""
    told = fields.record(value, "a realisation")
    if "key" not in told:
        if not fields.text(told.get("id"), "id").startswith("sha256:"):
            raise Broken("an id without sha256")
        fields.text(told.get("outPath"), "outPath")
        return None
    key = fields.record(told["key"], "key")
    output = fields.text(key.get("outputName"), "outputName", 211)
    path = fields.record(told.get("value"), "value").get("outPath")
    return fields.text(key.get("drvPath"), "drvPath"), output, path
