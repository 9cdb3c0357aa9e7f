"""Files of generic events in an inbox, through the log, to rows of the warehouse."""

import gzip
import itertools
import json
import random
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from pipelines.errors import BadInput
from pipelines.log import state, verify
from pipelines.log.store import EventLog
from pipelines.sources.ci.runs import Told
from tests import histories
from tests.ci_events import COMMIT, PLACE, event, finished, ingest, job, put, retracted, started

DRV = "/nix/store/" + "0" * 32 + "-magma-2.9.drv"
EXAMPLE = (
    # The three events of the format's own description, with our prefix.
    b'{"specversion":"1.0","id":"r-181","source":"https://ci.example.org/unfree","type":"io.github.nixpkgs-health.run'
    b'.started.v1","time":"2025-10-01T02:00:00Z","data":{"run_id":"r-181","repo":"github.com/NixOS/nixpkgs","commit":'
    b'"4444444444444444444444444444444444444444","branch":"master","variant":"cuda","config":{"allowUnfree":true,'
    b'"cudaSupport":true,"cudaCapabilities":["8.6"]},"systems":["x86_64-linux"],"scope":["python3Packages.torch",'
    b'"gimp"],"expected_jobs":2}}\n'
    b'{"specversion":"1.0","id":"r-181/python3Packages.torch/x86_64-linux/cuda/1/dependency-failed","source":"https:'
    b'//ci.example.org/unfree","type":"io.github.nixpkgs-health.job.finished.v1","time":"2025-10-01T03:10:00Z",'
    b'"subject":"python3Packages.torch.x86_64-linux.cuda","data":{"run_id":"r-181","commit":'
    b'"4444444444444444444444444444444444444444","branch":"master","attr":"python3Packages.torch","attr_path":'
    b'["python3Packages","torch"],"system":"x86_64-linux","variant":"cuda","status":"dependency-failed",'
    b'"source_status":"2","drv_path":"/nix/store/00000000000000000000000000000003-torch-2.8.drv","failed_drvs":'
    b'["/nix/store/00000000000000000000000000000005-magma-2.9.drv"],"started_at":null,"stopped_at":'
    b'"2025-10-01T03:10:00Z","log_url":null}}\n'
    b'{"specversion":"1.0","id":"r-181/end","source":"https://ci.example.org/unfree","type":"io.github.nixpkgs-health'
    b'.run.finished.v1","time":"2025-10-01T03:10:05Z","data":{"run_id":"r-181","status":"succeeded","complete":false,'
    b'"counts":{"dependency-failed":1}}}\n'
)


@lru_cache(maxsize=1)
def built(log: Path, version: str) -> duckdb.DuckDBPyConnection:
    """The warehouse of a log at a version; the last one asked for is kept."""
    con = histories.build(EventLog(log))
    assert EventLog(log).version() == version
    return con


def asked(var: Path, sql: str) -> list[tuple[Any, ...]]:
    return built(var / "log", EventLog(var / "log").version()).execute(sql).fetchall()


def listed(var: Path) -> list[tuple[Any, ...]]:
    """Jobs and statuses of the newest observation of every run."""
    return asked(
        var, "select attr, variant, status from core.job_intervals order by last_evaluation_id, attr, variant"
    )


def whole_run(run: str = "r-1", day: int = 1, **statuses: str) -> list[bytes]:
    begins, ends = f"2025-10-{day:02}T02:00:00Z", f"2025-10-{day:02}T04:00:00Z"
    words = list(statuses.values())
    jobs = [job(attr, status, run, ends) for attr, status in statuses.items()]
    counts = {status: words.count(status) for status in words}
    return [started(run, begins), *jobs, finished(run, ends, counts=counts, systems=["x86_64-linux"])]


def test_the_example_of_the_format(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "unfree.ndjson", [EXAMPLE])
    (done,) = ingest(tmp_path)
    assert (done.source, done.rejected) == (PLACE, 0)
    assert asked(
        tmp_path,
        "select source, jobset, evaluation_id, revision, coverage, unit, evaluation_at, ordinal "
        "from core.evaluations",
    ) == [
        (PLACE, "nixpkgs/master+cuda", "r-181", COMMIT, "named", "job",
         datetime(2025, 10, 1, 2, tzinfo=UTC), 1_759_284_000_000),
    ]  # fmt: skip
    assert listed(tmp_path) == [("python3Packages.torch", "cuda", "dependency-failed")]
    (build,) = EventLog(tmp_path / "log").scan("build_observed").collect().to_dicts()
    assert build["build_id"] == "r-181/python3Packages.torch/x86_64-linux/cuda"
    assert (build["source_status"], build["cause"], build["time_kind"]) == ("2", "dependency", "measured")
    assert build["failed_derivations"] == ["/nix/store/00000000000000000000000000000005-magma-2.9.drv"]
    assert build["stopped_at"] == build["occurred_at"] == datetime(2025, 10, 1, 3, 10, tzinfo=UTC)


def test_complete_runs_show_what_was_fixed_and_what_is_gone(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", whole_run("r-1", 1, a="failed", b="failed", c="succeeded"))
    put(tmp_path / "inbox", "2.ndjson", whole_run("r-2", 2, a="succeeded", b="failed", c="failed"))
    put(tmp_path / "inbox", "3.ndjson", whole_run("r-3", 3, a="succeeded", b="failed", c="failed"))
    assert len(ingest(tmp_path)) == 1
    assert asked(
        tmp_path,
        "select evaluation_id, coverage, is_complete, green_jobs, own_jobs, total_jobs "
        "from core.evaluation_systems order by 1",
    ) == [(f"r-{n}", "full", True, 1, 2, 3) for n in (1, 2, 3)]
    assert asked(
        tmp_path,
        "select attr, broken_evaluation_id, cleared_evaluation_id, outcome from core.failure_episodes order by 1",
    ) == [("a", "r-1", "r-2", "fixed"), ("b", "r-1", None, "open"), ("c", "r-2", None, "open")]


def test_saying_it_again_appends_nothing(tmp_path: Path) -> None:
    lines = whole_run(a="failed", b="succeeded")
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    version = EventLog(tmp_path / "log").version()
    put(tmp_path / "inbox", "copy.ndjson", lines)
    put(tmp_path / "inbox" / "below", "shuffled.ndjson", random.Random(1).sample(lines, len(lines)))
    (tmp_path / "inbox" / "packed.gz").write_bytes(gzip.compress(b"".join(lines), mtime=0))
    (tmp_path / "inbox" / "packed.zst").write_bytes(pa.compress(b"".join(lines), codec="zstd", asbytes=True))
    assert [one.batch for one in ingest(tmp_path)] in ([None], [])
    assert ingest(tmp_path) == []
    assert EventLog(tmp_path / "log").version() == version
    (tmp_path / "inbox-state.json").unlink()
    assert [one.batch for one in ingest(tmp_path)] in ([None], [])
    assert EventLog(tmp_path / "log").version() == version
    assert verify.verify(EventLog(tmp_path / "log")).problems == []


PARTS = (
    [started(), job("a", "failed")],
    [job("b", "succeeded"), job("a", "succeeded", attempt=2, time="2025-10-01T05:00:00Z")],
    [job("c", "failed", cause_known=False), finished(counts={"succeeded": 2, "failed": 1})],
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_late_parts_are_joined_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    for place in order:
        put(tmp_path / "inbox", f"{place}.ndjson", PARTS[place])
        ingest(tmp_path)
    # Parts without a commit wait for the one that has it.
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "succeeded"), ("b", "", "succeeded"), ("c", "", "failed")]
    assert asked(
        tmp_path,
        "select jobset, coverage, revision, is_complete, ordinal, occurred_at from core.evaluations",
    ) == [("nixpkgs/master", "full", COMMIT, True, 1_759_284_000_000, datetime(2025, 10, 1, 2, tzinfo=UTC))]
    assert asked(
        tmp_path, "select own_jobs, unknown_cause_jobs, green_jobs from core.evaluation_systems"
    ) == [(0, 1, 2)]
    assert asked(tmp_path, "select count(*) from core.gaps where kind = 'listing_disagrees'") == [(0,)]
    assert ingest(tmp_path) == []


def test_a_late_part_of_an_older_run_leaves_the_newer_one(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", "failed")])
    put(tmp_path / "inbox", "2.ndjson", whole_run("r-2", 2, a="succeeded", b="failed"))
    ingest(tmp_path)
    put(tmp_path / "inbox", "3.ndjson", [job("b", "failed"), finished(counts={"failed": 2})])
    ingest(tmp_path)
    rows = asked(
        tmp_path,
        "select evaluation_id, coverage, listed_jobs, own_jobs from core.evaluation_systems order by 1",
    )
    assert rows == [("r-1", "full", 2, 2), ("r-2", "full", 2, 1)]
    assert asked(
        tmp_path, "select attr, broken_evaluation_id, outcome from core.failure_episodes order by 1"
    ) == [("a", "r-1", "fixed"), ("b", "r-1", "open")]


def test_the_log_gives_the_list_of_every_observation(tmp_path: Path) -> None:
    told = {"r-1": {"a": "failed"}, "r-2": {"a": "failed", "b": "failed"}, "r-3": {"b": "failed"}}
    for day, (run, statuses) in enumerate(told.items(), start=1):
        put(tmp_path / "inbox", f"{run}.ndjson", whole_run(run, day, **statuses))
        ingest(tmp_path)
    log = EventLog(tmp_path / "log")
    for run, statuses in told.items():
        seen = log.scan("evaluation_observed").filter(pl.col("evaluation_id") == run).collect()
        base = state.listing_at(log, PLACE, "nixpkgs/master", seen["id"].item())
        assert base is not None
        assert base.listing["attr"].to_list() == list(statuses)
    newest = state.newest(log, PLACE, "nixpkgs/master")
    assert newest is not None
    assert newest.listing["attr"].to_list() == ["b"]
    assert state.listing_at(log, PLACE, "nixpkgs/master", "another") is None


def test_counts_that_do_not_agree_make_a_run_incomplete(tmp_path: Path) -> None:
    lines = [started(), job("a"), finished(counts={"succeeded": 2})]
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    assert asked(tmp_path, "select coverage from core.evaluations") == [("named",)]
    assert asked(tmp_path, "select kind from core.gaps") == [("counts_disagree",)]
    assert EventLog(tmp_path / "log").scan("evaluation_observed").collect()["is_partial"].to_list() == [
        False
    ], "the source's own word"


def test_a_run_of_which_a_line_is_broken_is_not_complete(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a"), job("b", "green"), finished()])
    put(tmp_path / "inbox", "2.ndjson", [started("r-2"), job("a", run="r-2"), finished("r-2")])
    ingest(tmp_path)
    put(tmp_path / "inbox", "3.ndjson", [job("c"), job("c", run="r-2")])
    ingest(tmp_path)
    assert asked(tmp_path, "select evaluation_id, coverage from core.evaluations order by 1") == [
        ("r-1", "named"), ("r-2", "full"),
    ]  # fmt: skip


def test_the_last_word_on_how_a_run_ended_counts(tmp_path: Path) -> None:
    begun = [started(), job("a")]
    put(tmp_path / "inbox", "1.ndjson", [*begun, finished(time="2025-10-01T04:00:00Z")])
    end = {"run_id": "r-1", "complete": False, "status": "cancelled"}
    put(tmp_path / "inbox", "2.ndjson", [event("run.finished.v1", "r-1/end2", end, "2025-10-01T05:00:00Z")])
    ingest(tmp_path)
    assert asked(tmp_path, "select coverage from core.evaluations") == [("named",)]


@pytest.mark.parametrize("is_one_call", [True, False])
def test_a_part_of_another_commit_is_rejected(tmp_path: Path, is_one_call: bool) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", "failed", commit=COMMIT)])
    if not is_one_call:
        ingest(tmp_path)
    other = [job("a", commit="5" * 40, attempt=2), job("b", commit="5" * 40)]
    put(tmp_path / "inbox", "2.ndjson", [*other, job("c", run="r-2", commit="5" * 40)])
    assert [one.rejected for one in ingest(tmp_path)] == [2]
    assert listed(tmp_path) == [("a", "", "failed"), ("c", "", "succeeded")]
    assert asked(tmp_path, "select evaluation_id, revision from core.evaluations order by 1") == [
        ("r-1", COMMIT), ("r-2", "5" * 40),
    ]  # fmt: skip
    (gap,) = asked(tmp_path, "select evaluation_id, detail from core.gaps where kind = 'input_rejected'")
    assert gap == (
        "r-1", "run r-1: data.commit is not the commit of its run: another file names another one"
    )  # fmt: skip


@pytest.mark.parametrize("is_one_call", [True, False])
@pytest.mark.parametrize("cut", ["x86_64-linux", "aarch64-linux"])
def test_a_run_is_complete_only_in_systems_that_are(tmp_path: Path, cut: str, is_one_call: bool) -> None:
    """Two lists of one run, of which one was cut short."""
    for system in ("x86_64-linux", "aarch64-linux"):
        record = {"attr": "hello", "attrPath": ["hello"], "drvPath": DRV, "system": system}
        put(tmp_path / "inbox", f"{system}.jsonl", [json.dumps(record).encode() + b"\n"])
        told = f'source = "{PLACE}"\nrun_id = "7"\nexit_code = {int(system == cut)}\n'
        put(tmp_path / "inbox", f"{system}.jsonl.told.toml", [told.encode()])
        if not is_one_call:
            ingest(tmp_path)
    ingest(tmp_path)
    assert asked(tmp_path, "select coverage from core.evaluations") == [("named",)]


def test_an_appended_file_adds_to_its_run(tmp_path: Path) -> None:
    path = put(tmp_path / "inbox", "log.ndjson", [started(), job("a")])
    ingest(tmp_path)
    with path.open("ab") as file:
        file.write(job("b", "failed") + job("a", "failed", run="r-2", commit=COMMIT, branch="master"))
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "succeeded"), ("b", "", "failed"), ("a", "", "failed")]
    observations = EventLog(tmp_path / "log").scan("evaluation_observed").collect()
    assert sorted(observations["evaluation_id"]) == ["r-1", "r-1", "r-2"]


@pytest.mark.parametrize("is_same_file", [True, False])
def test_a_result_that_is_taken_back_is_gone(tmp_path: Path, is_same_file: bool) -> None:
    lines = whole_run(a="failed", b="succeeded")
    path = put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    back = retracted("r-1/a/x86_64-linux//1/failed")
    if is_same_file:
        put(tmp_path / "inbox", "1.ndjson", [*lines, back])
        assert path.exists()
    else:
        put(tmp_path / "inbox", "2.ndjson", [back])
    ingest(tmp_path)
    assert listed(tmp_path) == [("b", "", "succeeded")]
    assert asked(tmp_path, "select coverage from core.evaluations") == [("named",)], "its counts do not agree"
    assert asked(tmp_path, "select count(*) from core.gaps where kind = 'observation_retracted'") == [(1,)]
    version = EventLog(tmp_path / "log").version()
    (tmp_path / "inbox-state.json").unlink()
    ingest(tmp_path)
    ingest(tmp_path)
    assert EventLog(tmp_path / "log").version() == version


def test_a_correction_replaces_what_was_taken_back(tmp_path: Path) -> None:
    lines = [started(), job("a", "failed"), retracted("r-1/a/x86_64-linux//1/failed"), job("a", "aborted")]
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "aborted")]


def test_taking_back_what_is_not_known_is_said(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a"), retracted("never-sent")])
    ingest(tmp_path)
    assert asked(tmp_path, "select kind from core.gaps") == [("retraction_unmatched",)]


def test_a_result_that_comes_after_it_was_taken_back_does_not_count(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("b"), retracted("r-1/a/x86_64-linux//1/failed")])
    ingest(tmp_path)
    put(tmp_path / "inbox", "2.ndjson", [job("a", "failed"), job("c")])
    ingest(tmp_path)
    assert listed(tmp_path) == [("b", "", "succeeded"), ("c", "", "succeeded")]


def test_a_result_that_comes_again_after_its_correction_does_not_count(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", "failed")])
    ingest(tmp_path)
    corrected = [retracted("r-1/a/x86_64-linux//1/failed"), job("a", "succeeded")]
    put(tmp_path / "inbox", "2.ndjson", corrected)
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "succeeded")]
    put(tmp_path / "inbox", "3.ndjson", [job("a", "failed"), job("b")])
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "succeeded"), ("b", "", "succeeded")]


def test_taking_back_one_attempt_leaves_the_other_wherever_it_was_told(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", "succeeded", attempt=2)])
    ingest(tmp_path)
    again = [job("a", "failed", attempt=1), retracted("r-1/a/x86_64-linux//1/failed")]
    put(tmp_path / "inbox", "2.ndjson", again)
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "succeeded")]


def test_an_earlier_attempt_is_kept_as_a_fact(tmp_path: Path) -> None:
    again = job("a", "succeeded", attempt=2, time="2025-10-01T05:00:00Z")
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", "failed", attempt=1), again])
    ingest(tmp_path)
    builds = EventLog(tmp_path / "log").scan("build_observed").sort("observed_at").collect()
    assert builds.select("status", "attempt").rows() == [("failed", 1), ("succeeded", 2)]
    assert listed(tmp_path) == [("a", "", "succeeded")]


def test_pull_requests_and_variants_are_jobsets_of_their_own(tmp_path: Path) -> None:
    lines = [
        started("r-1", pull_request=7, variant="cuda"),
        job("a", run="r-1"),
        started("r-2", repo="github.com/me/nixpkgs-unfree.git", branch=None),
        job("a", run="r-2", variant="own"),
    ]
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    assert asked(tmp_path, "select jobset from core.evaluations order by 1") == [
        ("nixpkgs-unfree/default",),
        ("nixpkgs/pull-7+cuda",),
    ]
    assert sorted(listed(tmp_path)) == [("a", "cuda", "succeeded"), ("a", "own", "succeeded")]


def test_a_branch_that_is_learnt_late_moves_the_run(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [job("a", commit=COMMIT)])
    ingest(tmp_path)
    put(tmp_path / "inbox", "2.ndjson", [started(), job("b")])
    ingest(tmp_path)
    assert asked(tmp_path, "select distinct jobset from core.evaluations") == [("nixpkgs/master",)]
    assert listed(tmp_path) == [("a", "", "succeeded"), ("b", "", "succeeded")]


def test_a_variant_that_is_learnt_late_is_that_of_all_jobs(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [job("a", commit=COMMIT), job("own", variant="mine")])
    ingest(tmp_path)
    put(tmp_path / "inbox", "2.ndjson", [started(variant="cuda", repo="github.com/me/unfree"), job("b")])
    ingest(tmp_path)
    put(tmp_path / "inbox", "3.ndjson", [job("c", "failed")])
    ingest(tmp_path)
    assert asked(tmp_path, "select distinct jobset from core.evaluations") == [("unfree/master+cuda",)]
    assert listed(tmp_path) == [
        ("a", "cuda", "succeeded"), ("b", "cuda", "succeeded"), ("c", "cuda", "failed"), ("own", "mine", "succeeded"),
    ]  # fmt: skip
    version = EventLog(tmp_path / "log").version()
    (tmp_path / "inbox-state.json").unlink()
    for name in ("1", "2", "3"):
        ingest(tmp_path, tmp_path / "inbox" / f"{name}.ndjson")
    assert EventLog(tmp_path / "log").version() == version


def test_a_job_without_a_commit_is_rejected_until_it_is_known(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [job("a")])
    assert [(one.rejected, one.batch is None) for one in ingest(tmp_path)] == [(1, False)]
    assert asked(tmp_path, "select count(*) from core.evaluations") == [(0,)]
    assert [one.batch for one in ingest(tmp_path)] == [None]
    put(tmp_path / "inbox", "2.ndjson", [started()])
    ingest(tmp_path)
    assert listed(tmp_path) == [("a", "", "succeeded")]


def test_a_channel_advances(tmp_path: Path) -> None:
    data = {"channel": "nixos-cuda", "commit": COMMIT, "commit_time": "2025-09-30T00:00:00Z"}
    put(tmp_path / "inbox", "1.ndjson", [event("channel.advanced.v1", "c-1", data)])
    ingest(tmp_path)
    (row,) = EventLog(tmp_path / "log").scan("channel_advanced").collect().to_dicts()
    assert (row["source"], row["channel"], row["revision"]) == (PLACE, "nixos-cuda", COMMIT)
    assert row["occurred_at"] == datetime(2025, 10, 1, 3, 10, tzinfo=UTC)
    (tmp_path / "inbox-state.json").unlink()
    assert [one.batch for one in ingest(tmp_path)] in ([None], [])


def test_types_that_are_not_interpreted_are_a_gap(tmp_path: Path) -> None:
    lines = [started(), job("a"), *[event("x", f"{n}", {}, type="com.example.x.v1") for n in range(3)]]
    put(tmp_path / "inbox", "1.ndjson", lines)
    ingest(tmp_path)
    assert asked(tmp_path, "select kind, detail, missing_rows from core.gaps") == [
        ("not_interpreted", "events of type com.example.x.v1", 3)
    ]


def test_a_broken_file_hinders_no_other(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "a-junk.bin", [b"\0\1\2"])
    put(inbox, "b-empty.json", [])
    (inbox / "c-cut.gz").write_bytes(gzip.compress(random.Random(1).randbytes(9000), mtime=0)[:-3000])
    (inbox / "d-bomb.gz").write_bytes(gzip.compress(EXAMPLE + (b" " * 1023 + b"\n") * 64 * 1024, mtime=0))
    put(inbox, "e-partly.ndjson", [started(), b"{broken\n", job("b"), job("c", "green")])
    put(inbox, "f-sidecar.json", [started("r-2")])
    put(inbox, "f-sidecar.json.told.toml", [b"source = 5\n"])
    put(inbox, "g-good.ndjson", [EXAMPLE])
    (inbox / "link.ndjson").symlink_to(inbox / "g-good.ndjson")
    put(inbox, ".hidden", [b"never looked at"])
    before = sorted((path.name, path.stat().st_mtime_ns) for path in inbox.iterdir())
    done = {one.source: one.rejected for one in ingest(tmp_path)}
    assert done == {PLACE: 2, "unnamed-ci": 5}
    assert asked(tmp_path, "select evaluation_id from core.evaluations order by 1") == [("r-1",), ("r-181",)]
    gaps = asked(tmp_path, "select detail from core.gaps where kind = 'input_rejected' order by 1")
    assert [gap.partition(":")[0] for (gap,) in gaps] == [
        "a-junk.bin", "b-empty.json", "c-cut.gz", "d-bomb.gz", "e-partly.ndjson", "e-partly.ndjson", "f-sidecar.json",
    ]  # fmt: skip
    assert not [gap for (gap,) in gaps if str(tmp_path) in gap], "no path of this machine is published"
    assert sorted((path.name, path.stat().st_mtime_ns) for path in inbox.iterdir()) == before
    version = EventLog(tmp_path / "log").version()
    ingest(tmp_path)
    assert EventLog(tmp_path / "log").version() == version


def test_a_sidecar_tells_what_the_file_does_not(tmp_path: Path) -> None:
    records = [
        {"attr": "hello", "attrPath": ["hello"], "drvPath": DRV, "system": "x86_64-linux", "name": "hello"}
    ]
    put(tmp_path / "inbox", "eval.jsonl", [json.dumps(one).encode() + b"\n" for one in records])
    told = f'source = "https://ci.example.org/eval"\nrun_id = "7"\ncommit = "{COMMIT}"\nbranch = "master"\n'
    put(tmp_path / "inbox", "eval.jsonl.told.toml", [told.encode()])
    assert [(one.source, one.rejected) for one in ingest(tmp_path)] == [("ci.example.org/eval", 0)]
    assert asked(tmp_path, "select source, jobset, evaluation_id, revision from core.evaluations") == [
        ("ci.example.org/eval", "nixpkgs/master", "7", COMMIT)
    ]


def test_files_named_are_read_where_they_are(tmp_path: Path) -> None:
    path = put(tmp_path / "elsewhere", "a.ndjson", [job("a")])
    ingest(tmp_path, path, told=Told(commit=COMMIT, branch="staging"))
    assert asked(tmp_path, "select jobset from core.evaluations") == [("nixpkgs/staging",)]
    with pytest.raises(BadInput, match="is not there"):
        ingest(tmp_path, tmp_path / "nowhere")


def test_another_log_knows_nothing_of_what_was_read(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "a.ndjson", [EXAMPLE])
    ingest(tmp_path)
    (tmp_path / "log").rename(tmp_path / "old-log")
    assert [one.batch is not None for one in ingest(tmp_path)] == [True]


def test_statuses_that_change_become_facts(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "1.ndjson", [started(), job("a", "running")])
    ingest(tmp_path)
    put(tmp_path / "inbox", "2.ndjson", [job("a", "succeeded", drv_path=DRV)])
    ingest(tmp_path)
    builds = EventLog(tmp_path / "log").scan("build_observed").sort("observed_at").collect()
    assert builds.select("status", "is_finished").rows() == [("running", False), ("succeeded", True)]
    assert builds["build_id"].n_unique() == 1
    assert listed(tmp_path) == [("a", "", "succeeded")]
