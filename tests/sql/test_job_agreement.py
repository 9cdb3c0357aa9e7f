"""A custom CI beside the official build farm: one folder a case, named after the sentence that it proves.

`custom.txt` and `official*.txt` draw the two as grids (`tests.sql.world`), a file a jobset, `advances.jsonl` holds
advances of channels, `declared.jsonl` channels that are declared for the official source, `expect.jsonl` the rows of
the folder's relation; columns that a case is not about are left out, rows are not. All cases have the one official
source, so each is built by itself.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.events import ChannelAdvanced, ChannelDeclared
from pipelines import checks
from pipelines.paths import SQL
from tests.sql import harness, world

HERE = Path(__file__).parent
SCHEMAS = {"job_agreement": "core", "unseen_by_official": "metrics"}
CASES = [f"{name}/{folder.name}" for name in SCHEMAS for folder in sorted((HERE / name).iterdir())]
CUSTOM, OFFICIAL, WATCHER = "ci.example.org", "hydra.nixos.org", "watcher.example.org"


def rows_of(path: Path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def events(case: str) -> list[harness.Recorded]:
    found = []
    for prefix, source in (("custom", CUSTOM), ("official", OFFICIAL)):
        for path in sorted((HERE / case).glob(f"{prefix}*.txt")):
            found += world.events(path.read_text(encoding="utf-8"), source)
    for row in rows_of(HERE / case / "advances.jsonl"):
        common = {
            "type": "channel_advanced",
            "id": f"{WATCHER}:advance:{row['channel']}:{row['revision']}",
            "source": WATCHER,
            "observed_at": row["occurred_at"],
        }
        found.append((1, msgspec.convert(common | row, ChannelAdvanced)))
    for row in rows_of(HERE / case / "declared.jsonl"):
        common = {
            "type": "channel_declared",
            "id": f"{OFFICIAL}:channel:{row['channel']}",
            "source": "channels.toml",
            "instance": OFFICIAL,
            "observed_at": "2024-01-01T00:00:00Z",
        }
        found.append((1, msgspec.convert(common | row, ChannelDeclared)))
    return found


@pytest.mark.parametrize("case", CASES)
def test_given_two_cis_their_agreement_is_as_expected(case: str) -> None:
    relation = case.partition("/")[0]
    with harness.build(events(case), *(f"{schema}.{name}" for name, schema in SCHEMAS.items())) as con:
        found = con.sql(f"from {SCHEMAS[relation]}.{relation}").to_arrow_table().to_pylist()
        plain = [{key: harness._plain(value) for key, value in row.items()} for row in found]
        wanted = rows_of(HERE / case / "expect.jsonl")
        assert len(plain) == len(wanted)
        assert [{key: row[key] for key in want} for row, want in zip(plain, wanted, strict=True)] == wanted
        claims = checks.load(SQL / "checks", harness.all_relations())
        for name, schema in SCHEMAS.items():
            key = f"{schema}.{name}"
            told = checks.run(con, harness.all_relations()[key], claims[key])
            assert [result.sentence() for result in told if result.is_broken] == []
