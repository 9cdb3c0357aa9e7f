"""Files beside a channel's page: well formed whatever the names are, equal for equal data, with ids that stay."""

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.publish import channel_files

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAME = '</title><script>&"x'
CHANNEL: dict[str, Any] = {
    "source": "h.org",
    "channel": NAME,
    "title": "<b>T</b>",
    "verdict": "green",
    "reason": None,
    "stalled_at": None,
    "judged_at": AT,
    "judged_evaluation_id": "7",
    "as_of": AT,
    "basis": "simulated",
    "last_revision": "a" * 40,
    "last_evaluation_id": "6",
    "last_advance_at": AT - timedelta(days=1),
    "first_advance_at": AT - timedelta(days=9),
}
STALL: dict[str, Any] = {
    "source": "h.org",
    "channel": NAME,
    "stall_evaluation_id": "5",
    "stalled_at": AT - timedelta(days=3),
    "ended_at": None,
    "ended_evaluation_id": None,
    "is_open": True,
    "stall_days": 3.0,
    "jobs": 2,
    "cause": "<i>lib</i> x86_64-linux",
    "cause_saved_days": 1.5,
}
ADVANCE: dict[str, Any] = {
    "source": "h.org",
    "channel": NAME,
    "evaluation_id": "6",
    "revision": "a" * 40,
    "advanced_at": AT - timedelta(days=1),
    "gap_days": 2.0,
}


def write(
    folder: Path, channel: dict[str, Any], stalls: list[dict[str, Any]], advances: list[dict[str, Any]]
) -> dict[str, bytes]:
    told = {
        "declared_channels": [channel],
        "channel_stall_entries": [*stalls, STALL | {"channel": "another"}],
        "simulated_advances": advances,
    }
    channel_files.write(lambda name, **_: told[name], folder, "5eed", "https://x.org/report/")
    place = folder / channel_files.folder(channel)
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def test_every_file_is_well_formed_and_equal_for_equal_data(tmp_path: Path) -> None:
    files = write(tmp_path / "a", CHANNEL, [STALL], [ADVANCE])
    assert files == write(tmp_path / "b", CHANNEL, [STALL], [ADVANCE])
    assert list(files) == ["badge.json", "badge.svg", "feed.atom", "feed.json", "latest.json"]
    badge = ET.fromstring(files["badge.svg"])
    assert badge.attrib["aria-label"] == f"{NAME}: green 2026-01-02"
    assert json.loads(files["badge.json"]) == {
        "schemaVersion": 1,
        "label": NAME,
        "message": "green 2026-01-02",
        "color": "brightgreen",
    }
    atom = ET.fromstring(files["feed.atom"])
    entries = atom.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == len(json.loads(files["feed.json"])["items"]) == 2
    for content in files.values():
        assert b"<script>" not in content.replace(json.dumps(NAME)[1:-1].encode(), b"")


def test_latest_json_names_what_to_pin(tmp_path: Path) -> None:
    told = json.loads(write(tmp_path, CHANNEL, [], [])["latest.json"])
    assert (told["revision"], told["flake"]) == ("a" * 40, f"github:NixOS/nixpkgs/{'a' * 40}")
    assert (told["advanced_at"], told["as_of"]) == ("2026-01-01T03:04:05Z", "2026-01-02T03:04:05Z")
    never = CHANNEL | {"last_revision": None, "last_advance_at": None, "first_advance_at": None}
    told = json.loads(write(tmp_path / "never", never, [], [])["latest.json"])
    assert (told["revision"], told["flake"], told["advanced_at"]) == (None, None, None)


def test_a_stall_keeps_its_id_when_it_ends(tmp_path: Path) -> None:
    ended = STALL | {"is_open": False, "ended_at": AT, "ended_evaluation_id": "7"}
    (before,), (after,) = (
        json.loads(write(tmp_path / name, CHANNEL, [stall], [])["feed.json"])["items"]
        for name, stall in {"a": STALL, "b": ended}.items()
    )
    assert before["id"] == after["id"]
    assert before["title"].endswith("is blocked since 30 December 2025")
    assert after["title"].endswith("was blocked for 3.00 days from 30 December 2025")
    assert "2 jobs of its selection were red in it; a fix of" in after["content_text"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"verdict": None}, ("no data", "unknown")),
        ({"verdict": "blocked", "stalled_at": AT}, ("blocked since 2026-01-02", "blocked")),
        ({"verdict": "unknown", "stalled_at": AT}, ("blocked since 2026-01-02", "blocked")),
        (
            {"verdict": "unknown", "reason": "not blocked by a named failure"},
            ("no named failure 2026-01-02", "unknown"),
        ),
        ({"verdict": "unknown", "reason": "undecided jobs"}, ("unknown 2026-01-02", "unknown")),
    ],
)
def test_a_badge_says_unknown_where_nothing_is_known(
    changed: dict[str, Any], message: tuple[str, str]
) -> None:
    assert channel_files.standing(CHANNEL | changed) == message
