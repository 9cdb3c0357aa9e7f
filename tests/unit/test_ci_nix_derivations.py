"""Formats that know derivations only: `nix build --json`, the event log and the text, beyond what is recorded."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import internal_json, nix_json, nix_messages, plain_log
from pipelines.sources.ci.recognise import recognise
from pipelines.sources.ci.records import package
from pipelines.sources.ci.runs import Job, Reading, Run, Told

AT = datetime(2026, 3, 1, tzinfo=UTC)
TOLD = Told(source="https://ci.example.org/x", system="x86_64-linux", exit_code=0, file_at=AT)
UNTOLD = Told(source="https://ci.example.org/x", system="x86_64-linux", file_at=AT)
FAILED = Told(source="https://ci.example.org/x", system="x86_64-linux", exit_code=1, file_at=AT)


def _drv(name: str, number: int = 1) -> str:
    return f"/nix/store/{number:032d}-{name}.drv"


def _json(value: Any, told: Told = TOLD) -> Reading:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return nix_json.read([text] if text else [], told, "result.json")


def _log(*events: Any, told: Told = FAILED) -> Reading:
    lines = [e if isinstance(e, bytes) else b"@nix " + json.dumps(e).encode() + b"\n" for e in events]
    return internal_json.read(lines, told, "nix.log")


def _jobs(reading: Reading) -> dict[str, Job]:
    return {job.attr: job for job in reading.runs[0].jobs}


def _error(text: str) -> dict[str, Any]:
    return {"action": "msg", "level": 0, "msg": f"error: {text}", "raw_msg": text}


def _progress(done: int, failed: int, number: int = 1) -> dict[str, Any]:
    return {"action": "result", "type": 105, "id": number, "fields": [done, 9, 1, failed]}


def _start(drv: str, number: int) -> dict[str, Any]:
    return {
        "action": "start",
        "type": 105,
        "id": number,
        "level": 3,
        "text": "",
        "parent": 0,
        "fields": [drv, "", 1, 1],
    }


BUILDS = {"action": "start", "type": 104, "id": 1, "level": 0, "text": ""}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app-3.0", "app"),
        ("far-dependent-2.1", "far-dependent"),
        ("data-bad", "data-bad"),
        ("python3.13-pillow-11.3.0", "python3.13-pillow"),
        ("source", "source"),
        ("libfoo-1.2.1-dev", "libfoo"),
        ("-1.0", "-1.0"),
    ],
)
def test_a_name_without_its_version(name: str, expected: str):
    assert package(name) == expected


def test_times_since_2_12_and_paths_that_are_no_derivations():
    built = {
        "drvPath": _drv("app-3.0"),
        "outputs": {"out": "/x"},
        "startTime": 1760000000,
        "stopTime": 1760000060,
    }
    valid = {"drvPath": _drv("tool-0.9", 2), "outputs": {"out": "/x"}, "startTime": 0, "stopTime": 0}
    reading = _json([built, valid, "/nix/store/" + "0" * 32 + "-source"])
    (run,) = reading.runs
    app, tool = run.jobs
    assert (app.started_at, app.stopped_at, app.time_kind, app.is_cached) == (
        datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
        datetime(2025, 10, 9, 8, 54, 20, tzinfo=UTC),
        "measured",
        False,
    )
    assert (tool.started_at, tool.time_kind, tool.is_cached) == (None, "file", None)
    assert run.observed_at == run.stopped_at == app.stopped_at
    assert run.notes == ("1 store paths that are no derivations",)
    assert run.is_complete


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"status": "Substituted", "success": True}, ("succeeded", True)),
        ({"status": "PermanentFailure", "success": False}, ("failed", None)),
        ({"status": "DependencyFailed"}, ("dependency-failed", None)),
        ({"status": "HashMismatch"}, ("hash-mismatch", None)),
        ({"status": "MiscFailure"}, ("aborted", None)),
        ({"status": "Built", "success": False}, ("unknown", None)),
        ({"status": "Exploded"}, ("unknown", None)),
    ],
)
def test_results_as_nix_itself_calls_them(member: dict[str, Any], expected: tuple[str, bool | None]):
    (job,) = _json([{"drvPath": _drv("a-1"), **member}]).runs[0].jobs
    assert (job.status, job.is_cached) == expected


@pytest.mark.parametrize(
    "element",
    [
        {"drvPath": _drv("a-1"), "outputs": {"out": None}},
        {"drvPath": _drv("a-1"), "outputs": {}},
        {"drvPath": _drv("a-1")},
        {"drvPath": "/etc/passwd", "outputs": {"out": "/x"}},
        {"drvPath": _drv("a-1"), "outputs": {"out": "/x"}, "startTime": -1},
        {"drvPath": _drv("a-1"), "outputs": {"out": "/x"}, "startTime": 1e300},
        {"drvPath": _drv("a-1"), "outputs": {"out": "/x"}, "startTime": 1760000001, "stopTime": 1760000000},
        {"drvPath": _drv("a-1"), "outputs": {"out": "/x"}, "startTime": "now"},
        None,
        7,
    ],
)
def test_elements_that_are_no_results_are_rejected(element: Any):
    reading = _json([element, {"drvPath": _drv("b-1"), "outputs": {"out": "/x"}}])
    assert list(_jobs(reading)) == ["b"]
    assert len(reading.rejected) == 1
    assert not reading.runs[0].is_complete


def test_output_that_was_cut_off_or_never_came():
    whole = json.dumps([{"drvPath": _drv(f"p{n}-1", n), "outputs": {"out": "/x"}} for n in range(4)]).encode()
    for end in range(1, len(whole)):
        reading = _json(whole[:end])
        assert len(reading.runs[0].jobs) == whole[:end].count(b"}}")
        assert reading.rejected
        assert not reading.runs[0].is_complete
    nothing = _json(b"", FAILED)
    assert (nothing.runs[0].jobs, nothing.runs[0].is_complete, nothing.rejected) == ((), False, ())
    assert _json(b"{}").rejected


LISTED = {"drvPath": _drv("a-1"), "outputs": {"out": "/x"}}
TIMED = {"drvPath": _drv("b-1", 2), "outputs": {"out": "/x"}, "startTime": 1760000000, "stopTime": 1760000060}


@pytest.mark.parametrize(
    ("elements", "told", "name", "statuses"),
    [
        ([LISTED], TOLD, "result.json", {"a": "succeeded"}),
        ([LISTED], FAILED, "result.json", {"a": "unknown"}),
        ([LISTED], UNTOLD, "result.json", {"a": "unknown"}),
        ([LISTED, TIMED], UNTOLD, "result.json", {"a": "succeeded", "b": "succeeded"}),
        ([LISTED], TOLD, "build-dry-run.stdout.json", {"a": "unknown"}),
        ([LISTED, TIMED], TOLD, "build-dry-run.stdout.json", {"a": "succeeded", "b": "succeeded"}),
        ([{**LISTED, "status": "Built"}], UNTOLD, "result.json", {"a": "succeeded"}),
    ],
)
def test_a_list_that_may_be_a_plan_is_never_green(
    elements: list[Any], told: Told, name: str, statuses: dict[str, str]
):
    reading = nix_json.read([json.dumps(elements).encode()], told, name)
    assert {attr: job.status for attr, job in _jobs(reading).items()} == statuses
    assert reading.runs[0].is_complete == (told is TOLD and "unknown" not in statuses.values())


def test_a_list_whose_brackets_do_not_match_is_not_whole():
    reading = nix_json.read([json.dumps([LISTED]).encode()[:-1] + b"}"], TOLD, "result.json")
    assert len(reading.rejected) == 1
    assert not reading.runs[0].is_complete


def test_an_empty_file_says_why_it_may_be_empty():
    with pytest.raises(BadInput, match="is empty: a program that failed may print nothing"):
        recognise(b" \n", "result.json")


def test_a_system_that_nobody_tells():
    told = Told(source="https://ci.example.org/x", file_at=AT)
    reading = _json([{"drvPath": _drv("a-1"), "outputs": {"out": "/x"}}], told)
    assert (reading.runs[0].jobs, len(reading.rejected)) == ((), 1)
    with pytest.raises(BadInput, match="--source"):
        _json([], Told(file_at=AT))


def test_derivations_of_one_name_are_one_job_with_the_worst_result():
    reading = _log(
        BUILDS,
        _start(_drv("source", 1), 2),
        _progress(1, 0),
        {"action": "stop", "id": 2},
        _start(_drv("source", 2), 3),
        _progress(1, 1),
        {"action": "stop", "id": 3},
        _error(f"hash mismatch in fixed-output derivation '{_drv('source', 2)}':\n  specified: x"),
    )
    (job,) = reading.runs[0].jobs
    assert (job.attr, job.status, job.drv_path) == ("source", "hash-mismatch", _drv("source", 2))
    assert reading.runs[0].notes == ("2 derivations share a name: of each name the worst result is told",)


@pytest.mark.parametrize(
    ("older", "newer", "status"),
    [
        (
            "builder for 'DRV' failed with exit code 3",
            "Cannot build 'DRV'.\nReason: builder failed with exit code 3.",
            "failed",
        ),
        (
            "builder for 'DRV' failed due to signal 9 (Killed)",
            "Cannot build 'DRV'.\n       Reason: builder failed due to signal 9 (Killed).",
            "failed",
        ),
        (
            "2 dependencies of derivation 'DRV' failed to build",
            "Cannot build 'DRV'.\nReason: 1 dependency failed.\nOutput paths:\n  /nix/store/x",
            "dependency-failed",
        ),
        (
            "1 dependencies of derivation 'DRV' failed to build",
            "Cannot build 'DRV'.\nReason: 2 dependencies failed.",
            "dependency-failed",
        ),
        (
            "a 'x86_64-linux' with features {cuda} is required to build 'DRV', but I am a 'x86_64-linux' with",
            "Cannot build 'DRV'.\nReason: required system or feature not available\nRequired system: 'x86_64-linux'",
            "unsupported",
        ),
        (
            "a 'x86_64-linux' with features {} is required to build 'DRV', but I am a",
            "Cannot build 'DRV'.\nReason: platform mismatch",
            "unsupported",
        ),
        (
            "building of 'DRV!out' from .drv file timed out after 2 seconds of silence",
            "Cannot build 'DRV'.\nReason: timed out after 2 seconds",
            "timed-out",
        ),
        (
            "building of 'DRV^out' from .drv file killed after writing more than 100 bytes of log output",
            "Cannot build 'DRV'.\nReason: killed after writing more than 100 bytes of log output",
            "log-limit-exceeded",
        ),
        (
            "hash mismatch in fixed-output derivation 'DRV':",
            "Cannot build 'DRV'.\nReason: hash mismatch in fixed-output derivation",
            "hash-mismatch",
        ),
        (
            "derivation 'DRV' may not be deterministic: output '/nix/store/x' differs",
            "Cannot build 'DRV'.\nReason: derivation may not be deterministic",
            "not-deterministic",
        ),
        (
            "builder for 'DRV' failed to produce output path for output 'out' at '/nix/store/x'",
            "Cannot build 'DRV'.\nReason: builder failed to produce output path for output 'out'",
            "failed",
        ),
    ],
)
def test_both_generations_of_messages(older: str, newer: str, status: str):
    drv = _drv("app-3.0")
    for text in (older, newer):
        coloured = text.replace("DRV", f"\x1b[35;1m{drv}\x1b[0m").replace(
            "Reason:", "\x1b[31;1mReason:\x1b[0m"
        )
        (finding,) = nix_messages.findings(coloured)
        assert (finding.drv, finding.status, finding.cause_known) == (drv, status, True)
        assert _jobs(_log(_error(coloured)))["app"].status == status
        plain = (
            f"error: {text.replace('DRV', drv)}".replace("\n", "\n       ").encode().splitlines(keepends=True)
        )
        assert _jobs(plain_log.read(plain, FAILED, "text"))["app"].status == status


def test_reasons_that_are_not_known_and_summaries_leave_the_cause_open():
    drv = _drv("app-3.0")
    for text in (
        f"Cannot build '{drv}'.\nReason: it was Tuesday",
        f"build of '{drv}', '{_drv('b-1', 2)}' failed",
    ):
        job = _jobs(_log(_error(text)))["app"]
        assert (job.status, job.cause_known) == ("failed", False)
    both = _log(_error(f"build of '{drv}' failed"), _error(f"builder for '{drv}' failed with exit code 1"))
    assert _jobs(both)["app"].cause_known


def test_counters_tell_what_no_message_does_only_if_one_of_them_moved():
    reading = _log(
        BUILDS,
        _start(_drv("good-1", 1), 2),
        _start(_drv("bad-1", 2), 3),
        _start(_drv("both-1", 3), 4),
        _start(_drv("open-1", 4), 5),
        _start(_drv("stopped-1", 5), 6),
        {"action": "stop", "id": 6},
        _progress(1, 0),
        {"action": "stop", "id": 2},
        _start(_drv("late-1", 6), 7),
        _progress(1, 1),
        {"action": "stop", "id": 3},
        {"action": "stop", "id": 4},
        {"action": "stop", "id": 7},
    )
    assert {attr: job.status for attr, job in _jobs(reading).items()} == {
        "good": "succeeded",
        "bad": "unknown",
        "both": "unknown",
        "late": "failed",
        "open": "unknown",
        "stopped": "unknown",
    }
    assert reading.runs[0].notes == ("the log ends while 1 builds run",)


def test_105_with_another_action_is_another_thing_and_unknown_numbers_are_ignored():
    reading = _log(
        BUILDS,
        {"action": "result", "type": 105, "id": 77, "fields": ["x"]},
        {"action": "start", "type": 113, "id": 5, "fields": ["/etc/passwd"]},
        {"action": "result", "type": 999, "id": 5, "fields": [1]},
        {"action": "setPhase", "phase": "buildPhase"},
        {"action": "msg", "level": 0, "msg": f"builder for '{_drv('a-1')}' failed with exit code 1"},
        b"error: builder for '" + _drv("a-1").encode() + b"' failed with exit code 1\n",
    )
    assert (reading.runs[0].jobs, reading.rejected) == ((), ())


@pytest.mark.parametrize(
    "line",
    [
        b"@nix {\n",
        b"@nix 7\n",
        b'@nix {"action":"start","type":105,"id":2,"fields":["/etc/passwd"]}\n',
        b'@nix {"action":"start","type":105,"id":2}\n',
        b'@nix {"action":"start","type":105,"fields":["' + _drv("a-1").encode() + b'"]}\n',
        b'@nix {"action":"start","type":108,"id":2,"fields":["/etc/passwd",""]}\n',
        b'@nix {"action":"stop"}\n',
        b'@nix {"action":"stop","id":-1}\n',
        b'@nix {"action":"stop","id":1e99}\n',
        b'@nix {"action":"stop","id":123456789012345678901234567890}\n',
        b'@nix {"action":"result","type":105,"id":1,"fields":[1,2,3]}\n',
        b'@nix {"action":"result","type":105,"id":1,"fields":[-1,2,3,4]}\n',
        b'@nix {"action":"result","type":104,"id":1,"fields":[7]}\n',
        b'@nix {"action":"msg","raw_msg":7}\n',
        b'@nix {"action":"start","x":' + b"[" * 10**5 + b"\n",
        b'9999-99-99T00:00:00Z @nix {"action":"stop","id":1}\n',
    ],
)
def test_broken_events_are_rejected_one_by_one(line: bytes):
    drv = _drv("b-1")
    reading = _log(BUILDS, line, _error(f"builder for '{drv}' failed with exit code 1"))
    assert list(_jobs(reading)) == ["b"]
    assert len(reading.rejected) == 1


def test_what_became_of_the_command_itself():
    def run(*events: Any, told: Told) -> Run:
        return _log(*events, told=told).runs[0]

    untold = Told(source="https://ci.example.org/x", system="x86_64-linux", file_at=AT)
    realise = {"action": "start", "type": 102, "id": 9}
    assert run(_error("attribute 'x' missing"), told=untold).status == "eval-error"
    assert run(BUILDS, _error("no space left on device"), told=untold).status == "aborted"
    assert run(realise, told=untold).status is None
    assert run(realise, {"action": "stop", "id": 9}, told=untold).status == "succeeded"
    assert run(realise, told=FAILED).status == "aborted"
    assert not run(realise, {"action": "stop", "id": 9}, told=TOLD).is_complete


def test_text_without_messages_is_green_only_if_the_command_succeeded():
    text = [b"2025-03-01T00:00:00.1234567Z building '" + _drv("a-1").encode() + b"'...\n", b"done\n"]
    assert plain_log.recognises(b"".join(text))
    for told, status in (
        (TOLD, "succeeded"),
        (FAILED, "unknown"),
        (Told(**{**vars(TOLD), "exit_code": None}), "unknown"),
    ):
        assert _jobs(plain_log.read(text, told, "text"))["a"].status == status


def test_they_are_recognised():
    events = json.dumps(BUILDS).encode()
    assert internal_json.recognises(b"warning: x\n@nix " + events)
    assert internal_json.recognises(events)
    assert internal_json.recognises(b"2025-03-01T00:00:00Z @nix " + events)
    assert not internal_json.recognises(b'@nix { "action": "setPhase", "phase": "buildPhase" }')
    assert not internal_json.recognises(b'{"action": "opened"}')
    assert nix_json.recognises(b' [{"drvPath": "x", "outputs": {"out": ')
    assert nix_json.recognises(b'["/nix/store/x"]')
    assert not nix_json.recognises(b'[{"id": 1}]')
    assert not nix_json.recognises(b"")
    assert not plain_log.recognises(b"error: this package is not for this platform\n")


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10**6,
        "a 'x86_64-linux' with features {" * 10**4,
        f"building of '{_drv('a-1')}!" * 10**4,
        f"build of '{_drv('a-1')}', " * 10**4,
        f"Cannot build '{_drv('a-1')}'" + " " * 10**6,
        "\x1b[" * 10**6,
        "/nix/store/" * 10**5,
    ],
)
def test_hostile_messages_end_soon(text: str):
    assert nix_messages.findings(text) == []
