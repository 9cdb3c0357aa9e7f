"""nix-fast-build: the results file, the stream and JUnit give the same jobs; causes stay unknown."""

import json
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import fast_build, junit
from pipelines.sources.ci.runs import Job, Reading, Told

AT = datetime(2026, 3, 1, tzinfo=UTC)
TOLD = Told(source="https://ci.example.org/x", run_id="r-1", system="x86_64-linux", exit_code=0, file_at=AT)
TORCH = "/nix/store/00000000000000000000000000000003-torch-2.8.drv"
MAGMA = "/nix/store/00000000000000000000000000000005-magma-2.9.drv"


def _step(kind: str, attr: str, success: bool = True, **members: Any) -> dict[str, Any]:
    return {"type": kind, "attr": attr, "success": success, "duration": 0.0, "error": None, **members}


def _lines(*steps: Any) -> list[bytes]:
    return [s if isinstance(s, bytes) else json.dumps(s).encode() + b"\n" for s in steps]


def _read(*steps: Any, told: Told = TOLD) -> Reading:
    """The same from the stream and from the file."""
    stream = fast_build.read(_lines(*steps), told, "stream")
    if not any(isinstance(step, bytes) for step in steps):
        file = fast_build.read([json.dumps({"results": steps}).encode()], told, "file")
        pretty = json.dumps({"results": steps}, indent=2).encode().splitlines(keepends=True)
        indented = fast_build.read(pretty, told, "pretty")
        assert file.runs[0].jobs == stream.runs[0].jobs == indented.runs[0].jobs
        assert file.runs[0].notes == stream.runs[0].notes == indented.runs[0].notes
    return stream


def _jobs(reading: Reading) -> dict[str, Job]:
    return {job.attr: job for job in reading.runs[0].jobs}


def test_steps_of_attributes():
    reading = _read(
        _step("EVAL", "torch", drvPath=TORCH, cacheStatus="notBuilt"),
        _step("BUILD", "torch", False, duration=5123.4, error="build exited with 1"),
        _step("EVAL", "alias", drvPath=TORCH, cacheStatus="notBuilt"),
        _step("EVAL", "hello", cacheStatus="cached"),
        _step("EVAL", "later", cacheStatus="notBuilt"),
        _step("EVAL", "old"),
        _step(
            "EVAL", "bad", False, error="error: Package 'bad' is marked as insecure, refusing to evaluate."
        ),
        _step("EVAL", "worse", False, error="error: assertion failed"),
        _step("EVAL", "ok"),
        _step("BUILD", "ok"),
        _step("UPLOAD", "ok", False, error="no route"),
        _step("CACHIX", "ok", False),
        _step("SIGN", "ok", True),
    )
    jobs = _jobs(reading)
    assert {attr: job.status for attr, job in jobs.items()} == {
        "torch": "failed",
        "alias": "failed",
        "hello": "succeeded",
        "later": "skipped",
        "old": "unknown",
        "bad": "insecure-refused",
        "worse": "eval-error",
        "ok": "succeeded",
    }
    assert not jobs["torch"].cause_known
    assert not jobs["alias"].cause_known
    assert (jobs["torch"].drv_path, jobs["torch"].source_status) == (TORCH, "build exited with 1")
    assert (jobs["hello"].is_cached, jobs["ok"].is_cached) == (True, False)
    (run,) = reading.runs
    assert (run.run_id, run.is_complete, run.status) == ("r-1", True, "succeeded")
    assert run.notes == (
        "1 failed CACHIX steps; the builds stay as they were",
        "1 failed UPLOAD steps; the builds stay as they were",
        "1 steps of the unknown kind SIGN",
    )


@pytest.mark.parametrize("members", [{}, {"drvPath": TORCH}])
def test_a_cause_that_the_file_itself_shows(members: dict[str, Any]):
    dependency = f"error: builder for '{MAGMA}' failed with exit code 1;\nerror: 1 dependencies of derivation '{TORCH}'"
    jobs = _jobs(
        _read(
            _step("EVAL", "torch", **members),
            _step("BUILD", "torch", False, error=dependency + " failed to build"),
        )
    )
    assert (jobs["torch"].status, jobs["torch"].cause_known) == ("dependency-failed", True)
    assert jobs["torch"].failed_drvs == (MAGMA,)
    own = f"error: Cannot build '{TORCH}'.\n       Reason: builder failed with exit code 1."
    (job,) = _jobs(
        _read(_step("EVAL", "torch", **members), _step("BUILD", "torch", False, error=own))
    ).values()
    assert (job.status, job.cause_known) == ("failed", bool(members))


def test_names_and_systems():
    told = Told(source="https://ci.example.org/x", file_at=AT)
    reading = _read(
        _step("BUILD", 'x86_64-linux.zigPackages."0.15"'),
        _step("BUILD", "hello"),
        _step("EVAL", "unknown-attribute", False),
        told=told,
    )
    assert [(job.attr, job.system) for job in reading.runs[0].jobs] == [
        ('zigPackages."0.15"', "x86_64-linux")
    ]
    assert sorted(one.reason for one in reading.rejected) == [
        "a step without its attribute",
        "no system in the record; tell it with --system",
    ]
    both = _read(_step("BUILD", "x86_64-linux.a"), _step("BUILD", "a", False))
    assert {attr: job.status for attr, job in _jobs(both).items()} == {"a": "failed"}


def test_a_killed_run_keeps_its_good_steps_and_is_not_complete():
    steps = [_step("BUILD", f"p{n}") for n in range(5)]
    whole = json.dumps({"results": steps}).encode()
    for end in range(len(b'{"results": ['), len(whole)):
        reading = fast_build.read([whole[:end]], TOLD, "cut")
        assert {job.attr for job in reading.runs[0].jobs} <= {f"p{n}" for n in range(5)}
        assert len(reading.runs[0].jobs) == whole[:end].count(b"}")
        assert not reading.runs[0].is_complete
        assert reading.rejected
    cut = _read(*steps, b'{"type": "BUI')
    assert (len(cut.runs[0].jobs), len(cut.rejected), cut.runs[0].is_complete) == (5, 1, False)
    assert (
        not _read(*steps, told=Told(source="s", system="x86_64-linux", exit_code=1, file_at=AT))
        .runs[0]
        .is_complete
    )


def test_broken_elements_of_a_file_are_rejected_one_by_one():
    text = b'{"results": [{"type":"BUILD","attr":"a","success":true}, 7 , "x", [], null, {"type":"BUILD"},'
    text += b'{"type":"BUILD","attr":"b","success":"yes"}, {"type":"BUILD","attr":"c","success":true}]}'
    reading = fast_build.read([text], TOLD, "file")
    assert sorted(_jobs(reading)) == ["a", "c"]
    assert sum(one.rows for one in reading.rejected) == 6
    assert not reading.runs[0].is_complete


def _junit(*cases: str) -> list[bytes]:
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="x" tests="9" failures="1">\n'
    return (text + "\n".join(cases) + "\n</testsuite></testsuites>\n").encode().splitlines(keepends=True)


def _case(kind: str, attr: str, log: str | None = None, message: str = "build exited with 1") -> str:
    failure = (
        f'<failure message={quoteattr(message)} type="BuildFailure">{log}</failure>'
        if log is not None
        else ""
    )
    return f'<testcase classname="{kind}" name={quoteattr(attr)} time="1.5">{failure}</testcase>'


def test_junit():
    lines = _junit(
        _case("Eval", "torch"),
        _case("Build", "torch", f"error: 1 dependencies of derivation '{TORCH}' failed to build"),
        _case("Eval", "gimp"),
        _case("Build", "gimp", "FAILED test_x"),
        _case("Eval", 'zigPackages."0.15"'),
        _case("Build", 'zigPackages."0.15"'),
        _case("Eval", "bad", "x", message="error: Package 'bad' is marked as broken, refusing to evaluate."),
        _case("Eval", "seen"),
        _case("Niks3", "gimp", "no route"),
        '<testcase name="nobody"/>',
    )
    assert junit.recognises(b"".join(lines))
    assert not fast_build.recognises(b"".join(lines))
    reading = junit.read(lines, TOLD, "junit.xml")
    jobs = _jobs(reading)
    assert {attr: (job.status, job.cause_known) for attr, job in jobs.items()} == {
        "torch": ("dependency-failed", True),
        "gimp": ("failed", False),
        'zigPackages."0.15"': ("succeeded", True),
        "bad": ("broken-marked", True),
        "seen": ("unknown", True),
    }
    assert [one.reason for one in reading.rejected] == ["a test case without classname or name"]
    assert reading.runs[0].notes == ("1 failed NIKS3 steps; the builds stay as they were",)
    whole = junit.read(_junit(_case("Build", "a")), TOLD, "junit.xml").runs[0]
    assert (whole.is_complete, whole.status) == (True, "succeeded")


def test_junit_that_was_cut_off_keeps_its_whole_cases():
    text = b"".join(_junit(*(_case("Build", f"p{n}", "log") for n in range(5))))
    for end in range(0, len(text) - 1, 7):
        reading = junit.read([text[:end]], TOLD, "cut")
        assert len(reading.runs[0].jobs) == text[:end].count(b"</testcase>")
        assert len(reading.rejected) == 1
        assert not reading.runs[0].is_complete


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_hostile_xml_is_refused_as_a_whole(prologue: str):
    with pytest.raises(BadInput, match="document type or entities"):
        junit.read([prologue.encode(), *_junit(_case("Build", "a"))[1:]], TOLD, "junit.xml")


def test_xml_that_is_too_deep_or_no_xml():
    deep = b"<testsuites>" + b"<a>" * 10**5 + b"</a>" * 10**5 + b"</testsuites>"
    for text in (
        deep,
        b"no xml",
        b"",
        b'<?xml version="1.0" encoding="utf-7"?><testsuites/>',
        b"\xff\xfe<\0a\0",
    ):
        reading = junit.read([text], TOLD, "junit.xml")
        assert (reading.runs[0].jobs, len(reading.rejected)) == ((), 1)


def test_it_is_recognised():
    stream = b"".join(_lines(_step("EVAL", "a")))
    assert fast_build.recognises(stream)
    assert fast_build.recognises(b'{\n  "results": [\n  {"type": "EVAL", "attr": "a", "success"  : tr')
    assert fast_build.recognises(b'{"results": []}')
    assert not fast_build.recognises(b'{"results": [{"name": "other"}]}')
    assert not fast_build.recognises(b'{"attr":"a","drvPath":null}')
    assert not junit.recognises(stream)
    assert not junit.recognises(
        b'<testsuites><testsuite name="pytest"><testcase classname="tests.a" name="b"/>'
    )
