"""Waves and the ledger as people write them: what is read, what is refused and where, and what tags say."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from models.events import WaveDeclared, WavePackageResolved
from pipelines.assets.ingest import ingest_assets
from pipelines.configuration import Configuration
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.paths import EXAMPLES
from pipelines.runtime import Runtime
from pipelines.settings import Settings
from pipelines.sources.waves import declared, ingest, tags
from tests import histories

WAVE = """\
id = "15-1"
title = "GCC 15"
declared = 2026-01-31
started = 2026-02-01
instance = "hydra.example.org"
jobsets = [
    "nixpkgs/staging-next",   # [ not a bracket
]
roots = ["gcc", "gfortran"]
"""
ENTRY = """\
[[resolution]]
wave = "15-1"
package = "hello"
resolution = "wont-fix"
author = "somebody"
reason = "unmaintained"
date = 2026-02-03
"""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHA, OTHER = "a" * 40, "b" * 40


def written(folder: Path, wave: str = WAVE, ledger: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "15-1.toml").write_text(wave)
    if ledger is not None:
        (folder / "resolutions.toml").write_text(ledger)
    return folder


def test_a_wave_and_its_ledger_are_read(tmp_path: Path) -> None:
    found = declared.folder(written(tmp_path / "w", WAVE + 'groups = [["gcc", "gfortran"]]\n', ENTRY))
    wave, entry = (one.event for one in found)
    assert isinstance(wave, WaveDeclared)
    assert (wave.id, wave.roots, wave.groups) == (
        "waves:declared:15-1:2026-01-31",
        ["gcc", "gfortran"],
        [["gcc", "gfortran"]],
    )
    assert wave.observed_at == datetime(2026, 1, 31, tzinfo=UTC)
    assert wave.started_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert isinstance(entry, WavePackageResolved)
    assert (entry.id, entry.system, entry.observed_at) == (
        "waves:resolved:15-1:hello:*:2026-02-03",
        None,
        datetime(2026, 2, 3, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('id = "15-1"', 'id = "gcc 15"', "line 1: id is 'gcc 15'"),
        ('title = "GCC 15"', "titel = 1", "line 2: there is no key 'titel': did you mean title?"),
        ('title = "GCC 15"', "title = 1", "line 2: title is 1: write a text on one line."),
        ("declared = 2026-01-31", "", "line 1: declared is missing"),
        ("2026-01-31", '"2026-01-31"', "line 3: declared is '2026-01-31': write a date"),
        ("2026-02-01", "2026-02-01T10:00:00", "line 4: started is datetime"),
        ("2026-02-01", "2026-02-01\nended = 2026-01-01", "line 5: ended lies before started"),
        ("nixpkgs/staging-next", "staging-next", "line 6: jobsets has 'staging-next'"),
        ('["gcc", "gfortran"]', "[]", "line 9: roots is empty"),
        ('["gcc", "gfortran"]', '["gcc", "gcc"]', "line 9: roots names 'gcc' twice"),
        (
            '["gcc", "gfortran"]',
            '["gcc"]\ngroups = [["gcc", "x"]]',
            "line 10: groups has 'x', which is no root",
        ),
        (
            '["gcc", "gfortran"]',
            '["gcc"]\ngroups = [["gcc"]]',
            "line 10: groups has a group of fewer than two",
        ),
        ('["gcc", "gfortran"]', '["gcc"]\npaused = 1', "line 10: paused is 1: write true or false"),
        ('["gcc", "gfortran"]', "['gcc'", "this is not TOML"),
        ("GCC 15", "GCC\\u0000 15", "line 2: title is"),
    ],
)
def test_a_fault_of_a_wave_names_file_and_line(tmp_path: Path, was: str, now: str, said: str) -> None:
    assert WAVE.count(was) == 1
    with pytest.raises(BadInput) as raised:
        declared.folder(written(tmp_path / "w", WAVE.replace(was, now)))
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "w" / "15-1.toml"))


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('"wont-fix"', '"pass"', "line 4: a pass is seen by a CI and never declared"),
        ('"wont-fix"', '"later"', "line 4: resolution is 'later': write one of wont-fix, cant-fix, open"),
        ('"15-1"', '"15-2"', "line 2: no file declares the wave '15-2': did you mean 15-1?"),
        ('"15-1"', '"99"', "line 2: no file declares the wave '99'"),
        ('"somebody"', '"some@body.example"', "line 5: author is an e-mail address"),
        ("date", "dated", "line 7: there is no key 'dated': did you mean date?"),
        ("date = 2026-02-03", 'date = 2026-02-03\nlink = "javascript:x"', "line 8: link is"),
        ("date = 2026-02-03", 'date = 2026-02-03\nsystem = "Linux"', "line 8: system is 'Linux'"),
        (
            "date = 2026-02-03\n",
            f"date = 2026-02-03\n\n{ENTRY}",
            "line 11: this package has an entry of the same",
        ),
        ("[[resolution]]", "[resolution]", "line 1: resolution is no list of tables"),
        (
            "[[resolution]]",
            "[[resolutions]]",
            "line 1: there is no key 'resolutions': did you mean resolution?",
        ),
    ],
)
def test_a_fault_of_the_ledger_names_file_and_line(tmp_path: Path, was: str, now: str, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        declared.folder(written(tmp_path / "w", ledger=ENTRY.replace(was, now)))
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "w" / "resolutions.toml"))


def test_the_second_entry_of_a_ledger_has_its_own_lines(tmp_path: Path) -> None:
    second = ENTRY.replace("hello", "world").replace("wont-fix", "pass")
    with pytest.raises(BadInput, match="line 12: a pass is seen by a CI"):
        declared.folder(written(tmp_path / "w", ledger=f"{ENTRY}\n{second}"))


def test_a_major_wave_may_be_decided_on_where_a_minor_one_is_declared(tmp_path: Path) -> None:
    (_, entry) = declared.folder(written(tmp_path / "w", ledger=ENTRY.replace('"15-1"', '"15"')))
    assert entry.id == "waves:resolved:15:hello:*:2026-02-03"


def test_two_files_cannot_declare_one_wave(tmp_path: Path) -> None:
    folder = written(tmp_path / "w")
    (folder / "other.toml").write_text(WAVE)
    with pytest.raises(BadInput, match=r"other.toml, line 1: the wave 15-1 is declared in 15-1.toml already"):
        declared.folder(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere does not exist"):
        declared.folder(tmp_path / "nowhere")


def test_what_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "w", WAVE + "#" * 1_000_000)
    with pytest.raises(BadInput, match="has more than 1,000,000 bytes"):
        declared.folder(folder)
    (folder / "15-1.toml").write_bytes(b'id = "15-1"\ntitle = "\xff"\n')
    with pytest.raises(BadInput, match=r"line 2: the text is not UTF-8"):
        declared.folder(folder)


def _record(folder: Path, log: EventLog) -> int:
    """Rows appended."""
    batch = ingest.ingest_waves(folder, log, folder, histories.quiet).batch
    return batch.rows if batch else 0


def test_only_what_is_new_is_recorded_and_a_change_needs_a_new_date(tmp_path: Path) -> None:
    log, folder = EventLog(tmp_path / "log"), written(tmp_path / "w", ledger=ENTRY)
    assert (_record(folder, log), _record(folder, log)) == (2, 0)
    written(folder, WAVE.replace("GCC 15", "GCC 16"))
    with pytest.raises(
        BadInput,
        match="line 3: changed, but `declared` is still 2026-01-31: set it to the date of the change",
    ):
        _record(folder, log)
    written(folder, WAVE.replace("GCC 15", "GCC 16").replace("2026-01-31", "2026-02-05"))
    assert _record(folder, log) == 1
    written(folder, ledger=ENTRY.replace("unmaintained", "because"))
    with pytest.raises(BadInput, match=r"resolutions.toml, line 7: changed, but `date` is still 2026-02-03"):
        _record(folder, log)
    # The old text once more: it is what the log holds of that date.
    assert _record(written(folder, ledger=ENTRY), log) == 0


def test_the_examples_are_read_once_their_suffix_is_taken_off(tmp_path: Path) -> None:
    examples = sorted((EXAMPLES / "waves").iterdir())
    assert {path.suffix for path in examples} == {".example"}
    assert declared.folder(EXAMPLES / "waves") == []
    for path in examples:
        shutil.copy(path, tmp_path / path.stem)
    assert [type(one.event) for one in declared.folder(tmp_path)] == [WaveDeclared, WavePackageResolved]


LISTING = f"""\
{OTHER}\trefs/tags/wave-15-1
{SHA}\trefs/tags/wave-15-1^{{}}
{SHA}\trefs/tags/nix-wave-16
{SHA}\trefs/tags/v1.0
{SHA}\trefs/heads/wave-9
"""


def test_tags_of_a_listing_name_what_an_annotated_tag_points_to() -> None:
    assert tags.of_listing(LISTING) == [
        tags.Tag("nix-wave-16", "16", SHA, None),
        tags.Tag("wave-15-1", "15-1", SHA, None),
    ]
    assert tags.of_listing("") == []
    with pytest.raises(BadInput, match="no line of `git ls-remote --tags`"):
        tags.of_listing("<html>")


def test_tags_of_a_repository_and_of_its_listing_are_one_event_each(tmp_path: Path) -> None:
    repository, log = tmp_path / "repository", EventLog(tmp_path / "log")
    repository.mkdir()

    def git(*words: str) -> str:
        alone = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "tag.gpgSign=false"]
        done = subprocess.run([*alone, *words], cwd=repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q")
    git("-c", "commit.gpgSign=false", "commit", "-q", "--allow-empty", "-m", "first")
    head = git("rev-parse", "HEAD")
    git("tag", "wave-15-1")
    git("tag", "-a", "-m", "annotated", "nix-wave-16")
    git("tag", "wave-")
    # A hook or a configured program of the repository must not run.
    git("config", "core.fsmonitor", "touch ran")
    first = ingest.ingest_tags(repository, log, tmp_path, histories.quiet, NOW)
    assert first.batch is not None
    rows = log.scan("wave_tagged").sort("tag").collect()
    assert rows.select("tag", "wave", "revision").rows() == [
        ("nix-wave-16", "16", head),
        ("wave-15-1", "15-1", head),
    ]
    assert rows["occurred_at"].null_count() == 0
    assert not (repository / "ran").exists()
    listing = "\n".join(f"{head}\trefs/tags/{tag}" for tag in ("wave-15-1", "nix-wave-16"))
    (tmp_path / "tags").write_text(listing)
    for given in (listing, tmp_path / "tags", repository):
        assert ingest.ingest_tags(given, log, tmp_path, histories.quiet, NOW).batch is None
    git("-c", "commit.gpgSign=false", "commit", "-q", "--allow-empty", "-m", "second")
    git("tag", "-f", "wave-15-1")
    moved = ingest.ingest_tags(repository, log, tmp_path, histories.quiet, NOW)
    assert moved.batch is not None
    assert moved.batch.rows == 1


def test_what_is_no_repository_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(BadInput, match=r"plain .*: name the folder of a repository"):
        tags.of_repository(tmp_path / "plain")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="no git on the PATH"):
        tags.of_repository(tmp_path / "plain")


def test_a_configured_folder_is_recorded_by_an_asset_that_stops_at_a_fault(tmp_path: Path) -> None:
    folder = written(tmp_path / "w", ledger=ENTRY)
    runtime = Runtime(
        Settings(var=tmp_path / "var", build=tmp_path / "build", config=tmp_path / "config.toml")
    )
    (asset, inbox) = ingest_assets(Configuration(waves=folder))
    assert asset.key == dg.AssetKey(["ingest", "waves"])
    assert inbox.key == dg.AssetKey(["ingest", "inbox"])
    assert dg.materialize([asset], resources={"runtime": runtime}).success
    assert [(done.source, done.batch and done.batch.rows) for done in runtime.ingested] == [("waves", 2)]
    written(folder, WAVE.replace("GCC 15", "GCC 16"))
    with pytest.raises(BadInput, match="changed, but `declared` is still"):
        dg.materialize([asset], resources={"runtime": runtime})
