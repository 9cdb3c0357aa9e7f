"""Sources: each recognises a path by its content, reads it and yields facts. They never see the warehouse."""

from pathlib import Path

from pipelines.errors import BadInput
from pipelines.sources import (
    broken_markers,
    channel_history,
    haskell_updates,
    mini_nixpkgs,
    nixpkgs_graph,
    package_owners,
    trunk_failures,
    version_updates,
)
from pipelines.sources.base import Source

SOURCES: tuple[Source, ...] = (
    haskell_updates,
    trunk_failures,
    channel_history,
    broken_markers,
    nixpkgs_graph,
    version_updates,
    mini_nixpkgs,
    package_owners,
)
"""Every history that `ingest history` recognises."""


def recognise(path: Path) -> Source:
    """The source that reads `path`. Raises BadInput naming what would have been recognised."""
    if not path.is_dir():
        raise BadInput(f"{path} is not a folder: name the folder that holds the files of one history.")
    for source in SOURCES:
        if source.recognises(path):
            return source
    wanted = "; ".join(f"{source.NAME} ({source.WANTS})" for source in SOURCES)
    raise BadInput(f"{path} holds no history that is known. Known are: {wanted}.")
