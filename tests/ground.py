"""What every test stands on: state in a temporary folder, no network, and one browser found in one place.

A test asks for the fixture `chromium` (the path of a browser) and is then a browser test. Where there is no
Chromium those tests are left out and the summary says so; NIXPKGS_HEALTH_BROWSER_TESTS=required (as in CI)
makes that an error instead.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LEFT_OUT = pytest.StashKey[int]()

# Equal examples on every run, and no verdict that depends on how busy the machine is.
settings.register_profile("equal", derandomize=True, deadline=None)
settings.load_profile("equal")


def find_chromium() -> str | None:
    """The browser that tests use: NIXPKGS_HEALTH_CHROMIUM, else the first of the usual names on the PATH."""
    named = os.environ.get("NIXPKGS_HEALTH_CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave browser tests out, aloud, where no browser is."""
    if find_chromium():
        return
    chosen = [item for item in items if "chromium" in getattr(item, "fixturenames", ())]
    if chosen and os.environ.get("NIXPKGS_HEALTH_BROWSER_TESTS") == "required":
        names = ", ".join(BROWSERS)
        raise pytest.UsageError(f"{len(chosen)} tests need a browser and none of {names} is on the PATH")
    items[:] = [item for item in items if item not in chosen]
    config.stash[LEFT_OUT] = len(chosen)
    config.hook.pytest_deselected(items=chosen)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was left out just above the last line."""
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.section("left out")
        terminalreporter.line(
            f"{left_out} browser tests: no Chromium found. Install it (Debian, Ubuntu: apt install chromium) "
            "or name one in NIXPKGS_HEALTH_CHROMIUM."
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = find_chromium()
    assert path, "a test that needs the browser was collected without one"
    return path


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
