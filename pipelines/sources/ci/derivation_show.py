"""`nix derivation show` and `nix show-derivation`, in the layouts of all versions (`pipelines.nix.derivation_json`)."""

from collections.abc import Iterable

from pipelines.errors import BadInput
from pipelines.nix import derivation_json
from pipelines.sources.ci import documents, records
from pipelines.sources.ci.documents import Rejects
from pipelines.sources.ci.runs import Parsed, Reading, Told

NAME = "nix derivation show"

_OF_DERIVATION = {b"args", b"builder", b"env", b"inputDrvs", b"inputSrcs", b"inputs", b"outputs"}


def recognises(head: bytes) -> bool:
    """Whether this is an object of derivations by path, or a versioned one around it."""
    if not head.lstrip().startswith(b"{"):
        return False
    names = records.keys(head, 1)
    if b"derivations" in names:
        return len(records.keys(head, 3) & _OF_DERIVATION) > 1
    return any(name.endswith(b".drv") for name in names) and len(records.keys(head, 2) & _OF_DERIVATION) > 1


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The derivations. Raises BadInput if it is no JSON, or nobody tells which CI."""
    source, at = records.whose(told, name)
    rejects = Rejects(name)
    parsed = []
    for document in documents.documents(documents.whole(lines, name), rejects):
        try:
            entries = derivation_json.entries(document)
        except BadInput as error:
            rejects.add(str(error), document)
            continue
        for path, value in entries.items():
            try:
                parsed.append(Parsed(source, at, derivation_json.derivation(path, value)))
            except BadInput as error:
                rejects.add(f"derivation that cannot be used: {error}", {path: value})
    return Reading(parsed=tuple(parsed), rejected=rejects.all())
