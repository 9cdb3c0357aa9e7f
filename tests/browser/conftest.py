"""The invented world, published once; its site behind a local server; its pages read and visited once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from pipelines.paths import SITE, SQL
from pipelines.publish.report import ReportResult, publish
from tests.browser import fixture_world, plain, served, visits


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the invented world."""
    return fixture_world.build(tmp_path_factory.mktemp("world") / "warehouse.duckdb")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the site is built."""
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="session")
def base(folder: Path) -> Iterator[str]:
    """Address under which the site is served; it is known before the site is built."""
    with served.site(folder / "report" / "html") as address:
        yield address


@pytest.fixture(scope="session")
def report(world: Path, folder: Path, base: str, tmp_path_factory: pytest.TempPathFactory) -> ReportResult:
    """The published report."""
    var = tmp_path_factory.mktemp("var")
    return publish(world, folder, var, SITE, SQL, fixture_world.VERSION, site_url=base)


@pytest.fixture(scope="session")
def pages(base: str, report: ReportResult) -> dict[str, plain.Page]:
    """What every page says, read as a file."""
    names = sorted(path.relative_to(report.html).as_posix() for path in report.html.rglob("*.html"))
    return plain.read(report.html, base, [name for name in names if name != "404.html"])


@pytest.fixture(scope="session")
def visited(browser: Browser, base: str, pages: dict[str, plain.Page]) -> dict[str, visits.Visit]:
    """What pages did when they were opened with an empty cache and scrolled through.

    All but the pages of relations that are made of nothing else than those that are opened.
    """
    relations = [name for name in pages if plain.of_a_relation(name)]
    unopened = plain.needless(pages, relations)
    return visits.visits(browser, base, [name for name in pages if name not in unopened])


@pytest.fixture(scope="session")
def seen(pages: dict[str, plain.Page], visited: dict[str, visits.Visit]) -> dict[str, dict[str, Any]]:
    """What every page holds, as the browser shows it or else as its file says."""
    return {name: visited.get(name, page).seen for name, page in pages.items()}
