"""What tests of several folders share: the bundled histories, ingested and built once, and one browser."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser

from pipelines.log.store import EventLog
from tests import histories
from tests.browser import served


@pytest.fixture(scope="session")
def real_log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """A log of all four histories, a batch each. Not to be written to."""
    return histories.ingest_all(histories.ALL, tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="session")
def real_warehouse(real_log: EventLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse file built from it under the preset `headline`. Not to be written to."""
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    histories.build(real_log, path).close()
    return path


@pytest.fixture(scope="module")
def real(real_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to it, for reading."""
    with histories.opened(real_warehouse) as con:
        yield con


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One headless browser for every test that asks; Playwright allows one at a time in a thread."""
    with served.browser(chromium) as opened:
        yield opened
