"""Records of one input: what cannot be used is kept apart, and bounded."""

from datetime import UTC, datetime

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import documents, eval_jobs
from pipelines.sources.ci.documents import Rejects
from pipelines.sources.ci.runs import Told
from tests.ci_events import SOURCE

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_of_each_reason_a_thousand_records_are_kept():
    rejects = Rejects("x.json")
    for n in range(1500):
        rejects.add("broken", {"n": n})
    assert (len(rejects.all()), sum(one.rows for one in rejects.all())) == (1001, 1500)


def test_reasons_beyond_a_hundred_are_told_as_one():
    rejects = Rejects("x.json")
    for n in range(250):
        rejects.add(f"attr is {n}, not a text", {"attr": n})
    reasons = [one.reason for one in rejects.all()]
    assert len(set(reasons)) == 101
    assert reasons.count(documents.OTHERS) == 150


def test_an_input_of_nothing_but_broken_records_ends_soon(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(documents, "MAX_REJECTS", 10)
    told = Told(source=SOURCE, file_at=AT)
    with pytest.raises(BadInput, match=r"x\.jsonl has more than 10 records that cannot be used"):
        eval_jobs.read([b"{}\n"] * 11, told, "x.jsonl")


def test_a_mark_of_the_byte_order_costs_no_record():
    line = b'{"attr":"a","error":"error: no","system":"x86_64-linux"}\n'
    reading = eval_jobs.read([b"\xef\xbb\xbf" + line], Told(source=SOURCE, file_at=AT), "x.jsonl")
    assert [job.attr for job in reading.runs[0].jobs] == ["a"]
    assert reading.rejected == ()
