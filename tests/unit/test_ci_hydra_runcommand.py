"""Payloads of Hydra's RunCommand hook, one or many, and hostile ones."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import hydra_runcommand
from pipelines.sources.ci.runs import Reading, Told

TOLD = Told(source="https://hydra.example.org")
DRV = "/nix/store/00000000000000000000000000000003-torch-2.8.drv"


def _build(**changes: Any) -> dict[str, Any]:
    return {
        "event": "buildFinished",
        "build": 501,
        "finished": True,
        "timestamp": 1_760_000_000,
        "project": "nixos-cuda",
        "jobset": "cuda-packages-unstable",
        "job": "python3Packages.torch.x86_64-linux",
        "drvPath": DRV,
        "startTime": 1_760_000_100,
        "stopTime": 1_760_000_700,
        "buildStatus": 0,
        "nixName": "torch-2.8",
        "system": "x86_64-linux",
        "homepage": "https://example.org/<script>",
        "description": None,
        "license": "bsd3",
        "outputs": [{"name": "out", "path": "/nix/store/00000000000000000000000000000004-torch-2.8"}],
        "products": [],
        "metrics": [],
        **changes,
    }


def _read(*payloads: Any, told: Told = TOLD) -> Reading:
    data = "\n".join(json.dumps(payload) for payload in payloads).encode()
    assert hydra_runcommand.recognises(data[:65536])
    return hydra_runcommand.read(data.splitlines(keepends=True), told, "builds.ndjson")


def test_one_payload_is_a_fact_about_one_build():
    reading = _read(_build())
    (run,) = reading.runs
    (job,) = run.jobs
    assert reading.rejected == ()
    assert (run.source, run.run_id) == (
        "https://hydra.example.org",
        "runcommand-nixos-cuda/cuda-packages-unstable-2025-10-09",
    )
    assert (run.is_complete, run.commit, run.branch) == (False, None, "cuda-packages-unstable")
    assert run.observed_at == job.stopped_at == datetime(2025, 10, 9, 9, 5, tzinfo=UTC)
    assert (job.attr, job.system, job.variant, job.build_id) == (
        "python3Packages.torch",
        "x86_64-linux",
        "",
        "501",
    )
    assert (job.status, job.source_status, job.drv_path) == ("succeeded", "0", DRV)
    assert job.log_url == "https://hydra.example.org/build/501"


def test_an_indented_payload_and_a_list_are_read_as_well():
    text = json.dumps(_build(), indent=2).encode().splitlines(keepends=True)
    assert len(hydra_runcommand.read(text, TOLD, "build.json").runs) == 1
    assert len(_read([_build(), _build(build=502, job="gimp.x86_64-linux")]).runs[0].jobs) == 2


@pytest.mark.parametrize(
    ("code", "status", "cause_known"),
    [
        (0, "succeeded", True),
        (1, "failed", True),
        (2, "dependency-failed", True),
        (3, "aborted", False),
        (4, "cancelled", False),
        (6, "failed-with-output", True),
        (7, "timed-out", False),
        (8, "failed", False),
        (9, "unsupported", False),
        (10, "log-limit-exceeded", False),
        (11, "output-limit-exceeded", False),
        (12, "not-deterministic", False),
        (13, "unknown", False),
        (99, "unknown", False),
    ],
)
def test_codes(code: int, status: str, cause_known: bool):
    (job,) = _read(_build(buildStatus=code)).runs[0].jobs
    assert (job.status, job.source_status, job.cause_known) == (status, str(code), cause_known)


def test_an_unfinished_build_keeps_no_result():
    (job,) = _read(_build(finished=False, buildStatus=None, stopTime=None)).runs[0].jobs
    assert (job.status, job.stopped_at) == ("running", None)
    (job,) = _read(_build(finished=0, buildStatus=1, startTime=None, stopTime=None)).runs[0].jobs
    assert job.status == "queued"


def test_variant_and_jobs_without_a_system_in_their_name():
    pairs = [
        ("torch.x86_64-linux.cuda", "torch", "cuda"),
        ("_tested", "_tested", ""),
        ("tarball", "tarball", ""),
    ]
    for name, attr, variant in pairs:
        (job,) = _read(_build(job=name)).runs[0].jobs
        assert (job.attr, job.variant) == (attr, variant)


def test_a_run_per_jobset_and_day():
    later = {"startTime": 1_760_086_500, "stopTime": 1_760_087_100}
    payloads = (_build(), _build(build=502, jobset="channel"), _build(build=503, **later))
    assert [run.run_id for run in _read(*payloads).runs] == [
        "runcommand-nixos-cuda/channel-2025-10-09",
        "runcommand-nixos-cuda/cuda-packages-unstable-2025-10-09",
        "runcommand-nixos-cuda/cuda-packages-unstable-2025-10-10",
    ]
    with pytest.raises(BadInput, match="several jobsets or days"):
        _read(*payloads, told=Told(source="https://hydra.example.org", run_id="7"))
    (run,) = _read(_build(), told=Told(source="https://hydra.example.org", run_id="7")).runs
    assert run.run_id == "7"


def test_a_build_told_twice_stands_as_it_was_last_seen():
    early = _build(finished=False, buildStatus=None, stopTime=None)
    for payloads in ((early, _build()), (_build(), early), (_build(), _build())):
        reading = _read(*payloads)
        assert reading.rejected == ()
        assert [job.status for job in reading.runs[0].jobs] == ["succeeded"]
    reading = _read(_build(), _build(buildStatus=1))
    assert len(reading.rejected) == 1
    restarted = _read(_build(buildStatus=1), _build(stopTime=1_760_000_900))
    assert [job.status for job in restarted.runs[0].jobs] == ["succeeded"]


def test_of_several_builds_of_a_job_on_one_day_the_newest_stands():
    reading = _read(
        _build(build=600, buildStatus=1, stopTime=1_760_000_900), _build(build=700), _build(build=500)
    )
    assert [job.build_id for job in reading.runs[0].jobs] == ["600"]


def test_without_a_source_nothing_can_be_said():
    with pytest.raises(BadInput, match="--source"):
        _read(_build(), told=Told())


@pytest.mark.parametrize(
    "changes",
    [
        {"build": "502"},
        {"build": None},
        {"build": 2**64},
        {"build": -1},
        {"build": True},
        {"buildStatus": None},
        {"buildStatus": "1"},
        {"buildStatus": 1.0},
        {"finished": "yes"},
        {"stopTime": None},
        {"stopTime": 1_760_000_000_000},
        {"stopTime": 1e308},
        {"stopTime": -5},
        {"stopTime": True},
        {"startTime": 1_760_000_800},
        {"timestamp": "now"},
        {"job": None},
        {"job": "x" * 600},
        {"job": {"name": "x"}},
        {"project": ""},
        {"jobset": ["a"]},
        {"system": "<script>"},
        {"system": None},
        {"drvPath": "/etc/passwd"},
        {"drvPath": 7},
        {"nixName": "a\nb"},
    ],
)
def test_a_broken_payload_is_rejected_by_itself(changes: dict[str, Any]):
    broken = _build(**{"build": 502, **changes})
    reading = _read(_build(), broken)
    assert [job.build_id for run in reading.runs for job in run.jobs] == ["501"]
    (rejected,) = reading.rejected
    assert json.loads(rejected.content) == broken


def test_hostile_names_are_only_text_and_depth_is_bounded():
    deep = b'{"buildStatus":' + b"[" * 5000 + b"]" * 5000 + b"}\n"
    named = json.dumps(_build(job="<script>.x86_64-linux")).encode() + b"\n"
    reading = hydra_runcommand.read(
        [named, deep, b"[1, null]\n", b'{"buildStatus": \n'], TOLD, "builds.ndjson"
    )
    assert [job.attr for job in reading.runs[0].jobs] == ["<script>"]
    assert len(reading.rejected) == 4
