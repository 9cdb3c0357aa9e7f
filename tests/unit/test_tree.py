"""What holds for the tree as a whole: which way imports point, what locks say, what belongs to a metric."""

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.paths import ROOT

PACKAGES = ("models", "pipelines")
LOCKS = sorted(ROOT.glob("*.lock"))
METRICS = sorted(path.stem for path in (ROOT / "sql" / "metrics").glob("*.sql"))
# `refresh` runs the job without the daemon, and imports Dagster only once it is called.
MAY_IMPORT_DAGSTER = tuple(
    f"pipelines.{name}" for name in ("assets", "checks", "schedules", "definitions", "refresh")
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|root|Users|work|tmp/\w+)/[\w.]+")


def imports() -> Iterator[tuple[str, str]]:
    """Every (module, imported name) of our packages, imports inside functions among them."""
    for path in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module} has a relative import"
                yield from ((module, f"{node.module}.{alias.name}") for alias in node.names)


def below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_models_import_the_standard_library_and_msgspec_only() -> None:
    allowed = (*sys.stdlib_module_names, "msgspec", "models")
    assert [(m, name) for m, name in imports() if below(m, "models") and not below(name, *allowed)] == []


def test_sources_and_the_warehouse_do_not_know_each_other() -> None:
    sides = ("pipelines.sources", "pipelines.warehouse")
    for this, other in (sides, sides[::-1]):
        assert [(m, name) for m, name in imports() if below(m, this) and below(name, other)] == []


def test_only_the_thin_wrappers_import_dagster() -> None:
    users = {module for module, name in imports() if below(name, "dagster")}
    assert {module for module in users if not below(module, *MAY_IMPORT_DAGSTER)} == set()


def test_sources_never_see_duckdb() -> None:
    assert [m for m, name in imports() if below(m, "pipelines.sources") and below(name, "duckdb")] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_index_and_hashes_everything(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    pins = re.findall(r"^\S.*$", text, re.MULTILINE)
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_lock_holds_the_base_lock(lock: Path) -> None:
    def pins(path: Path) -> set[str]:
        return set(re.findall(r"^[\w.\[\]-]+==[^\\]*", path.read_text(), re.MULTILINE))

    # A pin may carry fewer conditions in a larger lock (more asks for it), never another version.
    larger = {pin.split(" ;")[0].strip() for pin in pins(lock)}
    assert {pin.split(" ;")[0].strip() for pin in pins(ROOT / "requirements.lock")} <= larger


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"requirements.lock": project["dependencies"] + project["optional-dependencies"]["build"]}
    groups["requirements-test.lock"] = project["optional-dependencies"]["test"]
    groups["requirements-ui.lock"] = project["optional-dependencies"]["ui"]
    for lock, wanted in groups.items():
        locked = re.findall(r"^([\w.-]+)(?:\[\w+\])?==", (ROOT / lock).read_text(), re.MULTILINE)
        assert {re.split(r"[\[<>=]", name)[0] for name in wanted} <= set(locked), lock


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_has_tests_a_page_and_a_check(metric: str) -> None:
    cases = (ROOT / "tests" / "sql" / metric).glob("*")
    assert [case for case in cases if case.is_dir()], "no given/expect folder"
    assert (ROOT / "site" / "pages" / "metrics" / f"{metric}.md").is_file(), "no page"
    assert list((ROOT / "sql" / "checks").glob(f"{metric}__*.sql")), "no check"


def test_every_metric_page_has_a_metric() -> None:
    pages = (ROOT / "site" / "pages" / "metrics").glob("*.md")
    assert {page.stem for page in pages} - {"index"} <= set(METRICS)


NO_TEXT = (".parquet", ".png", ".gz", ".zip", ".zst")


def our_texts() -> Iterator[Path]:
    """Every text file of the checkout that is not made by a tool."""
    for folder, folders, names in os.walk(ROOT):
        hidden = {name for name in folders if name.startswith(".")} - {".ci", ".github"}
        made = {"var", "build"} if Path(folder) == ROOT else set()
        folders[:] = sorted(set(folders) - hidden - made - {"__pycache__"})
        yield from (Path(folder, name) for name in names if not name.endswith((".git", *NO_TEXT)))


def test_nothing_names_a_path_of_one_machine() -> None:
    assert [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in our_texts()
        if path != Path(__file__)
        for match in MACHINE_PATH.finditer(path.read_text())
    ] == []
