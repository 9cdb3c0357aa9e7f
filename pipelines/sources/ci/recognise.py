"""Which format content has, asked of one adapter after the other."""

import codecs

from pipelines.errors import BadInput
from pipelines.sources.ci import (
    buildbot,
    derivation_show,
    drv_file,
    eval_jobs,
    fast_build,
    generic,
    github_actions,
    hydra_runcommand,
    internal_json,
    junit,
    narinfo,
    nix_json,
    nixpkgs_review,
    path_info,
    plain_log,
    r_updates,
    realisations,
)
from pipelines.sources.ci.runs import MAX_DOCUMENT_BYTES, MAX_LINE_BYTES, Adapter

ADAPTERS: tuple[Adapter, ...] = (
    generic,
    fast_build,
    eval_jobs,
    junit,
    nixpkgs_review,
    github_actions,
    buildbot,
    hydra_runcommand,
    nix_json,
    drv_file,
    derivation_show,
    path_info,
    realisations,
    narinfo,
    internal_json,
    r_updates,
    # Last: plain text that a log of another format may hold as well.
    plain_log,
)
"""Adapters in the order in which they are asked."""


def recognise(head: bytes, name: str) -> Adapter:
    """The adapter of content that begins like this. Raises BadInput naming the known formats."""
    for adapter in ADAPTERS:
        if adapter.recognises(head):
            return adapter
    known = ", ".join(adapter.NAME for adapter in ADAPTERS)
    if not head.strip():
        why = "is empty: a program that failed may print nothing, as `nix build --json` does; send its log instead."
        raise BadInput(f"{name} {why}")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput(f"{name} is UTF-16: write it as UTF-8.")
    if b'"specversion"' in head:
        raise BadInput(
            f"{name} holds events that do not stand one a line: write each whole on a line of its own, from its"
            " first character on, without an array around them."
        )
    raise BadInput(f"{name} has no format that is known by its content: known are {known}.")


def longest_line(adapter: Adapter) -> int:
    """Bytes that a line of the format may have: other formats may be one document on one line."""
    return MAX_LINE_BYTES if adapter is generic else MAX_DOCUMENT_BYTES
