"""The table of sources on the page of coverage: whoever told anything, or is configured, has a row."""

from datetime import timedelta
from pathlib import Path

from models.events import DerivationObserved, GapDeclared
from pipelines import publish
from tests.sql import harness, world

QUERY = Path(publish.__file__).parent / "queries" / "sources_now.sql"
READ = (
    "core.evaluations",
    "core.channel_advances",
    "core.package_markers",
    "core.gaps",
    "core.derivation_sources",
    "core.package_sets",
)
GRID = """
day 0 1 9.5
x86_64-linux a S F S
"""
BEHIND = """
jobset nixpkgs/master
day 0 1
x86_64-linux a S F
"""


def gap(source: str, kind: str, rows: int, jobset: str | None = None) -> harness.Recorded:
    told = GapDeclared(
        id=f"{source}:{kind}:{jobset}",
        source=source,
        observed_at=world.START,
        kind=kind,
        detail="x",
        rows=rows,
        jobset=jobset,
    )
    return 1, told


def test_every_source_has_its_lag_gaps_and_rejected_inputs() -> None:
    derivation = DerivationObserved(
        source="cache.example.org",
        observed_at=world.START,
        derivation_id64=1,
        drv_hash="0" * 32,
        name="a",
        outputs=["out"],
    )
    events = [
        *world.events(GRID, "hydra.nixos.org"),
        *world.events(BEHIND, "ci.example.org"),
        gap("ci.example.org", "input_rejected", 7, "nixpkgs/master"),
        gap("ci.example.org", "input_rejected", 2),
        gap("ci.example.org", "counts_disagree", 0, "nixpkgs/master"),
        (1, derivation),
    ]
    with harness.build(events, *READ) as con:
        found = con.execute(
            QUERY.read_text(encoding="utf-8"),
            {"sources": ["ci.example.org", "live.example.org"], "jobsets": ["nixpkgs/master", "p/j"]},
        )
        rows = [
            dict(zip([column[0] for column in found.description], row, strict=True))
            for row in found.fetchall()
        ]
    told = {
        (row["source"], row["about"]): (row["lag_days"], row["gaps"], row["rejected_inputs"], row["told_by"])
        for row in rows
    }
    assert told == {
        ("cache.example.org", "no one jobset"): (None, 0, 0, "a history or a file"),
        ("ci.example.org", "nixpkgs/master"): (8.5, 1, 7, "configured"),
        ("ci.example.org", "no one jobset"): (None, 0, 2, "a history or a file"),
        ("hydra.nixos.org", "nixpkgs/trunk"): (0.0, 0, 0, "a history or a file"),
        ("live.example.org", "p/j"): (None, 0, 0, "configured, never heard"),
    }
    assert {row["last_at"] - world.START for row in rows if row["last_at"]} == {
        timedelta(days=9.5),
        timedelta(days=1),
    }
