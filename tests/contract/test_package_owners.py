"""Lists of owners: only public handles are kept, who asked to be left out is, and bad input spoils nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import ingest, sources
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.sources import package_owners
from pipelines.sources.base import Facts, Known

NOTHING_KNOWN = Known(lambda event_type, source: set())
ADA = {"name": "Ada L.", "email": "ada@example.org", "github": "ada", "githubId": 1}
BOB = {"name": "Bob", "email": "bob@example.org", "github": "Bob-2", "githubId": 2}
TEAM = {"shortName": "Tea Party", "members": [ADA], "scope": "Tea."}
PACKAGES: dict[str, Any] = {
    "hello": {"pname": "hello", "meta": {"maintainers": [ADA, ADA], "teams": []}},
    "tea": {"meta": {"maintainers": [ADA, BOB], "nonTeamMaintainers": [BOB], "teams": [TEAM]}},
    "cup": {"meta": {"maintainers": [], "nonTeamMaintainers": [], "teams": [{**TEAM, "github": "tea"}]}},
    "nobody": {"meta": {}},
    "bare": {},
}
TOLD = [
    ("cup", "team", "tea"),
    ("hello", "maintainer", "ada"),
    ("tea", "maintainer", "Bob-2"),
    ("tea", "team", "Tea Party"),
]


def folder(path: Path, packages: Any, about: str = "listed_on = 2026-08-19\n") -> Path:
    path.mkdir(exist_ok=True)
    (path / "packages.json").write_text(json.dumps({"version": 2, "packages": packages}))
    (path / "owners.toml").write_text(about)
    return path


def read(path: Path, known: Known = NOTHING_KNOWN) -> Facts:
    return package_owners.read(path, known, lambda message: None)


def rows(facts: Facts) -> list[tuple[Any, ...]]:
    return facts.frames["package_owners_listed"].select("attr", "owner_kind", "owner").rows()


def test_direct_maintainers_and_teams_are_read(tmp_path: Path) -> None:
    facts = read(folder(tmp_path, PACKAGES))
    assert rows(facts) == TOLD
    assert facts.rejected == []
    told = facts.frames["package_owners_listed"]
    assert told["observed_at"].unique().to_list() == [datetime(2026, 8, 19, tzinfo=UTC)]
    assert told["id"].n_unique() == 1
    assert sources.recognise(tmp_path).NAME == "package-owners"


def test_who_asked_to_be_left_out_is_and_the_shorter_list_is_another_one(tmp_path: Path) -> None:
    about = 'listed_on = 2026-08-19\nleft_out = ["ADA", "tea"]\n'
    whole, shorter = read(folder(tmp_path / "a", PACKAGES)), read(folder(tmp_path / "b", PACKAGES, about))
    assert rows(shorter) == [row for row in TOLD if row[2] not in ("ada", "tea")]
    assert shorter.frames["package_owners_listed"]["left_out_rows"].unique().to_list() == [2]
    ids = [facts.frames["package_owners_listed"]["id"][0] for facts in (whole, shorter)]
    assert ids[0] != ids[1]


def test_a_second_reading_adds_nothing_and_no_address_is_kept(tmp_path: Path) -> None:
    path = folder(tmp_path / "list", {**PACKAGES, "odd": {"meta": {"maintainers": ["eve@example.org", BOB]}}})
    log = EventLog(tmp_path / "log")
    first = ingest.history(path, log, tmp_path / "quarantine", lambda message: None)
    assert first.batch is not None
    assert first.rejected == 1
    again = ingest.history(path, log, tmp_path / "quarantine", lambda message: None)
    assert again.batch is None
    for file in tmp_path.rglob("*"):
        if file.is_file() and "list" not in file.relative_to(tmp_path).parts:
            assert b"example.org" not in file.read_bytes(), file
    assert "Ada L." not in str(log.scan("package_owners_listed").collect().to_dicts())


@pytest.mark.parametrize(
    "odd",
    [
        3,
        {"meta": 3},
        {"meta": {"maintainers": 3}},
        {"meta": {"maintainers": [{"github": "../../etc"}]}},
        {"meta": {"maintainers": [{"github": ["x"]}]}},
        {"meta": {"maintainers": [{"email": "eve@example.org"}]}},
        {"meta": {"teams": [{"shortName": "<b>"}]}},
    ],
)
def test_what_cannot_be_used_is_counted_and_spoils_nothing(tmp_path: Path, odd: Any) -> None:
    facts = read(folder(tmp_path, {**PACKAGES, "odd": odd}))
    assert rows(facts) == TOLD
    assert sum(one.rows for one in facts.rejected) == 1
    assert {one.content for one in facts.rejected} == {b""}


def test_an_attribute_that_cannot_be_a_name_is_counted(tmp_path: Path) -> None:
    facts = read(folder(tmp_path, {**PACKAGES, "a\nb": {"meta": {"maintainers": [ADA]}}}))
    assert rows(facts) == TOLD
    assert [one.rows for one in facts.rejected] == [1]


@pytest.mark.parametrize(
    ("packages", "about", "said"),
    [
        (PACKAGES, "", "listed_on is missing"),
        (PACKAGES, "listed_on = '2026-08-19'", "write a date"),
        (PACKAGES, "listed_on = 2026-08-19\nleftout = []", "did you mean left_out"),
        (PACKAGES, 'listed_on = 2026-08-19\nleft_out = ["ada", "bob-2", "tea", "tea party"]', "names nobody"),
        ({}, "listed_on = 2026-08-19", "names nobody"),
        ([], "listed_on = 2026-08-19", "no list of packages"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, packages: Any, about: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        read(folder(tmp_path, packages, about))


@given(content=st.binary(max_size=200) | st.text(alphabet='{}[]":,packages', max_size=60).map(str.encode))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = folder(tmp_path_factory.mktemp("any"), {})
    (path / "packages.json").write_bytes(content)
    with pytest.raises(BadInput):
        read(path)


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, {})
    deep = b"[" * 100_000 + b"]" * 100_000
    (path / "packages.json").write_bytes(b'{"packages": {"a": {"meta": {"maintainers": ' + deep + b"}}}}")
    with pytest.raises(BadInput, match="no list of packages"):
        read(path)
