"""nix-eval-jobs: listings, cached and broken attributes, names, and files that are not whole."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import eval_jobs
from pipelines.sources.ci.runs import Reading, Told

AT = datetime(2026, 3, 1, tzinfo=UTC)
TOLD = Told(
    source="https://ci.example.org/x",
    system="x86_64-linux",
    commit="1" * 40,
    branch="master",
    exit_code=0,
    file_at=AT,
)
DRV = "/nix/store/00000000000000000000000000000001-python3.13-pillow-11.3.0.drv"
PILLOW: dict[str, Any] = {
    "attr": "python3Packages.pillow",
    "attrPath": ["python3Packages", "pillow"],
    "name": "python3.13-pillow-11.3.0",
    "system": "x86_64-linux",
    "drvPath": DRV,
    "outputs": {"out": "/nix/store/00000000000000000000000000000002-python3.13-pillow-11.3.0", "dist": None},
    "isCached": False,
    "cacheStatus": "notBuilt",
    "neededBuilds": [DRV],
    "neededSubstitutes": [],
    "requiredSystemFeatures": [],
}
TENSORRT = {
    "attr": "cudaPackages.tensorrt",
    "attrPath": ["cudaPackages", "tensorrt"],
    "error": "error: Package 'tensorrt-10.9' is marked as broken, refusing to evaluate.",
}


def _read(*records: Any, told: Told = TOLD) -> Reading:
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in records]
    return eval_jobs.read(lines, told, "jobs.jsonl")


def _statuses(reading: Reading) -> dict[tuple[str, str], str]:
    return {(job.attr, job.system): job.status for job in reading.runs[0].jobs}


def test_a_listing():
    reading = _read(PILLOW, TENSORRT)
    (run,) = reading.runs
    assert reading.rejected == ()
    assert (run.source, run.commit, run.branch) == (TOLD.source, "1" * 40, "master")
    assert (run.is_complete, run.status, run.observed_at, run.systems) == (
        True,
        "succeeded",
        AT,
        ("x86_64-linux",),
    )
    assert run.run_id == _read(PILLOW, TENSORRT).runs[0].run_id != _read(PILLOW).runs[0].run_id
    tensorrt, pillow = run.jobs
    assert (tensorrt.attr, tensorrt.status, tensorrt.drv_path) == (
        "cudaPackages.tensorrt",
        "broken-marked",
        None,
    )
    assert (pillow.status, pillow.source_status, pillow.drv_path, pillow.name) == (
        "queued",
        "notBuilt",
        DRV,
        "python3.13-pillow-11.3.0",
    )
    assert {job.time_kind for job in run.jobs} == {"file"}


@pytest.mark.parametrize(
    ("members", "status", "is_cached"),
    [
        ({"cacheStatus": "local"}, "succeeded", True),
        ({"cacheStatus": "cached"}, "succeeded", True),
        ({"cacheStatus": "notBuilt"}, "queued", None),
        ({"cacheStatus": "somewhere"}, "unknown", None),
        ({"isCached": True}, "succeeded", True),
        ({"isCached": False}, "queued", None),
        ({}, "unknown", None),
        ({"error": "job: does not exist"}, "eval-error", None),
    ],
)
def test_what_is_said_of_an_attribute(members: dict[str, Any], status: str, is_cached: bool | None):
    (job,) = _read({"attr": "a", "system": "x86_64-linux", "drvPath": DRV, **members}).runs[0].jobs
    assert (job.status, job.is_cached, job.drv_path) == (status, is_cached, DRV)


@pytest.mark.parametrize(
    ("names", "attr"),
    [
        ({"attr": 'zigPackages."0.15"', "attrPath": ["zigPackages", "0.15"]}, 'zigPackages."0.15"'),
        ({"attr": 'zigPackages."0.15"'}, 'zigPackages."0.15"'),
        ({"attr": "hello.x86_64-linux", "attrPath": ["hello", "x86_64-linux"]}, "hello"),
        ({"attr": "x86_64-linux.hello"}, "hello"),
        ({"attr": "pkgsCross.x86_64-linux.hello"}, "pkgsCross.x86_64-linux.hello"),
        ({"attr": "aarch64-linux.hello"}, "aarch64-linux.hello"),
        ({"attr": "x86_64-linux"}, "x86_64-linux"),
    ],
)
def test_names(names: dict[str, Any], attr: str):
    record = {**names, "system": "x86_64-linux", "drvPath": DRV}
    assert _statuses(_read(record)) == {(attr, "x86_64-linux"): "unknown"}


def test_an_error_has_the_system_of_its_path_or_the_one_that_was_told():
    told = Told(source="https://ci.example.org/x", file_at=AT)
    in_path = {"attr": "hello.aarch64-darwin", "attrPath": ["hello", "aarch64-darwin"], "error": "error: x"}
    reading = _read(in_path, TENSORRT, told=told)
    assert _statuses(reading) == {("hello", "aarch64-darwin"): "eval-error"}
    (rejected,) = reading.rejected
    assert "no system" in rejected.reason
    assert b"tensorrt" in rejected.content


def test_a_killed_run_keeps_its_good_lines_and_is_not_complete():
    whole = json.dumps(PILLOW).encode() + b"\n"
    reading = _read(whole, json.dumps(TENSORRT).encode()[:40])
    assert len(reading.runs[0].jobs) == len(reading.rejected) == 1
    assert not reading.runs[0].is_complete
    killed = _read(PILLOW, told=Told(source="https://ci.example.org/x", exit_code=137, file_at=AT)).runs[0]
    assert (killed.is_complete, killed.status, len(killed.jobs)) == (False, "aborted", 1)
    untold = _read(PILLOW, told=Told(source="https://ci.example.org/x", file_at=AT)).runs[0]
    assert (untold.is_complete, untold.status) == (False, None)


@pytest.mark.parametrize(
    "broken",
    [
        b"\n{",
        b"null\n",
        b"[]\n",
        b"warning: something\n",
        b'{"attr": "a", "system": "x86_64-linux"}\n',
        b'{"attr": 1, "error": ""}\n',
        b'{"attr": "", "error": ""}\n',
        b'{"attr": "a..b", "error": ""}\n',
        b'{"attr": "a\\u0000b", "error": ""}\n',
        b'{"attr": "a\\nb", "error": ""}\n',
        b'{"attr": "a", "attrPath": [], "error": ""}\n',
        b'{"attr": "a", "attrPath": ["a", 1], "error": ""}\n',
        b'{"attr": "' + b"a" * 513 + b'", "error": ""}\n',
        b'{"attr": "a", "system": "not a system", "error": ""}\n',
        b'{"attr": "a", "system": "x86_64-linux", "drvPath": "/etc/passwd"}\n',
        b'{"attr": "a", "error": "", "meta": ' + b"[" * 65 + b"]" * 65 + b"}\n",
        b'{"attr": "a", "error": "", "meta": ' + b"[" * 10**5 + b"\n",
        b'{"attr": "a", "error": "\xff\xfe"}\n',
        b'{"attr": "a", "error": NaN}\n',
        b'{"attr": "a", "error": "' + b"x" * 4 * 1024**2 + b'"}\n',
    ],
)
def test_broken_records_are_rejected_one_by_one(broken: bytes):
    reading = _read(PILLOW, broken, TENSORRT)
    assert len(reading.runs[0].jobs) == 2
    assert sum(one.rows for one in reading.rejected) == 1
    assert not reading.runs[0].is_complete


def test_more_rejects_than_anyone_reads_are_counted():
    reading = _read(*[b"{\n"] * 2500)
    assert sum(one.rows for one in reading.rejected) == 2500
    assert len(reading.rejected) == 1001


def test_what_must_be_told():
    with pytest.raises(BadInput, match="--source"):
        _read(PILLOW, told=Told(file_at=AT))
    with pytest.raises(BadInput, match="time"):
        _read(PILLOW, told=Told(source="https://ci.example.org/x"))


def test_wordings_that_nobody_knows_are_noted():
    record = {"attr": "a", "error": "Refusing to evaluate package 'a' in b because it smells"}
    run = _read(record, TENSORRT).runs[0]
    assert run.notes == ("1 evaluation errors in no wording that is known",)


def test_it_is_recognised():
    whole = json.dumps(PILLOW).encode()
    assert eval_jobs.recognises(whole)
    assert eval_jobs.recognises(b"warning: x\n" + whole[: whole.index(b"isCached")])
    assert eval_jobs.recognises(json.dumps(TENSORRT).encode())
    assert not eval_jobs.recognises(b'{"type":"EVAL","attr":"a","success":true,"error":null}')
    assert not eval_jobs.recognises(b'{"data":{"attr":"a","drvPath":null}}')
    assert not eval_jobs.recognises(b"")
