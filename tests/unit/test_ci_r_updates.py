"""The table of failing R packages: the real one, and rows that cannot be used."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import r_updates
from pipelines.sources.ci.runs import Reading, Told

REAL = Path(__file__).parents[1] / "data" / "custom-ci-r-updates-2026-02" / "failures.csv"
HEADER = b"collection,package,system,status,build_id,percentile,fix_pr,fix_pr_date,fix_pr_state,fails_upstream_too\n"
AT = datetime(2026, 3, 1, tzinfo=UTC)
TOLD = Told(run_id="449", file_at=AT)


def _read(*rows: bytes, told: Told = TOLD) -> Reading:
    return r_updates.read([HEADER, *(row + b"\n" for row in rows)], told, "failures.csv")


def test_the_real_table_is_evaluation_448_with_58_own_failures():
    content = REAL.read_bytes()
    assert r_updates.recognises(content[:65536])
    reading = r_updates.read(content.splitlines(keepends=True), Told(), "failures.csv")
    (run,) = reading.runs
    assert (run.source, run.run_id, run.branch) == ("https://hydra.vk3.wtf", "448", "r-updates")
    assert run.observed_at == datetime(2026, 2, 19, 5, 45, 23, tzinfo=UTC)
    assert not run.is_complete
    assert run.commit is None
    assert reading.rejected == ()
    assert Counter(job.status for job in run.jobs) == {"failed": 58, "dependency-failed": 19}
    first = next(job for job in run.jobs if job.attr == "rPackages.automerge")
    assert (first.build_id, first.system) == ("2300405", "x86_64-linux")


def test_another_table_needs_its_evaluation():
    with pytest.raises(BadInput, match="--run-id"):
        _read(b"cran,foo,x86_64-linux,failed,1,,,,,", told=Told(file_at=AT))
    (run,) = _read(b"cran,data.table,x86_64-linux,failed,1,,,,,").runs
    assert (run.run_id, run.jobs[0].attr, run.observed_at) == ("449", "rPackages.data_table", AT)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"cran,foo,x86_64-linux,failed", "4 fields"),
        (b"cran,foo,x86_64-linux,green,1", "status is 'green'"),
        (b"cran,,x86_64-linux,failed,1", "package is ''"),
        (b"cran,foo,<script>,failed,1", "not a system"),
        (b"cran,foo,x86_64-linux,failed,-1", "build_id is '-1'"),
        (b"cran,foo,x86_64-linux,failed," + b"9" * 400, "build_id is '999"),
        ("cran,foo,x86_64-linux,failed,²".encode(), "build_id is"),
        (b"cran,\xff,x86_64-linux,failed,1", "not a line of CSV"),
        (b'cran,"foo,x86_64-linux,failed,1', "not a line of CSV"),
        (b"cran," + b"f" * 600 + b",x86_64-linux,failed,1", "600 characters"),
    ],
)
def test_a_broken_row_is_rejected_by_itself(row: bytes, reason: str):
    reading = _read(row, b"cran,good,x86_64-linux,failed,2")
    assert [job.attr for job in reading.runs[0].jobs] == ["rPackages.good"]
    (rejected,) = reading.rejected
    assert reason in rejected.reason
    assert rejected.content == row


def test_a_package_named_twice_is_not_taken():
    reading = _read(b"cran,foo,x86_64-linux,failed,1", b"cran,foo,x86_64-linux,dependency failed,2")
    assert reading.runs[0].jobs == ()
    assert len(reading.rejected) == 2
