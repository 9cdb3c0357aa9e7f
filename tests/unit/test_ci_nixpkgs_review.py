"""Reports of nixpkgs-review in every layout, and hostile ones."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import nixpkgs_review
from pipelines.sources.ci.runs import Job, Reading, Told

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOLD = Told(source="https://ci.example.org/reviews", file_at=AT)
LISTS = ("broken", "blacklisted", "failed", "built", "tests")
HEAD, MERGE = "1" * 40, "2" * 40


def _new(**lists: list[str]) -> dict[str, Any]:
    """A report's lists as since 2.11."""
    named = {key: [{"name": name, "aliases": []} for name in lists.get(key, [])] for key in LISTS}
    return {**named, "non-existent": [{"name": name, "aliases": []} for name in lists.get("missing", [])]}


def _read(report: Any, told: Told = TOLD) -> Reading:
    data = report if isinstance(report, bytes) else json.dumps(report, indent=4, sort_keys=True).encode()
    return nixpkgs_review.read(data.splitlines(keepends=True), told, "report.json")


def _by_attr(reading: Reading) -> Mapping[str, Job]:
    return {job.attr: job for job in reading.runs[0].jobs}


def test_layout_since_2_11_with_a_map_of_systems():
    report = {
        "checkout": "merge",
        "commit": HEAD,
        "extra-nixpkgs-config": None,
        "pr": 400001,
        "systems": ["x86_64-linux", "aarch64-darwin"],
        "pkgs": None,
        "only_packages": [],
        "result": {
            "x86_64-linux": _new(
                built=["gimp"],
                failed=["python3Packages.pillow"],
                broken=["cudaPackages.tensorrt"],
                blacklisted=["tests.nixos-functions"],
                tests=["nixosTests.gimp"],
                missing=["gone"],
            ),
            "aarch64-darwin": _new(built=["gimp"]),
        },
    }
    assert nixpkgs_review.recognises(json.dumps(report, sort_keys=True).encode()[:65536])
    reading = _read(report)
    (run,) = reading.runs
    assert reading.rejected == ()
    assert run.run_id == f"pr-400001-{HEAD}-20260301T120000Z"
    assert (run.pull_request, run.commit, run.is_complete, run.observed_at) == (400001, None, False, AT)
    assert HEAD in run.notes[0]
    assert run.systems == ("aarch64-darwin", "x86_64-linux")
    linux = {job.attr: job for job in run.jobs if job.system == "x86_64-linux"}
    assert {attr: job.status for attr, job in linux.items()} == {
        "gimp": "succeeded",
        "python3Packages.pillow": "failed",
        "cudaPackages.tensorrt": "refused",
        "tests.nixos-functions": "skipped",
        "nixosTests.gimp": "succeeded",
        "gone": "missing",
    }
    assert not linux["python3Packages.pillow"].cause_known
    assert linux["gimp"].cause_known
    assert {job.time_kind for job in run.jobs} == {"file"}


def test_a_commit_that_was_checked_out_is_the_one_that_was_built():
    report = {"checkout": "commit", "commit": HEAD, "pr": 1, "result": {"x86_64-linux": _new(built=["a"])}}
    assert _read(report).runs[0].commit == HEAD
    report["checkout"] = "merge"
    told = Told(source="https://ci.example.org", file_at=AT, commit=MERGE)
    (run,) = _read(report, told).runs
    assert (run.commit, run.notes) == (MERGE, ())


@pytest.mark.parametrize("missing", ["non-existent", "non-existant"])
def test_layout_before_2_11_with_plain_names_and_one_system(missing: str):
    report: dict[str, Any] = {key: [] for key in LISTS} | {
        missing: ["gone"],
        "pr": None,
        "system": "x86_64-linux",
    }
    report |= {"failed": ["gimp"], "built": ["hello"]}
    assert nixpkgs_review.recognises(json.dumps(report, sort_keys=True).encode())
    reading = _read(report)
    assert {attr: job.status for attr, job in _by_attr(reading).items()} == {
        "gimp": "failed",
        "hello": "succeeded",
        "gone": "missing",
    }
    assert reading.runs[0].run_id == "review-20260301T120000Z"
    assert reading.runs[0].pull_request is None


@pytest.mark.parametrize(
    ("config", "pkgs", "variant"),
    [
        (None, None, None),
        ("{ }", None, None),
        ("{ cudaSupport = true; }", None, "cuda"),
        ("{\n  allowUnfree = true;\n  cudaSupport = true;\n}", None, "cuda"),
        ("{ cudaSupport = false; }", None, "nocuda"),
        ("{ allowUnfree = true; }", None, "unfree"),
        ("{ rocmSupport  =  true; }", None, "rocmSupport = true;"),
        (None, "pkgsMusl", "pkgsMusl"),
    ],
)
def test_the_configuration_is_the_variant(config: str | None, pkgs: str | None, variant: str | None):
    report = {"extra-nixpkgs-config": config, "pkgs": pkgs, "result": {"x86_64-linux": _new(built=["a"])}}
    (run,) = _read(report).runs
    assert run.variant == variant
    assert run.jobs[0].variant == (variant or "")


def test_without_source_or_time_nothing_can_be_said():
    report = {"checkout": "merge", "result": {"x86_64-linux": _new(built=["a"])}}
    with pytest.raises(BadInput, match="--source"):
        _read(report, Told(file_at=AT))
    with pytest.raises(BadInput, match="no times"):
        _read(report, Told(source="https://ci.example.org"))


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"result":' * 100 + b"1" + b"}" * 100,
        {"pr": 1},
        {"result": []},
        {"result": {}, "built": []},
        {"result": {}, "pr": "1"},
        {"result": {}, "pr": -1},
        {"result": {}, "pr": 2**70},
        {"result": {}, "commit": "main"},
        {"result": {}, "checkout": ["merge"]},
        {"result": {}, "extra-nixpkgs-config": {"cudaSupport": True}},
        {"built": ["a"], "system": 1},
        {"built": ["a"]},
    ],
)
def test_what_fits_no_layout_is_refused(report: Any):
    with pytest.raises(BadInput, match=r"report\.json"):
        _read(report)


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (1, "not a text"),
        (None, "missing"),
        ({}, "missing"),
        ({"name": ["a"]}, "a list"),
        ({"name": "a", "aliases": "b"}, "not a list"),
        ({"name": "a", "aliases": [1]}, "an alias"),
        ({"name": "a\nb"}, "control character"),
        ({"name": "x" * 600}, "600 characters"),
        ("  ", "not a text"),
    ],
)
def test_a_broken_element_is_rejected_by_itself(element: Any, reason: str):
    lists = _new(built=["good"])
    lists["failed"] = [element]
    reading = _read({"checkout": "merge", "result": {"x86_64-linux": lists}})
    assert list(_by_attr(reading)) == ["good"]
    (rejected,) = reading.rejected
    assert reason in rejected.reason
    assert rejected.content


def test_unknown_lists_and_systems_are_rejected_and_hostile_names_are_only_text():
    result = {
        "x86_64-linux": _new(built=["<script>alert(1)</script>"]),
        "../../etc": _new(built=["b"]),
        "x86_64-darwin": 7,
    }
    result["x86_64-linux"]["verified"] = ["c"]
    reading = _read({"checkout": "merge", "result": result})
    assert list(_by_attr(reading)) == ["<script>alert(1)</script>"]
    assert len(reading.rejected) == 3


def test_a_package_in_two_lists_is_taken_from_none():
    reading = _read(
        {"checkout": "merge", "result": {"x86_64-linux": _new(built=["a", "b", "b"], failed=["a"])}}
    )
    assert list(_by_attr(reading)) == ["b"]
    assert len(reading.rejected) == 2
