"""`nix path-info --json` in the layouts of all versions: a list, objects by path, a versioned object around them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pipelines.sources.ci import documents, fields, graph_columns, records, store_content
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import Reading, Told

NAME = "nix path-info"

_OF_PATH = {b"narHash", b"narSize"}


def recognises(head: bytes) -> bool:
    """Whether objects have the hash and size of an archive, or are said to be no valid paths."""
    start = head.lstrip()[:1]
    names = records.keys(head, 2) if start in (b"[", b"{") else set()
    if start == b"[":
        return names >= _OF_PATH or {b"path", b"valid"} <= names
    return names >= _OF_PATH or b"info" in records.keys(head, 1) and records.keys(head, 3) >= _OF_PATH


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The outputs. Raises BadInput if it is no JSON, or nobody tells which store or cache."""
    source, at = records.whose(told, name)
    rejects = Rejects(name)
    left: Counter[tuple[str, str]] = Counter()
    rows = []
    for document in documents.documents(documents.whole(lines, name), rejects):
        for path, value in _entries(document):
            try:
                if value is None or isinstance(value, dict) and value.get("valid") is False:
                    continue
                info = fields.record(value, "what is said of a path")
                if "narHash" not in info or "narSize" not in info:
                    raise Broken("neither hash nor size of an archive")
                found = store_content.row(
                    source,
                    at,
                    info.get("path") if path is None else path,
                    info.get("deriver"),
                    nar=info["narHash"],
                    nar_bytes=info["narSize"],
                    file_bytes=info.get("downloadSize"),
                    closure_bytes=info.get("closureSize"),
                    references=fields.items(info["references"], "references")
                    if "references" in info
                    else None,
                )
            except Broken as error:
                rejects.add(f"path that cannot be used: {error}", {"path": path, "info": value})
                continue
            if isinstance(found, str):
                left[source, found] += 1
            else:
                rows.append(found)
    return Reading(
        outputs=graph_columns.frame(rows, graph_columns.OUTPUTS),
        rejected=rejects.all(),
        left=tuple((of, kind, n) for (of, kind), n in sorted(left.items())),
    )


def _entries(document: Any) -> Iterator[tuple[str | None, Any]]:
    """(path where it stands before, object). What is no path of a store is the business of the caller."""
    if isinstance(document, dict) and isinstance(document.get("info"), dict):
        document = document["info"]
    if isinstance(document, dict):
        yield from document.items()
    else:
        yield from ((None, one) for one in (document if isinstance(document, list) else [document]))
