"""What tests of crawls ask for: the recorded Hydra on loopback, and the store of a crawl."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.sources.hydra.store import Store
from tests import replay_server


@pytest.fixture
def server() -> Iterator[replay_server.Replay]:
    """The recorded Hydra as it was at the first instant."""
    with replay_server.serve() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store of a crawl."""
    with closing(Store(tmp_path / "crawl.sqlite")) as opened:
        yield opened
