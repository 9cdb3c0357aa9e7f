"""What a store or a cache says of the content of paths: hashes, sizes, references. Common to its formats."""

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pipelines.errors import BadInput
from pipelines.nix import store_paths
from pipelines.sources.ci import fields, graph_columns
from pipelines.sources.ci.documents import Broken
from pipelines.sources.ci.graph_columns import Row

NO_DERIVER = "paths of which nobody says what they were built from"
IS_DERIVATION = "paths that are derivations, not outputs"

_SRI = re.compile(r"sha256-([A-Za-z0-9+/]{43}=)")
_SHA256_BYTES = 32


def nar_hash(value: Any) -> str:
    """A SHA-256 as `sha256-` and base 64, from that or from base 32 or 16 after `sha256:`. Raises Broken."""
    text = fields.text(value, "the hash of the archive")
    found = _SRI.fullmatch(text)
    if found:
        return text
    digits = text.removeprefix("sha256:")
    try:
        if len(digits) == 2 * _SHA256_BYTES:
            digest = bytes.fromhex(digits)
        else:
            digest = store_paths.decode32(digits, _SHA256_BYTES)
    except ValueError:
        raise Broken(f"the hash of the archive is {text[:80]!r}, no SHA-256 as Nix writes it") from None
    return "sha256-" + base64.b64encode(digest).decode()


def row(
    source: str,
    at: datetime,
    path: Any,
    deriver: Any,
    *,
    nar: Any,
    nar_bytes: Any,
    file_bytes: Any = None,
    closure_bytes: Any = None,
    references: Iterable[Any] | None = None,
) -> Row | str:
    """A row of an output, or why it is left out. Paths may lack the store's folder. Raises Broken."""
    try:
        whole = store_paths.whole(fields.text(path, "the path"))
        named = (
            None
            if references is None
            else {store_paths.whole(fields.text(one, "a reference")) for one in references}
        )
        if whole.endswith(".drv"):
            return IS_DERIVATION
        if deriver in (None, "", "unknown-deriver"):
            return NO_DERIVER
        drv = store_paths.whole(fields.text(deriver, "the deriver"))
        _, _, name = store_paths.split_drv(drv)
        output = _output(store_paths.split(whole)[2], name)
        made = None if nar is None else nar_hash(nar)
        size = None if nar_bytes is None else fields.number(nar_bytes, "the size of the archive")
        return {
            "source": source,
            "observed_at": at,
            "derivation_id64": graph_columns.drv_id64(drv),
            "output": output,
            "path": whole,
            "nar_hash": made,
            "nar_bytes": size,
            "file_bytes": None if file_bytes is None else fields.number(file_bytes, "the size of the file"),
            "closure_bytes": (
                None if closure_bytes is None else fields.number(closure_bytes, "the size of the closure")
            ),
            "references": None if named is None else sorted(named - {whole}),
        }
    except BadInput as error:
        raise Broken(str(error)) from error


def _output(path_name: str, drv_name: str) -> str:
    """Which output of a derivation a path is. Raises Broken where its name is not that of the derivation."""
    if path_name == drv_name:
        return "out"
    if path_name.startswith(f"{drv_name}-"):
        return path_name.removeprefix(f"{drv_name}-")
    raise Broken(f"{path_name[:80]!r} is no output of {drv_name[:80]!r}: the deriver is another one's")
