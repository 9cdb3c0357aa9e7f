"""Runs and jobs of GitHub Actions in every form in which the endpoints' answers are kept, and hostile ones."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import github_actions
from pipelines.sources.ci.runs import Reading, Told

PAGE = "https://github.com/example/ci"
HONEST = Told(honest_workflows=("build",))


def _job(**changes: Any) -> dict[str, Any]:
    return {
        "id": 70001,
        "run_id": 60001,
        "run_attempt": 1,
        "workflow_name": "build",
        "name": "torch (x86_64-linux)",
        "head_sha": "3" * 40,
        "status": "completed",
        "conclusion": "success",
        "created_at": "2025-03-01T00:05:00Z",
        "started_at": "2025-03-01T00:06:10Z",
        "completed_at": "2025-03-01T01:20:00Z",
        "steps": [{"name": "build", "number": 1, "status": "completed", "conclusion": "success"}],
        "runner_name": None,
        "labels": ["ubuntu-latest"],
        "html_url": f"{PAGE}/actions/runs/60001/job/70001",
        **changes,
    }


def _run(**changes: Any) -> dict[str, Any]:
    return {
        "id": 60001,
        "run_number": 12,
        "run_attempt": 1,
        "name": "build",
        "event": "schedule",
        "status": "completed",
        "conclusion": "failure",
        "head_sha": "3" * 40,
        "head_branch": "master",
        "run_started_at": "2025-03-01T00:05:00Z",
        "updated_at": "2025-03-01T01:20:10Z",
        "pull_requests": [],
        "html_url": f"{PAGE}/actions/runs/60001",
        **changes,
    }


def _read(*documents: Any, told: Told = HONEST, between: str = "\n") -> Reading:
    data = between.join(json.dumps(document) for document in documents).encode()
    assert github_actions.recognises(data[:65536])
    return github_actions.read(data.splitlines(keepends=True), told, "jobs.json")


@pytest.mark.parametrize(
    "documents",
    [
        ({"total_count": 2, "jobs": [_job(), _job(id=70002, name="gimp")]},),
        (
            {"total_count": 1, "workflow_runs": [_run()]},
            {"total_count": 2, "jobs": [_job(), _job(id=70002, name="gimp")]},
        ),
        ([{"total_count": 2, "jobs": [_job()]}, {"total_count": 2, "jobs": [_job(id=70002, name="gimp")]}],),
    ],
)
@pytest.mark.parametrize("between", ["\n", "", "\n\n  "])
def test_pages_one_after_the_other_make_one_run(documents: tuple[Any, ...], between: str):
    reading = _read(*documents, between=between)
    (run,) = reading.runs
    assert reading.rejected == ()
    assert (run.source, run.run_id) == (PAGE, "60001-1")
    assert not run.is_complete, "other workflows and other runs have other jobs"
    assert [(job.attr, job.system, job.status, job.build_id) for job in run.jobs] == [
        ("gimp", "x86_64-linux", "succeeded", "70002"),
        ("torch", "x86_64-linux", "succeeded", "70001"),
    ]
    assert run.commit is None


def test_single_records_and_indented_answers():
    reading = _read(_job(), _run())
    assert len(reading.runs) == 1
    text = json.dumps({"total_count": 1, "jobs": [_job()]}, indent=2).encode()
    both = text + b"\n" + text
    (run,) = github_actions.read(both.splitlines(keepends=True), HONEST, "jobs.json").runs
    assert len(run.jobs) == 1


@pytest.mark.parametrize(
    ("conclusion", "status", "cause_known"),
    [
        ("success", "succeeded", True),
        ("failure", "failed", False),
        ("timed_out", "timed-out", True),
        ("cancelled", "cancelled", True),
        ("skipped", "skipped", True),
        ("neutral", "unknown", True),
        ("startup_failure", "aborted", True),
        ("stale", "aborted", True),
        ("action_required", "aborted", True),
        ("a word of tomorrow", "unknown", True),
    ],
)
def test_conclusions(conclusion: str, status: str, cause_known: bool):
    (job,) = _read(_job(conclusion=conclusion)).runs[0].jobs
    assert (job.status, job.source_status, job.cause_known) == (status, conclusion, cause_known)


def test_success_of_a_workflow_that_is_not_told_to_be_honest_says_nothing():
    (job,) = _read(_job(), told=Told()).runs[0].jobs
    assert (job.status, job.source_status) == ("unknown", "success")
    assert _read(_job(conclusion="failure"), told=Told()).runs[0].jobs[0].status == "failed"


def test_a_job_told_twice_stands_as_it_was_last_seen():
    early = _job(status="in_progress", conclusion=None, completed_at=None)
    for documents in ((early, _job()), (_job(), early), (_job(), _job())):
        reading = _read(*documents)
        assert reading.rejected == ()
        assert [job.status for job in reading.runs[0].jobs] == ["succeeded"]
    reading = _read(_job(), _job(conclusion="failure"))
    assert [job.status for job in reading.runs[0].jobs] == ["succeeded"]
    assert "something else" in reading.rejected[0].reason


def test_each_attempt_is_a_run_of_its_own():
    runs = _read(_job(conclusion="failure"), _job(id=70009, run_attempt=2)).runs
    assert [(run.run_id, run.jobs[0].status, run.jobs[0].attempt) for run in runs] == [
        ("60001-1", "failed", 1),
        ("60001-2", "succeeded", 2),
    ]
    with pytest.raises(BadInput, match="several runs"):
        _read(_job(), _job(id=70009, run_attempt=2), told=Told(run_id="night"))


@pytest.mark.parametrize(
    ("name", "steps", "labels", "attr", "system"),
    [
        ("python3Packages.torch", [], ["ubuntu-24.04"], "python3Packages.torch", "x86_64-linux"),
        ("torch", [], ["ubuntu-24.04-arm"], "torch", "aarch64-linux"),
        ("torch", [], ["self-hosted", "Linux", "ARM64"], "torch", "aarch64-linux"),
        ("build (torch, aarch64-darwin)", [], [], "torch", "aarch64-darwin"),
        ("build (aarch64-darwin, torch)", [], [], "torch", "aarch64-darwin"),
        (
            "jaxlib",
            ["Run nix-build -A python3Packages.jaxlib"],
            ["ubuntu-latest"],
            "python3Packages.jaxlib",
            "x86_64-linux",
        ),
        (
            "augmax",
            ["Run ./canary.py --attr python3Packages.augmax"],
            ["ubuntu-latest"],
            "python3Packages.augmax",
            "x86_64-linux",
        ),
        ("jaxlib", ["build canary"], ["ubuntu-latest"], "jaxlib", "x86_64-linux"),
        (
            "julia",
            ["Run nix-build -A julia_17", "Run nix-build -A julia_18"],
            ["ubuntu-latest"],
            "julia",
            "x86_64-linux",
        ),
    ],
)
def test_attribute_and_system_of_a_job(
    name: str, steps: list[str], labels: list[str], attr: str, system: str
):
    (job,) = _read(_job(name=name, steps=[{"name": step} for step in steps], labels=labels)).runs[0].jobs
    assert (job.attr, job.system) == (attr, system)


def test_a_told_system_is_that_of_jobs_that_name_none():
    jobs = [_job(), _job(id=2, name="gimp (aarch64-linux)"), _job(id=3, name="hello", labels=["own"])]
    (run,) = _read({"jobs": jobs, "total_count": 3}, told=Told(system="riscv64-linux")).runs
    assert [(job.attr, job.system) for job in run.jobs] == [
        ("gimp", "aarch64-linux"), ("hello", "riscv64-linux"), ("torch", "x86_64-linux"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "event", "commit", "branch"),
    [
        ("https://github.com/NixOS/nixpkgs", "push", "3" * 40, "master"),
        ("https://github.com/NixOS/nixpkgs", "pull_request", None, None),
        ("https://github.com/example/ci", "push", None, None),
    ],
)
def test_the_commit_is_known_only_where_the_workflow_lives_in_the_tree(
    page: str, event: str, commit: str | None, branch: str | None
):
    address = f"{page}/actions/runs/60001"
    (run,) = _read(_job(html_url=f"{address}/job/70001"), _run(html_url=address, event=event)).runs
    assert (run.source, run.commit, run.branch) == (page, commit, branch)
    assert (run.status, run.stopped_at) == ("succeeded", datetime(2025, 3, 1, 1, 20, 10, tzinfo=UTC))
    told = Told(commit="4" * 40, branch="nixos-unstable")
    (run,) = _read(_job(html_url=f"{address}/job/70001"), _run(html_url=address, event=event), told=told).runs
    assert (run.commit, run.branch) == ("4" * 40, "nixos-unstable")


def test_a_skipped_job_may_end_before_it_starts_and_another_may_not():
    times = {"started_at": "2025-03-01T00:06:11Z", "completed_at": "2025-03-01T00:06:10Z"}
    assert _read(_job(conclusion="skipped", **times)).runs[0].jobs[0].started_at is None
    reading = _read(_job(conclusion="failure", **times))
    assert reading.runs == ()
    assert "before it started" in reading.rejected[0].reason


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "70002"},
        {"id": True},
        {"id": 0},
        {"id": 2**63},
        {"id": 1.5},
        {"id": None},
        {"run_id": []},
        {"run_attempt": "one"},
        {"name": None},
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "n" * 600},
        {"status": "done"},
        {"status": {"completed": True}},
        {"conclusion": None},
        {"conclusion": ["success"]},
        {"status": "queued", "conclusion": "success"},
        {"started_at": 1740787570},
        {"started_at": "yesterday"},
        {"completed_at": "2025-03-01T01:20:00"},
        {"completed_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": "9999-12-31T23:59:59-14:00"},
        {"html_url": "javascript:alert(1)"},
        {"html_url": None},
        {"html_url": f"{PAGE}/tree/main"},
        {"labels": "ubuntu-latest", "name": "torch"},
        {"labels": ["ubuntu-latest", "macos-14"], "name": "torch"},
        {"labels": ["macos-latest"], "name": "torch"},
        {"steps": {"name": "x"}},
        {"steps": [["nix-build -A x"]]},
    ],
)
def test_a_broken_job_is_rejected_by_itself(changes: dict[str, Any]):
    broken = _job(**{"id": 70002, **changes})
    reading = _read({"total_count": 2, "jobs": [_job(), broken]})
    assert [job.build_id for job in reading.runs[0].jobs] == ["70001"]
    assert len(reading.rejected) == 1
    assert json.loads(reading.rejected[0].content) == broken


def test_broken_lines_and_depth_leave_the_rest():
    deep = b'{"run_id":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    lines = [
        b'{"run_id": 1, "jobs": [\n',
        deep,
        json.dumps(_job()).encode() + b"\n",
        b"null\n",
        b'{"a": 1}\n',
        b"\xff\n",
    ]
    reading = github_actions.read(lines, HONEST, "jobs.ndjson")
    assert [job.attr for job in reading.runs[0].jobs] == ["torch"]
    assert len(reading.rejected) == 5
    assert all(len(rejected.content) <= 65536 for rejected in reading.rejected)


def test_two_jobs_of_one_attribute_are_taken_for_neither_and_hostile_names_are_only_text():
    reading = _read(_job(), _job(id=70002), _job(id=70003, name="<script>alert(1)</script>"))
    assert [job.attr for job in reading.runs[0].jobs] == ["<script>alert(1)</script>"]
    assert len(reading.rejected) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"conclusion": None},
        {"head_sha": "main"},
        {"head_branch": 7},
        {"updated_at": "soon"},
        {"pull_requests": [7]},
    ],
)
def test_a_broken_run_leaves_its_jobs(changes: dict[str, Any]):
    reading = _read(_job(), _run(**changes))
    assert len(reading.runs[0].jobs) == 1
    assert reading.runs[0].status is None
    assert len(reading.rejected) == 1
