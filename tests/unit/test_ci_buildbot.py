"""Builds of buildbot-nix: classes by builder, what was cached, which run, and hostile records."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import buildbot
from pipelines.sources.ci.runs import Job, Reading, Told

TOLD = Told(source="https://buildbot.example.org")
REVISION = "2" * 40
TORCH = "/nix/store/00000000000000000000000000000003-torch-2.8.drv"
GIMP = "/nix/store/00000000000000000000000000000005-gimp-3.0.drv"
BUILDERS = {
    "builders": [
        {"builderid": number, "name": f"example/ci/{name}", "masterids": [1]}
        for number, name in enumerate(
            (
                "nix-eval",
                "nix-build",
                "nix-failed-eval",
                "nix-dependency-failed",
                "nix-cached-failure",
                "run-effect",
            ),
            1,
        )
    ],
    "meta": {"total": 6},
}
EVAL, BUILD, FAILED_EVAL, DEPENDENCY, CACHED, EFFECT = range(1, 7)


def _build(
    id_: int, builder: int, results: int | None, attr: str | None = None, **changes: Any
) -> dict[str, Any]:
    properties: dict[str, Any] = {"revision": REVISION, **changes.pop("properties", {})}
    if attr:
        properties = {"attr": attr, "system": attr.split(".")[0], **properties}
    return {
        "buildid": id_,
        "number": id_ - 9000,
        "builderid": builder,
        "buildrequestid": id_ - 200,
        "workerid": 2,
        "masterid": 1,
        "started_at": 1_760_000_000 + id_ - 9000,
        "complete": results is not None,
        "complete_at": None if results is None else 1_760_000_600 + id_ - 9000,
        "locks_duration_s": 0,
        "results": results,
        "state_string": "…",
        "properties": {name: [value, "nix-eval-nix"] for name, value in properties.items()},
        **changes,
    }


def _read(*builds: Any, told: Told = TOLD, builders: Any = BUILDERS, extra: tuple[Any, ...] = ()) -> Reading:
    pages = [builders, {"builds": list(builds), "meta": {"total": len(builds)}}, *extra]
    data = "\n".join(json.dumps(page) for page in pages if page).encode()
    assert buildbot.recognises(data[:65536])
    return buildbot.read(data.splitlines(keepends=True), told, "builds.json")


def _jobs(reading: Reading) -> dict[str, Job]:
    return {job.attr: job for job in reading.runs[0].jobs}


def test_the_builder_carries_the_class_of_a_failure():
    reading = _read(
        _build(9000, EVAL, 2, properties={"branch": "refs/pull/17/merge", "event": "pull_request"}),
        _build(9001, BUILD, 2, "x86_64-linux.torch", properties={"drv_path": TORCH}),
        _build(
            9002, DEPENDENCY, 2, "x86_64-linux.vllm", properties={"dependency.attr": "x86_64-linux.torch"}
        ),
        _build(
            9003, FAILED_EVAL, 2, "x86_64-linux.tensorrt", properties={"error": "error: infinite recursion"}
        ),
        _build(
            9004, CACHED, 2, "x86_64-linux.magma", properties={"first_failure_url": "https://example.org"}
        ),
        _build(9005, BUILD, 0, "aarch64-linux.gimp"),
        _build(9006, EFFECT, 2),
    )
    (run,) = reading.runs
    jobs = _jobs(reading)
    assert reading.rejected == ()
    assert {attr: job.status for attr, job in jobs.items()} == {
        "torch": "failed",
        "vllm": "dependency-failed",
        "tensorrt": "eval-error",
        "magma": "failed",
        "gimp": "succeeded",
    }
    assert jobs["vllm"].failed_drvs == (TORCH,)
    assert (jobs["magma"].is_cached, jobs["torch"].is_cached) == (True, None)
    assert (jobs["torch"].drv_path, jobs["gimp"].system) == (TORCH, "aarch64-linux")
    assert jobs["torch"].log_url == "https://buildbot.example.org/#/builders/2/builds/1"
    assert jobs["torch"].stopped_at == datetime(2025, 10, 9, 9, 3, 21, tzinfo=UTC)
    assert (run.source, run.run_id, run.commit) == ("https://buildbot.example.org", "9000", REVISION)
    assert (run.pull_request, run.status, run.is_complete) == (17, "succeeded", False)


def test_a_refusal_is_told_from_an_error_by_its_text():
    text = (
        "error: Package ‘tensorrt-10.9’ in /a.nix:1 has an unfree license (‘unfree’), refusing to evaluate."
    )
    reading = _read(
        _build(9000, EVAL, 2),
        _build(9003, FAILED_EVAL, 2, "x86_64-linux.tensorrt", properties={"error": text}),
    )
    assert _jobs(reading)["tensorrt"].status == "unfree-refused"


def test_what_was_valid_already_counts_as_succeeded_and_cached():
    properties = {
        "x86_64-linux.gimp-skipped_out_path": "/nix/store/00000000000000000000000000000006-gimp-3.0",
        "x86_64-linux.gimp-out_path": "/nix/store/00000000000000000000000000000006-gimp-3.0",
        "x86_64-linux.gimp-drv_path": GIMP,
        "x86_64-linux.torch-drv_path": TORCH,
        "nosystem-skipped_out_path": "/nix/store/00000000000000000000000000000006-x",
    }
    reading = _read(
        _build(9000, EVAL, 0, properties=properties), _build(9001, BUILD, 0, "x86_64-linux.torch")
    )
    jobs = _jobs(reading)
    assert set(jobs) == {"gimp", "torch"}
    assert (jobs["gimp"].status, jobs["gimp"].is_cached, jobs["gimp"].drv_path) == ("succeeded", True, GIMP)
    assert "no system" in reading.rejected[0].reason


@pytest.mark.parametrize(
    ("results", "status"),
    [
        (0, "succeeded"),
        (1, "succeeded"),
        (2, "failed"),
        (3, "skipped"),
        (4, "aborted"),
        (6, "cancelled"),
        (7, "unknown"),
    ],
)
def test_results(results: int, status: str):
    reading = _read(_build(9000, EVAL, 0), _build(9001, BUILD, results, "x86_64-linux.torch"))
    assert _jobs(reading)["torch"].status == status


def test_a_retry_is_no_result_and_a_rebuild_is_the_newest():
    reading = _read(
        _build(9000, EVAL, 0),
        _build(9001, BUILD, 5, "x86_64-linux.torch"),
        _build(9002, BUILD, 2, "x86_64-linux.torch"),
        _build(9003, BUILD, 0, "x86_64-linux.torch"),
        _build(9004, CACHED, 0, "x86_64-linux.magma"),
    )
    (job,) = reading.runs[0].jobs
    assert (job.attr, job.status, job.attempt, job.build_id) == ("torch", "succeeded", 2, "9003")


def test_a_build_that_runs_or_is_told_twice():
    running = _build(9001, BUILD, None, "x86_64-linux.torch")
    done = _build(9001, BUILD, 0, "x86_64-linux.torch")
    assert _jobs(_read(_build(9000, EVAL, None), running))["torch"].status == "running"
    for builds in ((running, done), (done, running), (done, done)):
        reading = _read(_build(9000, EVAL, 0), *builds)
        assert reading.rejected == ()
        assert _jobs(reading)["torch"].status == "succeeded"
    reading = _read(_build(9000, EVAL, 0), done, done | {"results": 2})
    assert _jobs(reading)["torch"].status == "succeeded"
    assert len(reading.rejected) == 1


def test_the_name_of_the_builder_may_be_a_property():
    properties = {"buildername": "example/ci/nix-failed-eval"}
    reading = _read(
        _build(9000, EVAL, 0, properties={"buildername": "example/ci/nix-eval"}),
        _build(9001, 77, 2, "x86_64-linux.torch", properties=properties),
        builders=None,
    )
    assert _jobs(reading)["torch"].status == "eval-error"


def test_a_build_belongs_to_the_parent_of_its_build_set():
    requests = {
        "buildrequests": [
            {"buildrequestid": 8801, "buildsetid": 5},
            {"buildrequestid": 8802, "buildsetid": 6},
        ]
    }
    sets = {
        "buildsets": [
            {"bsid": 5, "parent_buildid": 8000},
            {"bsid": 6, "parent_buildid": 9000},
            {"bsid": 7, "parent_buildid": None},
        ]
    }
    reading = _read(
        _build(8000, EVAL, 0, number=1, started_at=1_759_990_000, complete_at=1_759_990_100),
        _build(9000, EVAL, 0),
        _build(9001, BUILD, 0, "x86_64-linux.torch"),
        _build(9002, BUILD, 2, "x86_64-linux.torch"),
        _build(9003, BUILD, 2, "x86_64-linux.gimp"),
        extra=(requests, sets),
    )
    assert [(run.run_id, [job.status for job in run.jobs]) for run in reading.runs] == [
        ("8000", ["succeeded"]),
        ("9000", ["failed"]),
    ]
    assert "2 evaluations of its revision" in reading.rejected[0].reason


def test_without_its_evaluation_a_build_needs_a_told_run():
    build = _build(9001, BUILD, 2, "x86_64-linux.torch")
    reading = _read(build)
    assert reading.runs == ()
    assert "0 evaluations" in reading.rejected[0].reason
    (run,) = _read(build, told=Told(source="https://buildbot.example.org", run_id="9000")).runs
    assert (run.run_id, run.commit) == ("9000", REVISION)
    with pytest.raises(BadInput, match="2 evaluations"):
        _read(
            _build(9000, EVAL, 0),
            _build(8999, EVAL, 0),
            told=Told(source="https://b.example.org", run_id="1"),
        )
    other = _build(9002, BUILD, 2, "x86_64-linux.gimp", properties={"revision": "5" * 40})
    with pytest.raises(BadInput, match="several revisions"):
        _read(build, other, told=Told(source="https://b.example.org", run_id="1"))


def test_without_a_source_nothing_can_be_said():
    with pytest.raises(BadInput, match="--source"):
        _read(_build(9000, EVAL, 0), told=Told())


@pytest.mark.parametrize(
    "changes",
    [
        {"buildid": "9002"},
        {"buildid": None},
        {"buildid": 2**63},
        {"buildid": True},
        {"builderid": 99},
        {"builderid": [2]},
        {"number": "1"},
        {"results": "2"},
        {"results": None},
        {"results": -1},
        {"complete": False},
        {"started_at": "2025-10-09"},
        {"started_at": 10**18},
        {"complete_at": 1_759_000_000},
        {"complete_at": False},
        {"properties": None},
        {"properties": []},
        {"properties": {"attr": "x86_64-linux.a"}},
        {"properties": {"attr": ["x86_64-linux.a", "x", "y"]}},
        {"properties": {}},
        {"properties": {"attr": [None, "x"]}},
        {"properties": {"attr": ["a", "x"], "revision": [REVISION, "x"]}},
        {"properties": {"attr": ["x86_64-linux.a", "x"], "revision": ["main", "x"]}},
        {"properties": {"attr": ["x86_64-linux.a", "x"], "system": [{}, "x"]}},
        {"properties": {"attr": ["x86_64-linux.a", "x"], "drv_path": ["../../etc/passwd", "x"]}},
        {"properties": {"attr": ["x86_64-linux." + "a" * 600, "x"]}},
        {"properties": {"attr": ["x86_64-linux.a\nb", "x"]}},
        {"properties": {"attr": ["x86_64-linux.a", "x"], "buildername": [7, "x"]}},
        {"buildrequestid": "x"},
    ],
)
def test_a_broken_build_is_rejected_by_itself(changes: dict[str, Any]):
    broken = _build(9002, BUILD, 2, "x86_64-linux.gimp") | changes
    reading = _read(_build(9000, EVAL, 0), _build(9001, BUILD, 0, "x86_64-linux.torch"), broken)
    assert set(_jobs(reading)) == {"torch"}
    (rejected,) = reading.rejected
    assert json.loads(rejected.content) == broken


def test_hostile_names_are_only_text_and_depth_is_bounded():
    page = {"builds": [_build(9000, EVAL, 0), _build(9001, BUILD, 0, "x86_64-linux.<script>"), 7, None]}
    deep = b'{"builds":' + b"[" * 5000 + b"]" * 5000 + b"}\n"
    lines = [json.dumps(BUILDERS).encode() + b"\n", json.dumps(page).encode() + b"\n", deep, b"{}\n"]
    reading = buildbot.read(lines, TOLD, "builds.ndjson")
    assert set(_jobs(reading)) == {"<script>"}
    assert len(reading.rejected) == 4
