"""What every test stands on: state in a temporary folder, no network, one browser and one database server found
in one place, and how tests are shared out between processes (`-n 2`).

A test asks for the fixture `chromium` (the path of a browser) and is then a browser test, or for `postgres` (a
running server of its own) or `nix` (stores of its own). Where there is no Chromium, PostgreSQL or Nix those tests are
left out and the summary says so; NIXPKGS_HEALTH_BROWSER_TESTS=required, NIXPKGS_HEALTH_POSTGRES_TESTS=required and
NIXPKGS_HEALTH_NIX_TESTS=required (as in CI) make that an error instead.
"""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from pipelines.bench import postgres as servers
from tests import nix_store

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LEFT_OUT = pytest.StashKey[list[str]]()
SHARING = (
    ("tests/browser/",),
    (
        "tests/contract/",
        "tests/integration/test_deliveries.py",
        "tests/sql/test_found_waves_real.py",
        "tests/sql/test_time_to_fix_real.py",
    ),
)
"""Tests that share what is dear to make: the published report; the bundled histories, ingested and built."""

# Equal examples on every run, and no verdict that depends on how busy the machine is.
settings.register_profile("equal", derandomize=True, deadline=None)
settings.load_profile("equal")


def find_chromium() -> str | None:
    """The browser that tests use: NIXPKGS_HEALTH_CHROMIUM, else the first of the usual names on the PATH."""
    named = os.environ.get("NIXPKGS_HEALTH_CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass(frozen=True)
class Program:
    """A program that some tests need and a machine may lack."""

    fixture: str
    """The fixture by which a test asks for it."""
    kind: str
    """What such tests are called."""
    find: Callable[[], object]
    required_by: str
    """Environment variable; `required` there makes leaving the tests out an error."""
    missing: str
    remedy: str


PROGRAMS = (
    Program(
        "chromium",
        "browser",
        find_chromium,
        "NIXPKGS_HEALTH_BROWSER_TESTS",
        "no Chromium found",
        "Install it (Debian, Ubuntu: apt install chromium) or name one in NIXPKGS_HEALTH_CHROMIUM.",
    ),
    Program(
        "postgres",
        "PostgreSQL",
        servers.find_server,
        "NIXPKGS_HEALTH_POSTGRES_TESTS",
        f"no PostgreSQL server found on the PATH or in {servers.DEBIAN}",
        "Install one (Debian, Ubuntu: apt install postgresql).",
    ),
    Program(
        "nix",
        "Nix",
        nix_store.find_nix,
        "NIXPKGS_HEALTH_NIX_TESTS",
        "no Nix found on the PATH of a usual Linux",
        "Install it (Debian, Ubuntu: apt install nix-bin).",
    ),
)


def pytest_configure() -> None:
    """Stop before any test where a program is missing that must be there."""
    for program in PROGRAMS:
        if os.environ.get(program.required_by) == "required" and not program.find():
            raise pytest.UsageError(
                f"{program.required_by}=required, yet {program.missing}. {program.remedy}"
            )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests out, aloud, where the program that they need is not."""
    left_out = config.stash.setdefault(LEFT_OUT, [])
    for program in PROGRAMS:
        chosen = [item for item in items if program.fixture in getattr(item, "fixturenames", ())]
        if not chosen or program.find():
            continue
        items[:] = [item for item in items if item not in chosen]
        left_out.append(f"{len(chosen)} {program.kind} tests: {program.missing}. {program.remedy}")
        config.hook.pytest_deselected(items=chosen)
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker, each of which collected all tests, what it left out."""
    if left_out := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[LEFT_OUT] = left_out


class Shares(LoadFileScheduling):
    """Whole files, so that what a file's tests share is made once; files that share more go to one process."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        # In the order of collection: the folder names happen to put the long files before the short ones.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((" ".join(group) for group in SHARING if file.startswith(group)), file)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a sixth of the time they wait for browsers, servers and children."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares:
    """Whatever `--dist` says, tests that share a fixture stay together."""
    return Shares(config, log)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was left out just above the last line."""
    if left_out := config.stash.get(LEFT_OUT, []):
        terminalreporter.section("left out")
        for sentence in left_out:
            terminalreporter.line(sentence)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = find_chromium()
    assert path, "a test that needs the browser was collected without one"
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Cluster]:
    """A server of the tests' own, empty; a test makes the databases that it needs in it."""
    with servers.cluster() as running:
        yield running


@pytest.fixture(scope="session")
def nix(tmp_path_factory: pytest.TempPathFactory) -> nix_store.Nix:
    """A Nix with stores of the tests' own."""
    return nix_store.prepared(tmp_path_factory.mktemp("nix"))


@pytest.fixture(scope="session", autouse=True)
def state_in_a_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test, and no process that a test starts, reads or writes the checkout's own var/ and build/."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIXPKGS_HEALTH_VAR", str(folder / "var"))
        patch.setenv("NIXPKGS_HEALTH_BUILD", str(folder / "build"))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """A connection to anywhere but this machine is an error of the test."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to connect to {address[0]}: tests open no network")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", local_only)
        yield
