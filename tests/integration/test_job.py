"""The whole path in one process: the job, its outcome on the terminal, and what a second run does.

On a cut of the bundled histories, through the real command, as a user types it.
"""

import hashlib
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Browser

from pipelines import paths
from pipelines.cli import main
from pipelines.log import lock
from pipelines.log.store import EventLog
from tests import histories
from tests.browser import plain, served, visits

SNAPSHOTS = pl.col("snapshot") >= 5480
TRUNK_BEFORE = "2025-10-20"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that names small cuts of three histories."""
    folder = tmp_path_factory.mktemp("histories")
    histories.cut_haskell(folder / "haskell", SNAPSHOTS)
    histories.cut_trunk(folder / "trunk", TRUNK_BEFORE)
    shutil.copytree(histories.MARKERS, folder / "markers")
    path = folder / "config.toml"
    path.write_text('histories = ["haskell", "trunk", "markers"]\n')
    return path


class Place:
    """State and output of one user."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder = folder
        self.environment = {
            "NIXPKGS_HEALTH_VAR": str(folder / "var"),
            "NIXPKGS_HEALTH_BUILD": str(folder / "build"),
            "NIXPKGS_HEALTH_CONFIG": str(config),
        }

    def run(self, *words: str) -> Result:
        """Type the words."""
        return CliRunner().invoke(main, list(words), env=self.environment)

    def site(self) -> dict[str, str]:
        """SHA-256 of every published file."""
        html = self.folder / "build" / "report" / "html"
        return {
            str(path.relative_to(html)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(html.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, config: Path) -> Place:
    """A place in which the report was made once."""
    made = Place(tmp_path_factory.mktemp("place"), config)
    result = made.run("report")
    assert result.exit_code == 0, result.output
    assert "rows appended as batch 1" in result.output
    assert f"Site: {made.folder}" in result.output
    return made


def test_the_headline_fits_the_terminal(place: Place) -> None:
    built = json.loads((place.folder / "build" / "report" / "built.json").read_text())
    assert 3 <= len(built["headline"]) <= 10
    assert all(len(line) <= 80 for line in built["headline"])


def test_no_page_of_it_complains_or_asks_another_host(place: Place, browser: Browser) -> None:
    html = place.folder / "build" / "report" / "html"
    names = sorted(path.relative_to(html).as_posix() for path in html.rglob("*.html"))
    wrong = []
    with served.site(html) as base:
        pages = plain.read(html, base, names)
        # All with a figure, and of the others those that hold something of their own.
        unopened = plain.needless(pages, [name for name, page in pages.items() if not page.has_figure])
        opened = [name for name in names if name not in unopened]
        assert len(opened) > 15
        for name, seen in visits.visits(browser, base, opened).items():
            outside = [url for url in seen.requests if not url.startswith((base, "data:", "blob:"))]
            if seen.said or seen.refused or outside:
                wrong.append((name, seen.said, seen.refused, outside))
    assert wrong == []


def test_with_nothing_new_nothing_is_written(place: Place) -> None:
    def stamps() -> dict[Path, int]:
        kept = [
            place.folder / "var" / "log",
            place.folder / "var" / "warehouse.duckdb",
            place.folder / "build" / "report",
        ]
        files = [
            path for top in kept for path in ([top] if top.is_file() else top.rglob("*")) if path.is_file()
        ]
        return {path: path.stat().st_mtime_ns for path in files}

    before = stamps()
    result = place.run("refresh")
    assert result.exit_code == 0, result.output
    assert result.output.count("nothing new") == 3
    assert stamps() == before


def test_deleting_the_warehouse_and_the_build_changes_no_published_byte(place: Place) -> None:
    before = place.site()
    assert len(before) > 50
    (place.folder / "var" / "warehouse.duckdb").unlink()
    shutil.rmtree(place.folder / "build")
    result = place.run("build")
    assert result.exit_code == 0, result.output
    after = place.site()
    assert sorted(after) == sorted(before)
    assert [name for name in before if before[name] != after[name]] == []


def test_the_version_of_the_data_is_the_last_line_of_the_log(place: Place) -> None:
    shown = place.run("log", "show").output.splitlines()
    asked = place.run("query", "select data_version from core.data_version", "--format", "json")
    assert json.loads(asked.output) == [{"data_version": shown[-1]}]
    assert len(shown[-1]) == 64


def test_a_fresh_ingest_of_the_same_input_has_the_same_version(
    place: Place, config: Path, tmp_path: Path
) -> None:
    other = Place(tmp_path, config)
    for name in ("haskell", "trunk", "markers"):
        assert other.run("ingest", "history", str(config.parent / name)).exit_code == 0
    assert (
        other.run("log", "show").output.splitlines()[-1] == place.run("log", "show").output.splitlines()[-1]
    )


@pytest.mark.parametrize("form", ["table", "csv", "json", "markdown"])
def test_a_question_is_answered_in_every_format(place: Place, form: str) -> None:
    result = place.run("query", "select 1.5 as a, 'x|y' as b, null as c", "--format", form)
    assert result.exit_code == 0
    expected = {
        "csv": "a,b,c\n1.5,x|y,\n",
        "json": '[\n  {\n    "a": 1.5,\n    "b": "x|y",\n    "c": null\n  }\n]\n',
        "markdown": "| a | b | c |\n|---|---|---|\n| 1.5 | x\\|y |  |\n",
    }
    if form == "table":
        assert result.output.splitlines()[-1].split() == ["1.5", "x|y", "null"]
    else:
        assert result.output == expected[form]


def test_the_warehouse_cannot_be_changed_by_a_question(place: Place) -> None:
    result = place.run("query", "create table x as select 1")
    assert result.exit_code == 3
    assert "Traceback" not in result.output


def test_episodes_are_written_under_a_preset(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "episodes.parquet"
    result = place.run("episodes", "--preset", "headline", "--jobset", "nixpkgs/trunk", "--out", str(out))
    assert result.exit_code == 0, result.output
    written = pl.read_parquet(out)
    asked = place.run(
        "query",
        "select count(*) as n from core.failure_episodes where jobset = 'nixpkgs/trunk'",
        "--format",
        "json",
    )
    assert [{"n": written.height}] == json.loads(asked.output)
    assert written["jobset"].unique().to_list() == ["nixpkgs/trunk"]
    assert not list((place.folder / "var").glob("episodes-*"))
    assert (place.folder / "var" / "warehouse.duckdb").is_file()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["query", "selec"], 3, "DuckDB cannot answer that"),
        (["ingest", "history", "/nonexistent"], 3, "is not a folder"),
        (["ingest", "history", str(paths.SQL)], 3, "holds no history that is known"),
        (["episodes", "--preset", "headline", "--out", "x.txt"], 3, "ends neither in .parquet nor in .csv"),
        (
            ["episodes", "--preset", "headline", "--jobset", "no/such", "--out", "x.csv"],
            3,
            "There is no jobset 'no/such'",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_code_3(place: Place, words: list[str], code: int, said: str) -> None:
    result = place.run(*words)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_an_empty_place_says_what_to_do(tmp_path: Path, config: Path) -> None:
    empty = Place(tmp_path, config)
    for words in (["query", "select 1"], ["serve"], ["episodes", "--preset", "headline", "--out", "x.csv"]):
        result = empty.run(*words)
        assert result.exit_code == 3
        assert "./run" in result.stderr


def test_state_that_cannot_be_written_is_a_sentence(config: Path) -> None:
    nowhere = Place(Path("/proc/nowhere"), config)
    result = nowhere.run("ingest", "history", str(config.parent / "markers"))
    assert result.exit_code == 3
    assert "look at rights and free space" in result.stderr
    assert "Traceback" not in result.stderr


def test_another_build_of_the_warehouse_is_told_to_wait(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pipelines.building.ENGINES", ("duckdb",)
    )  # another version of the code: it must build
    with lock.exclusive(place.folder / "var" / "warehouse.building.lock", "the warehouse"):
        result = place.run("build")
    assert result.exit_code == 4
    assert "is writing the warehouse" in result.stderr


def test_other_code_builds_the_site_anew(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    built = place.folder / "build" / "report" / "built.json"
    before = json.loads(built.read_text())["key"]
    monkeypatch.setattr("pipelines.building.ENGINES", ("duckdb", "numpy"))
    assert place.run("build").exit_code == 0
    assert json.loads(built.read_text())["key"] != before


def test_a_second_writer_is_told_to_wait(place: Place) -> None:
    with lock.exclusive(place.folder / "var" / "refresh.lock", "the report"):
        result = place.run("refresh")
    assert result.exit_code == 4
    assert "try again" in result.stderr


def test_a_broken_claim_stops_the_report(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sql = shutil.copytree(paths.SQL, tmp_path / "sql")
    (sql / "checks" / "evaluations__are_none.sql").write_text(
        "-- There are no evaluations.\nselect 1 from core.evaluations\n"
    )
    monkeypatch.setattr(paths, "SQL", sql)
    before = (place.folder / "var" / "warehouse.duckdb").stat().st_mtime_ns
    result = place.run("build")
    assert result.exit_code == 2
    assert "There are no evaluations" in result.stderr
    assert (place.folder / "var" / "warehouse.duckdb").stat().st_mtime_ns == before


def test_the_log_verifies_and_compacts_and_its_version_stays(place: Place) -> None:
    version = place.run("log", "show").output.splitlines()[-1]
    verified = place.run("log", "verify")
    assert verified.exit_code == 0, verified.output
    assert verified.output.splitlines()[-1].endswith(version)
    compacted = place.run("log", "compact")
    assert compacted.exit_code == 0, compacted.output
    assert compacted.output.splitlines()[-1].endswith(version)
    assert place.run("log", "verify").exit_code == 0


def test_a_damaged_log_does_not_verify(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path, Path(place.environment["NIXPKGS_HEALTH_CONFIG"]))
    shutil.copytree(place.folder / "var" / "log", tmp_path / "var" / "log")
    Path(EventLog(tmp_path / "var" / "log").files("build_observed")[0]).unlink()
    result = other.run("log", "verify")
    assert result.exit_code == 2
    assert "build_observed" in result.stderr


def test_words_that_no_command_knows_are_bad_input(place: Place) -> None:
    for words in (["nonsense"], ["query"], ["query", "select 1", "--format", "yaml"]):
        result = place.run(*words)
        assert result.exit_code == 3
        assert "Usage" in result.stderr


def test_a_fault_is_a_sentence_and_its_traceback_a_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("the moon is full")

    monkeypatch.setattr("pipelines.query.ask", broken)
    result = place.run("query", "select 1")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "the moon is full" in result.stderr
    assert "Traceback" in (place.folder / "var" / "fault.txt").read_text()


def test_every_command_has_a_line_of_help() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    for name, command in main.commands.items():
        assert command.get_short_help_str(), name
        assert f"  {name}" in text
    assert all(len(line) <= 80 for line in text.splitlines())
