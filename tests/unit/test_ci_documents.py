"""Records of one input: what cannot be used is kept apart, and bounded."""

import io
import json
import tracemalloc
from datetime import UTC, datetime

import pytest

from pipelines.errors import BadInput
from pipelines.sources.ci import documents, eval_jobs, fast_build, junit, nix_json, runs
from pipelines.sources.ci.documents import Rejects
from pipelines.sources.ci.recognise import ADAPTERS
from pipelines.sources.ci.runs import Adapter, Told
from tests.ci_events import SOURCE
from tests.property import ci_fuzz, ci_samples

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


OF_LINES = {"eval_jobs", "generic", "internal_json", "plain_log", "narinfo", "drv_file"}
"""Formats that are read line by line, or have a limit of their own."""


@pytest.mark.parametrize(
    "adapter", [one for one in ADAPTERS if ci_fuzz.module(one) not in OF_LINES], ids=ci_fuzz.module
)
def test_a_document_that_is_too_long_is_refused_as_a_whole(adapter: Adapter, monkeypatch: pytest.MonkeyPatch):
    sample = ci_samples.samples()[ci_fuzz.module(adapter)][0]
    for limit in ("MAX_DOCUMENT_BYTES", "MAX_VALUES_BYTES"):
        monkeypatch.setattr(runs, limit, 100)
    with pytest.raises(BadInput, match=r"is longer than 100 bytes; split it"):
        adapter.read(io.BytesIO(sample.replace(b",", b",\n")), ci_samples.TOLD, "big.json")


@pytest.mark.parametrize("kind", [fast_build, nix_json])
def test_a_list_of_too_many_elements_is_refused(kind: Adapter, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "MAX_ELEMENTS", 10)
    start = b'{"results": [' if kind is fast_build else b"["
    with pytest.raises(BadInput, match="more than 10 elements"):
        kind.read([start + b"[]," * 20], ci_samples.TOLD, "many.json")


def test_a_large_input_takes_a_small_multiple_of_its_memory():
    """Closing brackets alone, each a value that is none: it ends soon, before numbers of all of them are made."""
    data = b"[]" * 200_000 + b" " * 8_000_000 + b"}" * 8_000_000
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="more than 100,000 records"):
            for _ in documents.documents(data, Rejects("brackets")):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(data)


def test_values_that_span_blocks_are_cut_where_they_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(documents, "_BLOCK_BYTES", 7)
    values = [{"a": "}]" * 20, "b": [1, [2]]}, [], ["x\\"], {"c": {}}]
    rejects = Rejects("several")
    text = "".join(json.dumps(value, indent=1) for value in values).encode()
    assert list(documents.documents(text, rejects)) == values
    assert list(documents.documents(b"[" * 65 + b"]" * 65, rejects)) == []
    assert [one.reason for one in rejects.all()] == ["nested more than 64 levels deep"]


def test_junit_without_elements_is_not_read_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(junit, "_LONGEST_CASE", 10_000)
    (sample,) = ci_samples.samples()["junit"]
    head, _, tail = sample.partition(b"</testsuite>")
    lines = [head, *[b"x" * 1000 + b"\n"] * 2000, b"</testsuite>", tail]
    reading = junit.read(lines, ci_samples.TOLD, "long.xml")
    assert [one.reason for one in reading.rejected] == ["more than 10000 bytes without an element"]
    assert not reading.runs[0].is_complete
    whole = junit.read([sample], ci_samples.TOLD, "whole.xml")
    assert (whole.rejected, whole.runs[0].is_complete) == ((), True)
