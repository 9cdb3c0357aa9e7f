"""Files of derivations (`HASH-NAME.drv`), as they lie in a store.

What an input is used for shows only where its own file is there: all files of one call are one set, together with
those that were read before and are still where they were.
"""

import re
from collections.abc import Iterable

from pipelines.errors import BadInput
from pipelines.nix import aterm, store_paths
from pipelines.sources.ci import records
from pipelines.sources.ci.runs import Parsed, Reading, Told

NAME = "Nix derivation"

_PACKED = re.compile(r"\.(gz|zst)\Z")


def recognises(head: bytes) -> bool:
    """Whether this begins as Nix begins every derivation."""
    return head.startswith((aterm.START, b"DrvWithVersion("))


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The derivation, whose name is that of the file. Raises BadInput if it is none, or nobody tells which CI."""
    source, at = records.whose(told, name)
    parts: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line)
        if size > aterm.MAX_BYTES:
            raise BadInput(f"{name} is larger than {aterm.MAX_BYTES:,} bytes: it is left out.")
        parts.append(line)
    path = f"{store_paths.STORE}/{_PACKED.sub('', name)}"
    return Reading(parsed=(Parsed(source, at, aterm.parse(b"".join(parts), path)),))
