"""Every command of the recording, none left out: what its files say is what its exit code says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.vocabulary import STATUS_CLASSES, StatusClass
from pipelines.sources.ci import internal_json, nix_json, plain_log
from pipelines.sources.ci.runs import Adapter, Run, Told

FOLDER = Path(__file__).parent.parent / "data" / "nix-recorded"
AT = datetime(2026, 3, 1, tzinfo=UTC)
CODES = {
    name: int(code)
    for name, code, _ in (line.split("\t") for line in (FOLDER / "exit-codes.tsv").read_text().splitlines())
}

OK, OWN, DEP = "succeeded", "failed", "dependency-failed"
CHAIN = {"broken": OWN, "dependent": DEP, "far-dependent": DEP}
RESULTS: dict[str, dict[str, str]] = {
    "build-success": {"libfoo": OK, "tool": OK, "app": OK},
    "build-already-valid": {"app": OK},
    "build-multi-output": {"libfoo": OK, "tool": OK},
    "build-failure": {"broken": OWN},
    "build-dependency-failure": CHAIN,
    # far-dependent fails as well, but 2.8 names it nowhere and starts nothing for it; tool was valid already.
    "build-keep-going": {"broken": OWN, "dependent": DEP, "data-bad": "hash-mismatch", "no-output": OWN},
    "build-no-output": {"no-output": OWN},
    "build-timeout": {"slow": "timed-out"},
    "build-max-silent-time": {"slow": "timed-out"},
    "build-log-limit": {"noisy": "log-limit-exceeded"},
    "build-missing-feature": {"gpu-test": "unsupported"},
    "build-other-system": {"other": "unsupported"},
    "build-fod-good": {"data-good": OK},
    "build-fod-bad": {"data-bad": "hash-mismatch"},
    "build-structured": {"structured": OK},
    "build-ca": {"ca-root": OK, "ca-tool": OK, "ia-on-ca": OK},
    "build-ca-early-cutoff": {"ca-root": OK, "ca-tool": OK, "ia-on-ca": OK},
    "build-eval-error": {},
    "build-nondet": {"nondet": OK},
    "build-nondet-check": {"nondet": "not-deterministic"},
    "build-rev2": {"libfoo": OK, "tool": OK, "app": OK},
    "build-post-build-hook": {"libfoo": OK},
    "build-substituted": {"app": OK},
    "build-killed": {"killed": OWN},
    "build-failed-with-output": {"report": OK},
    "nix-build-success": {},
    "nix-build-failure": {"broken": OWN},
    "nix-build-keep-going": {**CHAIN, "data-bad": "hash-mismatch", "no-output": OWN},
    "nix-build-timeout": {"slow": "timed-out"},
    "nix-build-fod-bad": {"data-bad": "hash-mismatch"},
    "nix-build-missing-feature": {"gpu-test": "unsupported"},
    "nix-build-eval-error": {},
    "nix-build-check": {"nondet": "not-deterministic"},
    "nix-build-killed": {"killed": OWN},
    "nix-build-log-limit": {"noisy": "log-limit-exceeded"},
    "nix-build-dependency-failure": CHAIN,
    "nix-build-no-output": {"no-output": OWN},
    "nix-build-keep-going-failures": {**CHAIN, "no-output": OWN},
    "nix-build-timeout-and-failure": {"slow": "timed-out", "broken": OWN},
    "nix-store-realise-failure": {"broken": OWN},
    "plain-failure": {"broken": OWN},
    "plain-dependency-failure": CHAIN,
    "plain-failure-with-logs": {"broken": OWN},
    # Only the first failed goal has a message, and text has no counters: of no-output it is known that it started.
    "plain-keep-going": {
        "broken": OWN,
        "dependent": DEP,
        "data-bad": "hash-mismatch",
        "no-output": "unknown",
    },
}
"""Command -> status of each derivation of which its files tell anything."""

ABORTED = {"build-post-build-hook"}
"""The hook failed and the command with it; the output that it ran for is valid."""
NOT_EVALUATED = {"build-eval-error", "nix-build-eval-error"}

NO_RESULTS = {
    "build-dry-run": "a plan: nothing was built",
    "nix-instantiate": "evaluates, builds nothing",
    "nix-env-query-json": "lists packages, builds nothing",
    "nix-env-query": "lists packages, builds nothing",
    "nix-env-outpaths": "lists packages, builds nothing",
    "show-derivation-app": "prints a derivation",
    "show-derivation-recursive": "prints derivations",
    "show-derivation-derivation-cmd": "a command that 2.8 does not have",
    "show-derivation-fod": "prints a derivation",
    "show-derivation-structured": "prints a derivation",
    "show-derivation-ca": "prints derivations",
    "path-info": "a query of the store",
    "path-info-closure": "a query of the store",
    "path-info-missing": "a query of the store",
    "path-info-drv": "a query of the store",
    "path-info-ca": "a query of the store",
    "path-info-binary-cache": "a query of a cache",
    "path-info-invalid": "a query of the store",
    "query-references": "a query of the store",
    "query-references-drv": "a query of the store",
    "query-requisites": "a query of the store",
    "query-requisites-outputs": "a query of the store",
    "query-deriver": "a query of the store",
    "query-graph": "a query of the store",
    "query-hash": "a query of the store",
    "query-size": "a query of the store",
    "dump-db": "a query of the store",
    "log-broken": "prints a builder's own log, which does not say how it ended",
    "diff-closures": "compares what is in the store",
    "copy-to-file": "copies to a cache",
    "copy-to-file-ca": "copies to a cache",
    "copy-log": "copies to a cache",
    "copy-drv": "copies to a cache",
    "realisation-info": "a query of the store",
    "realisation-info-rev2": "a query of the store",
    "show-config-json": "prints settings",
    "version": "prints a version",
    "store-ping": "asks whether the store is there",
    "verify": "checks what is in the store",
    "nix-hash": "converts a hash",
    "nix-hash-sri": "converts a hash",
}
"""Commands that build nothing, and what they do instead."""

BUILDS = sorted(name for name in RESULTS if name.startswith("build-"))
TEXTS = sorted(name for name in RESULTS if not name.startswith("build-"))
LOGS = [*BUILDS, "build-dry-run"]


def _log(name: str) -> list[bytes]:
    return (FOLDER / "structured" / f"{name}.internal-json.log").read_bytes().splitlines(keepends=True)


def _read(
    adapter: Adapter,
    lines: list[bytes],
    code: int | None,
    system: str | None = "x86_64-linux",
    name: str = "a recording",
) -> Run:
    told = Told(source="https://ci.example.org/x", system=system, exit_code=code, file_at=AT)
    reading = adapter.read(lines, told, name)
    assert reading.rejected == ()
    (run,) = reading.runs
    return run


def _runs(name: str) -> list[Run]:
    """What the files of a command say."""
    if name in TEXTS:
        text = (FOLDER / "plain" / f"{name}.stderr").read_bytes().splitlines(keepends=True)
        return [_read(plain_log, text, CODES[name])]
    output = (FOLDER / "structured" / f"{name}.stdout.json").read_bytes().splitlines(keepends=True)
    return [_read(internal_json, _log(name), CODES[name]), _read(nix_json, output, CODES[name])]


def _statuses(*runs: Run) -> dict[str, str]:
    return {job.attr: job.status for run in runs for job in run.jobs}


def test_no_command_of_the_recording_is_left_out():
    assert RESULTS.keys() & NO_RESULTS.keys() == set()
    assert RESULTS.keys() | NO_RESULTS.keys() == CODES.keys()
    assert len(CODES) == 85
    files = {
        path.name.split(".")[0] for folder in ("structured", "plain") for path in (FOLDER / folder).iterdir()
    }
    assert files == RESULTS.keys() | {"build-dry-run"}


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_every_derivation_has_the_result_that_was_recorded(name: str):
    runs = _runs(name)
    assert _statuses(*runs) == RESULTS[name]
    by_drv: dict[str, set[str]] = {}
    for run in runs:
        for job in run.jobs:
            by_drv.setdefault(job.drv_path or job.attr, set()).add(job.status)
    assert all(len(statuses) == 1 for statuses in by_drv.values())


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_the_results_fit_the_exit_code(name: str):
    run, *_ = runs = _runs(name)
    classes = {STATUS_CLASSES[status][0] for status in _statuses(*runs).values()}
    if CODES[name] == 0:
        assert classes <= {StatusClass.GREEN}
        assert {run.status for run in runs} == {"succeeded"}
        assert (run.errors, run.notes) == (None, ())
        return
    assert all(not run.is_complete for run in runs)
    if name in ABORTED or name in NOT_EVALUATED:
        assert run.status == ("aborted" if name in ABORTED else "eval-error")
        assert run.errors
        assert StatusClass.RED not in classes
    else:
        assert run.status == "succeeded"
        assert classes & {StatusClass.RED, StatusClass.NEUTRAL}


@pytest.mark.parametrize("name", [name for name in TEXTS if CODES[name] >= 100])
def test_the_bits_of_an_exit_code_are_the_kinds_of_failure(name: str):
    bits, found = CODES[name] - 96, set(RESULTS[name].values())
    assert bool(bits & 1) == ("timed-out" in found)
    assert bool(bits & 2) == ("hash-mismatch" in found)
    assert bool(bits & 8) == ("not-deterministic" in found)
    assert bool(bits & 4) == bool(found - {"not-deterministic"})


def test_a_failed_command_prints_no_results_at_all():
    for name in BUILDS:
        _, output = _runs(name)
        assert bool(output.jobs) == (CODES[name] == 0), name
        assert output.is_complete == (CODES[name] == 0), name


def test_a_plan_is_no_result():
    run = _read(internal_json, _log("build-dry-run"), 0)
    assert (run.jobs, run.errors) == ((), None)
    output = FOLDER / "structured" / "build-dry-run.stdout.json"
    run = _read(nix_json, output.read_bytes().splitlines(keepends=True), 0, name=output.name)
    assert {job.attr: job.status for job in run.jobs} == {"app": "unknown"}
    assert not run.is_complete


def test_details_that_only_the_log_tells():
    jobs = {job.attr: job for job in _read(internal_json, _log("build-dependency-failure"), 1).jobs}
    assert jobs["broken"].phase == "checkPhase"
    assert jobs["broken"].source_status == "failed with exit code 3"
    assert jobs["far-dependent"].failed_drvs == (jobs["broken"].drv_path,)
    keep_going = {job.attr: job for job in _read(internal_json, _log("build-keep-going"), 1).jobs}
    assert keep_going["dependent"].failed_drvs == ()  # three failed: which it was is not told
    assert keep_going["no-output"].source_status == "failed without a message"
    cached = {
        job.attr: job.is_cached
        for name in ("build-substituted", "build-ca-early-cutoff", "build-fod-good")
        for job in _read(internal_json, _log(name), 0).jobs
    }
    assert cached == {"app": True, "ca-root": False, "ca-tool": True, "ia-on-ca": True, "data-good": False}


def test_a_message_names_the_system_that_it_is_about():
    (job,) = _read(internal_json, _log("build-other-system"), 1, system=None).jobs
    assert (job.attr, job.system) == ("other", "aarch64-darwin")


@pytest.mark.parametrize("name", LOGS)
def test_the_log_without_its_prefix_and_the_stamped_log_say_the_same(name: str):
    lines = _log(name)
    run = _read(internal_json, lines, CODES[name])
    bare = _read(internal_json, [line.removeprefix(b"@nix ") for line in lines], CODES[name])
    assert (bare.jobs, bare.status, bare.errors) == (run.jobs, run.status, run.errors)
    stamped = [
        b"2025-03-01T00:%02d:%02d.1234567Z " % divmod(number, 60) + line for number, line in enumerate(lines)
    ]
    timed = _read(internal_json, stamped, CODES[name])
    assert _statuses(timed) == _statuses(run)
    assert timed.observed_at == datetime(2025, 3, 1, 0, *divmod(len(lines) - 1, 60), 123456, tzinfo=UTC)
    assert {job.time_kind for job in timed.jobs if job.started_at} <= {"measured"}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_that_was_cut_off_says_nothing_that_is_not_so(name: str):
    """However much of it there is: what it calls red ends red, what it calls green ends green."""
    lines = _log(name)
    final = {job.drv_path: STATUS_CLASSES[job.status][0] for job in _read(internal_json, lines, None).jobs}
    for length in range(len(lines)):
        for job in _read(internal_json, lines[:length], None).jobs:
            of_class = STATUS_CLASSES[job.status][0]
            assert of_class is StatusClass.NEUTRAL or of_class is final[job.drv_path], (length, job)


@pytest.mark.parametrize("name", LOGS)
def test_files_are_recognised_by_their_content(name: str):
    assert internal_json.recognises(b"".join(_log(name)))
    output = (FOLDER / "structured" / f"{name}.stdout.json").read_bytes()
    assert nix_json.recognises(output) == (CODES[name] == 0)
