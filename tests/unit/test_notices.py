"""Feeds of notices: who is in which, what they say, and that hostile names stay names."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.publish import notice_words, notices
from pipelines.publish.notice_lists import Written
from pipelines.publish.notice_scopes import Pattern
from pipelines.publish.notice_words import Told, markdown
from tests.notice_world import AT, DAY, ENTRIES, ROWS, row

ATOM = "{http://www.w3.org/2005/Atom}"


def written(folder: Path, site_url: str | None = None) -> Written:
    """Everything written below a folder."""
    scope = SimpleNamespace(source="hydra.example.org", label="nixpkgs/trunk", as_of_at=AT)
    made: Any = SimpleNamespace(
        rows=lambda name, **_: ROWS[name],
        relations=dict.fromkeys(("core.channel_selections", "core.package_owners")),
        jobsets=[scope],
        everything=lambda: scope,
        data_version="5eed" * 16,
    )
    patterns = [
        Pattern("py", ("python3*Packages.*",)),
        Pattern("none", ("nobody",)),
        Pattern("mine", maintainers=("ada", "unheard"), teams=("calm",)),
    ]
    return notices.write(made, folder, patterns, site_url)


def atom(file: Path) -> ET.Element:
    """A feed's root, read by a parser that refuses declarations of entities."""
    data = file.read_bytes()
    assert b"<!" not in data, "no declaration and no unescaped section"
    return ET.fromstring(data)


def titles(folder: Path, place: str) -> list[str]:
    return [
        one.findtext(f"{ATOM}title") or "" for one in atom(folder / f"{place}.atom").findall(f"{ATOM}entry")
    ]


def test_an_entry_is_in_every_feed_that_holds_one_of_its_jobs(tmp_path: Path) -> None:
    made = written(tmp_path)
    numpy = "python313Packages.numpy fails on aarch64-linux, x86_64-linux, and 1 job with it [nixpkgs/trunk]"
    jobset = "jobsets/hydra.example.org/nixpkgs/trunk"
    assert numpy in titles(tmp_path, jobset)
    assert len(titles(tmp_path, jobset)) == len(ENTRIES)
    for place in (
        "patterns/py",
        "channels/hydra.example.org/mine",
        "maintained/hydra.example.org/nixpkgs/trunk",
        "patterns/mine",
        "teams/py-b-b02f19a1",
        "sets/python313Packages",
    ):
        assert titles(tmp_path, place) == [numpy]
    for place in ("patterns/none", "teams/calm"):
        assert titles(tmp_path, place) == [], "a feed is there before it has anything to tell"
    assert {kind: len(feeds) for kind, feeds in made.feeds.items()} == {
        "jobsets": 1,
        "maintained": 1,
        "channels": 1,
        "teams": 2,
        "patterns": 3,
        "sets": 1,
    }
    (told,) = [one for one in made.feeds["patterns"] if one["title"] == "py"]
    assert (told["failures"], told["notices"], told["open"], told["over"]) == (24, 1, 1, 0)


def test_the_same_entry_has_the_same_id_everywhere_and_whenever(tmp_path: Path) -> None:
    written(tmp_path / "one")
    written(tmp_path / "two", "https://health.example.org/")
    ids = [
        {node.findtext(f"{ATOM}id") for node in atom(tmp_path / name).findall(f"{ATOM}entry")}
        for name in ("one/patterns/py.atom", "two/channels/hydra.example.org/mine.atom")
    ]
    assert (
        ids[0]
        == ids[1]
        == {
            "tag:nixpkgs-health,2026:regression/hydra.example.org/nixpkgs%2Ftrunk/job%2F7%2Fpython313Packages.numpy"
        }
    )


def test_both_formats_have_what_they_require_and_absolute_addresses_where_the_site_is_known(
    tmp_path: Path,
) -> None:
    written(tmp_path, "https://health.example.org/")
    files = sorted(tmp_path.rglob("*.atom"))
    assert len(files) == 13
    for file in files:
        root = atom(file)
        names = {child.tag.removeprefix(ATOM) for child in root}
        assert {"id", "title", "updated", "author", "link"} <= names
        for entry in root.findall(f"{ATOM}entry"):
            assert {"id", "title", "updated", "content"} <= {child.tag.removeprefix(ATOM) for child in entry}
            assert (entry.find(f"{ATOM}link").get("href") or "").startswith("https://")  # type: ignore[union-attr]
        told = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        assert told["version"] == "https://jsonfeed.org/version/1.1"
        assert told["title"] == root.findtext(f"{ATOM}title")
        assert told["feed_url"].endswith(file.relative_to(tmp_path).with_suffix(".json").as_posix())
        assert [item["id"] for item in told["items"]] == [
            one.findtext(f"{ATOM}id") for one in root.findall(f"{ATOM}entry")
        ]
        assert all(item["content_html"] for item in told["items"])


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    written(tmp_path)
    assert all(file.resolve().is_relative_to(tmp_path.resolve()) for file in tmp_path.rglob("*"))
    for file in tmp_path.rglob("*.atom"):
        for entry in atom(file).findall(f"{ATOM}entry"):
            html = entry.findtext(f"{ATOM}content") or ""
            # Nothing but our own elements, and addresses of the source or of the forge.
            assert set(re.findall(r"<(\w+)", html)) <= {"dl", "dt", "dd", "a", "p"}
            assert all(
                url.replace("&#58;", ":").startswith(("https://hydra.example.org/", "https://github.com/"))
                for url in re.findall(r'href="([^"]*)"', html)
            )
    digest = (tmp_path / "jobsets/hydra.example.org/nixpkgs/trunk.md").read_text(encoding="utf-8")
    assert "<script" not in digest
    assert "\\[link\\](javascript" in digest
    assert "\\*bold\\* \\_em\\_ \\`tick\\`" in digest


def test_suspects_are_told_with_their_distance(tmp_path: Path) -> None:
    written(tmp_path)
    (item,) = json.loads((tmp_path / "patterns/py.json").read_text(encoding="utf-8"))["items"]
    assert "Suspects: openblas-0.3.31 (2 steps away, was openblas-0.3.30)\n" in item["content_text"]
    known = {"evidence": "earlier_failures", "suspect": "llvm", "before": None, "distance": None}
    facts = dict(fact[:2] for fact in notice_words.facts(Told(row("a"), [], [known])))
    assert facts["Suspects"] == "llvm (it changed, and made this fall before)"


def test_a_digest_tells_the_week_by_evaluation(tmp_path: Path) -> None:
    written(tmp_path)
    digest = (tmp_path / "patterns/py.md").read_text(encoding="utf-8")
    assert digest.startswith(
        "# Regressions: py\n\nSeven days to 30 May 2026, data version 5eed5eed5eed. 0 older"
    )
    assert "### Evaluation [7](https://hydra.example.org/eval/7), 27 May 2026" in digest
    assert f"Commits {'a' * 12}..{'b' * 12} https://github.com/NixOS/nixpkgs/compare/" in digest
    assert "- python313Packages.numpy fails on aarch64-linux, x86\\_64-linux" not in digest
    assert "- python313Packages.numpy fails on aarch64-linux, x86_64-linux, and 1 job with it" in digest
    whole = (tmp_path / "jobsets/hydra.example.org/nixpkgs/trunk.md").read_text(encoding="utf-8")
    assert "## Over (1)\n\n- hello is green again on" in whole


def test_lists_hold_one_attribute_a_line(tmp_path: Path) -> None:
    made = written(tmp_path)
    listed = tmp_path / "mark_broken/hydra.example.org/nixpkgs/trunk/x86_64-linux.txt"
    assert listed.read_text() == "alpha\nzeta\n"
    assert (tmp_path / "unmark/hydra.example.org/nixpkgs/trunk/x86_64-linux.txt").read_text() == "well\n"
    assert [(one["word"], one["system"], one["jobs"]) for one in made.lists] == [
        ("mark_broken", "aarch64-linux", 0),
        ("mark_broken", "x86_64-linux", 2),
        ("unmark", "aarch64-linux", 0),
        ("unmark", "x86_64-linux", 1),
    ]
    empty = tmp_path / "unmark/hydra.example.org/nixpkgs/trunk/aarch64-linux.txt"
    assert empty.read_text() == "", "a list is there before it has anything on it"
    assert atom(empty.with_suffix(".atom")).findall(f"{ATOM}entry") == []
    first = atom(listed.with_suffix(".atom")).find(f"{ATOM}entry")
    assert first is not None
    # It became a candidate 90 days after it began to fail.
    assert first.findtext(f"{ATOM}published") == f"{AT - 30 * DAY:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "a fails on aarch64-linux, x86_64-linux, and 1 job with it [nixpkgs/trunk]"),
        (
            {"kind": "derivation"},
            "a (an input) fails on aarch64-linux, x86_64-linux, and 1 job with it [nixpkgs/trunk]",
        ),
        ({"kind": "burst", "root": None}, "2 jobs began to fail at once [nixpkgs/trunk]"),
        (
            {"outcome": "cleared", "green_at": AT},
            "a left the list of failures on aarch64-linux, x86_64-linux",
        ),
        ({"outcome": "removed", "green_at": AT}, "a was removed on aarch64-linux, x86_64-linux"),
    ],
)
def test_titles(changed: dict[str, Any], said: str) -> None:
    assert notice_words.title(Told(row("a") | changed, [])).startswith(said)


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    unknown = {"first_bad_revision": None, "last_good_revision": None, "last_good_evaluation_id": None}
    facts = {name: plain for name, plain, _ in notice_words.facts(Told(row("a", **unknown), []))}
    assert facts["Commits"] == "not known: the source tells no revisions"
    assert facts["Last good evaluation"] == "not known"
    assert facts["Suspects"].startswith("not known")
    half = {name: plain for name, plain, _ in notice_words.facts(Told(row("a", is_last_good_seen=False), []))}
    assert half["Last good evaluation"].endswith("its list of failures does not have it, green was not seen")
    assert half["Commits"].startswith(f"{'a' * 12}..{'b' * 12} https://github.com/NixOS/nixpkgs/compare/")


def test_markdown_is_inert_and_readable() -> None:
    assert markdown("a_b *c*\n# d <e> & [f](g)") == "a_b \\*c\\* # d &lt;e&gt; &amp; \\[f\\](g)"
