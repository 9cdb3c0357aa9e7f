"""Rows of the queries that notices are made of, hostile names among them: no test itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

AT = datetime(2026, 5, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOSTILE = (
    "<script>alert(1)</script>",
    "]]>&amp;\x00\x0b\u202e",
    "[link](javascript:alert(3))",
    "*bold* _em_ `tick`",
    "../../../etc/passwd",
    "x" * 400,
)


def row(root: str, **changed: Any) -> dict[str, Any]:
    """An entry of `metrics.regressions`."""
    return {
        "source": "hydra.example.org",
        "jobset": "nixpkgs/trunk",
        "entry": f"job/7/{root}",
        "kind": "job",
        "root": root,
        "systems": "aarch64-linux x86_64-linux",
        "first_bad_evaluation_id": "7",
        "first_bad_at": AT - 3 * DAY,
        "first_bad_revision": "b" * 40,
        "last_good_evaluation_id": "6",
        "last_good_at": AT - 4 * DAY,
        "last_good_revision": "a" * 40,
        "is_last_good_seen": True,
        "own_jobs": 2,
        "fallout_jobs": 1,
        "open_jobs": 3,
        "example_attr": root,
        "first_build_id": "900",
        "confirmed_evaluation_id": "8",
        "confirmed_at": AT - 2 * DAY,
        "is_flaky": False,
        "is_maintained": None,
        "green_at": None,
        "outcome": "open",
        "is_series_start": False,
        "is_provisional": False,
        "updated_at": AT - 2 * DAY,
        "as_of_at": AT,
        **changed,
    }


def job(entry: dict[str, Any], attr: str, role: str = "own", **changed: Any) -> dict[str, Any]:
    """A job of an entry."""
    return {
        **{name: entry[name] for name in ("source", "jobset", "entry")},
        "role": role,
        "attr": attr,
        "system": "x86_64-linux",
        "variant": "",
        "began_at": AT - 3 * DAY,
        "is_open": True,
        "is_maintained": False,
        "build_id": "900",
        **changed,
    }


ENTRIES = [
    row("python313Packages.numpy"),
    row("hello", outcome="fixed", green_at=AT - DAY, updated_at=AT - DAY, open_jobs=0),
    *(row(name) for name in HOSTILE),
]
JOBS = [
    job(ENTRIES[0], "python313Packages.numpy", is_maintained=True),
    job(ENTRIES[0], "python314Packages.numpy"),
    job(ENTRIES[0], "blender", "fallout"),
    job(ENTRIES[1], "hello"),
    *(job(entry, entry["root"]) for entry in ENTRIES[2:]),
]
FAILURES = [
    {
        "source": "hydra.example.org",
        "jobset": "nixpkgs/trunk",
        "attr": one["attr"],
        "failures": 12,
        "is_maintained": one["is_maintained"],
    }
    for one in JOBS
]
CANDIDATES = [
    {
        "source": "hydra.example.org",
        "jobset": "nixpkgs/trunk",
        "system": "x86_64-linux",
        "attr": attr,
        "variant": "",
        "own_failure_since_at": AT - 120 * DAY,
        "failing_days": 120.0,
        "systems_failing": 1,
        "systems_told": 2,
        "systems_unnamed": 1,
        "is_everywhere": None,
        "build_id": "901",
        "as_of_at": AT,
    }
    for attr in ("zeta", "alpha", "two\nlines")
]
ROWS: dict[str, list[dict[str, Any]]] = {
    "notice_entries": ENTRIES,
    "notice_jobs": JOBS,
    "notice_failures": FAILURES,
    "notice_candidates": CANDIDATES,
    "notice_suspects": [
        {
            **{name: ENTRIES[0][name] for name in ("source", "jobset", "entry")},
            "evidence": "graph",
            "suspect": "openblas-0.3.31",
            "before": "openblas-0.3.30",
            "distance": 2,
        }
    ],
    "notice_unmark": [
        {
            **{
                name: CANDIDATES[0][name]
                for name in ("source", "jobset", "system", "variant", "build_id", "as_of_at")
            },
            "attr": "well",
            "marked_on": (AT - 50 * DAY).date(),
            "same_since_at": AT - 9 * DAY,
        }
    ],
    "notice_channels": [
        {"source": "hydra.example.org", "name": "mine", "jobset": "nixpkgs/trunk", "attr": "blender"}
    ],
    "notice_waves": [],
    "notice_maintained": [{"source": "hydra.example.org", "jobset": "nixpkgs/trunk"}],
    "notice_systems": [
        {"source": "hydra.example.org", "jobset": "nixpkgs/trunk", "system": system, "as_of_at": AT}
        for system in ("aarch64-linux", "x86_64-linux")
    ],
    "notice_sets": [{"name": "python313Packages", "failures": 20}, {"name": "quiet", "failures": 19}],
    "notice_owners": [
        {"owner_kind": "maintainer", "owner": "Ada", "attr": "blender"},
        {"owner_kind": "team", "owner": "py <b>", "attr": "python314Packages.numpy"},
        {"owner_kind": "team", "owner": "calm", "attr": "nothing.that.fails"},
    ],
}
