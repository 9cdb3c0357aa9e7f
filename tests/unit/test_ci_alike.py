"""Lines that are not decoded say what decoding would have said, whatever is in them."""

import json
import re
from typing import Any

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from pipelines.sources.ci import alike, generic_decoder, generic_lines
from pipelines.sources.ci.line_blocks import Block
from tests.ci_events import COMMIT, job

HOLE = "HOLE"
WORD = "WORD"
WORDS = [
    b"1", b"2", b"true", b"false", b"null", b"-1", b"01", b"1.5", b"1e2", b"[1]", b"{}", b'"x"', b" 3 ", b"truex", b"",
    b"1}", b"5,5",
]  # fmt: skip
TEXTS = [
    b"a", b"b c", b"", b" ", b"  x", "é".encode(), b"\xff", b"\xed\xa0\x80", b"a\\n", b'a"b', b"a\x01", b"a\tb",
    b"a\x7f", b"\\u0041", COMMIT.encode(), b"x86_64-linux", b"X86", b"2025-10-01T03:10:00Z", b"2025-02-30T03:10:00Z",
    b"2025-10-01T03:10:00.25Z", b"succeeded", b"failed", b"dependency-failed", b"queued", b"green", b"x" * 512,
    b"x" * 513, "\U0001f600".encode() * 512, "\U0001f600".encode() * 513, b"https://ci.example.org/1", b"ftp://a",
    b"measured", b"12", b"null", b"{}", b"/nix/store/" + b"0" * 32 + b"-a.drv", b"/nix/store/a.drv",
]  # fmt: skip
HOLES: dict[tuple[str, ...], Any] = {
    ("id",): HOLE, ("source",): HOLE, ("time",): HOLE, ("subject",): HOLE, ("datacontenttype",): HOLE,
    ("mine",): {"a": [HOLE, {"b": HOLE}], "attr": HOLE}, ("data", "run_id"): HOLE, ("data", "attr"): HOLE,
    ("data", "system"): HOLE, ("data", "status"): HOLE, ("data", "commit"): HOLE, ("data", "branch"): HOLE,
    ("data", "repo"): HOLE, ("data", "log_url"): HOLE, ("data", "drv_path"): HOLE, ("data", "time_kind"): HOLE,
    ("data", "kind"): HOLE, ("data", "variant"): HOLE, ("data", "started_at"): HOLE, ("data", "stopped_at"): HOLE,
    ("data", "name"): HOLE, ("data", "failed_drvs"): [HOLE], ("data", "outputs"): {"out": HOLE}, ("data", "attempt"): 2,
    ("data", "cause_known"): False, ("data", "own"): HOLE, ("data", "error"): HOLE, ("data", "is_cached"): WORD,
    ("data", "cores"): WORD, ("data", "pull_request"): WORD, ("data", "duration_s"): WORD, ("words",): [WORD, HOLE],
    ("data", "zeros"): WORD,
}  # fmt: skip
"""Places of texts and words in an event; where one is no hole it is the same in every line."""


@st.composite
def lines(draw: st.DrawFn) -> list[bytes]:
    """Lines of few forms, of which most hold good texts, and some are damaged."""
    made = []
    for _ in range(draw(st.integers(1, 2))):
        event = json.loads(job("a", commit=COMMIT))
        for place in draw(st.lists(st.sampled_from(sorted(HOLES)), unique=True, max_size=5)):
            (event if len(place) == 1 else event["data"])[place[-1]] = HOLES[place]
        whole = json.dumps(event, indent=draw(st.sampled_from([None, 0]))).replace("\n", " ").encode()
        if draw(st.integers(0, 9)) == 0:
            whole = whole.replace(b'"attr":', b'"attr": "twice", "attr":')
        # A word has no quotes around it.
        form = re.split(rb'HOLE|("WORD")', whole)
        fixed, choices = form[::2], [WORDS if one else TEXTS for one in form[1::2]]
        good = [draw(st.sampled_from(some)) for some in choices]
        for _ in range(draw(st.integers(2, 6))):
            told = [
                one if draw(st.integers(0, 3)) else draw(st.sampled_from(some))
                for one, some in zip(good, choices, strict=True)
            ]
            line = fixed[0] + b"".join(one + part for one, part in zip(told, fixed[1:], strict=True))
            if draw(st.integers(0, 5)) == 0:
                at = draw(st.integers(0, len(line) - 1))
                line = (
                    line[:at] + draw(st.sampled_from([b"", b'"', b"{", b"x", b"\\", b" "])) + line[at + 1 :]
                )
            made.append(line.replace(b"\n", b" "))
    return draw(st.permutations(made))


def said(told: list[bytes], fewest: int, sample: int = 1) -> tuple[Any, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "FEWEST", fewest)
        patch.setattr(alike, "SAMPLE", sample)
        (chunk,) = generic_lines.chunks(told)
    return (
        chunk.jobs.sort("line").rows(),
        sorted((line, str(complaints)) for line, complaints in chunk.refused),
        chunk.others,
        chunk.details,
    )


@settings(max_examples=1_000, deadline=None)
@given(lines(), st.sampled_from([1, 2, 32]))
def test_lines_that_are_alike_say_what_decoding_says(told: list[bytes], sample: int) -> None:
    assert said(told, 1, sample) == said(told, 1_000_000)


def forms(told: list[bytes]) -> tuple[list[alike.Form], list[int]]:
    found, left = alike.forms(Block(b"".join(told)), generic_decoder.example)
    return found, left.tolist()


def test_most_lines_of_a_program_are_not_decoded() -> None:
    told = [
        job(f"a{n}", status="failed" if n % 7 else "succeeded", cause_known=n % 2 == 0) for n in range(400)
    ]
    (form,), left = forms([*told, b"\n", b"{}\n"])
    assert (form.places.tolist(), left) == (list(range(400)), [400, 401])
    assert form.texts["attr"].to_list() == [f"a{n}" for n in range(400)]
    assert form.texts["status"].to_list()[:8] == ["succeeded", *["failed"] * 6, "succeeded"]
    assert [form.events[kind].data.cause_known for kind in form.kinds[:3]] == [True, False, True]
    assert len(form.events) == 2


def test_what_is_the_same_in_all_lines_is_not_taken_out_of_each() -> None:
    told = [job(f"a{n}", commit=COMMIT) for n in range(200)]
    (form,), left = forms(told)
    assert (form.texts.columns, left) == (["id", "attr"], [])
    assert form.events[0].data.commit == COMMIT


def test_a_line_that_differs_where_others_do_not_is_not_lost() -> None:
    told = [job(f"a{n}", system="x86_64-linux") for n in range(2_000)]
    told[1_001] = job("other", system="riscv64-linux")
    (form,), left = forms(told)
    assert (form.places.tolist(), left) == ([n for n in range(2_000) if n != 1_001], [1_001])
    (chunk,) = generic_lines.chunks(told)
    assert chunk.jobs.filter(pl.col("line") == 1_002)["system"].to_list() == ["riscv64-linux"]


def test_lines_that_are_all_one_and_the_same_are_one_event() -> None:
    (form,), left = forms([job("a")] * 200)
    assert (form.places.tolist(), form.texts["id"].n_unique(), left) == (list(range(200)), 1, [])


def test_words_that_mean_nothing_send_their_lines_to_the_decoder() -> None:
    told = [job(f"a{n}", attempt=(n + 1) % 3) for n in range(300)]
    told[6] = told[6].replace(b'"attempt": 1', b'"attempt": [1]')
    (form,), left = forms(told)
    assert sorted(event.data.attempt for event in form.events) == [1, 2]
    assert left == sorted({6, *range(2, 300, 3)})
    (chunk,) = generic_lines.chunks(told)
    assert chunk.jobs.height == 199
    assert {complaints[0].field for _, complaints in chunk.refused} == {"data.attempt"}


def test_a_brace_beside_a_word_moves_no_text() -> None:
    told = [
        job(f"a{n}", cores=n % 2 + 1, log_url=f"https://ci.example.org/{n}", is_cached=n % 3 == 0, own=1)
        for n in range(200)
    ]
    # The address of the log lies outside of `data` here, where it means nothing.
    told[100] = (
        told[100].replace(b'"cores": 1,', b'"cores": 1},').replace(b'"is_cached": false,', b'"is_cached": {')
    )
    (form,), left = forms(told)
    assert (form.places.tolist(), left) == ([n for n in range(200) if n != 100], [100])
    (chunk,) = generic_lines.chunks(told)
    odd = chunk.jobs.filter(pl.col("line") == 101)
    assert odd.select("cores", "log_url", "is_cached").rows() == [(1, None, None)]


def test_sets_of_words_are_few_in_a_form() -> None:
    told = [job(f"a{n}", attempt=n % 40 + 1) for n in range(40 * alike.FEWEST)]
    found, left = forms(told)
    assert [len(form.events) for form in found] == [alike.MAX_KINDS, 40 - alike.MAX_KINDS]
    assert left == []


def test_what_is_no_column_is_the_same_in_every_line_of_a_form() -> None:
    told = [job(f"a{n}", name=f"name-{n % 2}", own=f"mine {n}") for n in range(200)]
    found, left = forms(told)
    assert [form.texts.height for form in found] == [100, 100]
    assert left == []


def test_a_key_that_is_there_twice_hides_nothing() -> None:
    told = [job(f"a{n}").replace(b'"attr"', b'"attr":"  ","attr"') for n in range(200)]
    found, left = forms(told)
    assert found == []
    assert len(left) == 200
    (chunk,) = generic_lines.chunks(told)
    assert chunk.jobs["attr"].to_list() == [f"a{n}" for n in range(200)]


def test_lines_that_cannot_be_looked_at_are_left() -> None:
    told = [job(f"a{n}") for n in range(100)]
    assert forms([*told[:60], b'{"\xff":1}\n', *told[60:]])[1] == list(range(101))
    assert forms([*told[:60], told[0].replace(b"a0", b"a\\n"), *told[60:]])[1] == [60]
    twice = [job(f"a{n}").replace(b"{", b'{"own":"x","own":"y",', 1) for n in range(100)]
    assert forms(twice)[1] == list(range(100))
    assert forms(told[:40])[1] == list(range(40))
    assert forms([])[1] == []


def test_few_forms_are_looked_for() -> None:
    told = [job(f"a{n}", own=n % 40) for n in range(40 * alike.FEWEST)]
    found, left = forms(told)
    assert len(found) == alike.MAX_FORMS
    assert len(left) == (40 - alike.MAX_FORMS) * alike.FEWEST


def test_where_every_line_tells_another_number_a_few_are_tried() -> None:
    tried: list[bytes] = []

    def example(line: bytes) -> alike.Example | None:
        tried.append(line)
        return generic_decoder.example(line)

    told = [job(f"a{n}", duration_s=n / 10) for n in range(500)]
    found, left = alike.forms(Block(b"".join(told)), example)
    assert (found, left.tolist()) == ([], list(range(500)))
    assert tried == [told[n].rstrip() for n in range(0, 500, 500 // alike.MAX_MISSES)]


def test_what_comes_first_hides_no_form() -> None:
    told = [
        *(job(f"a{n}", duration_s=n / 10) for n in range(alike.FEWEST)),
        *(job(f"b{n}") for n in range(500)),
    ]
    found, left = forms(told)
    assert [form.texts["attr"][0] for form in found] == ["b0"]
    assert left == list(range(alike.FEWEST))


def test_a_block_knows_its_lines_and_quotes() -> None:
    block = Block(b'{"a": 1}\n\n"b"')
    assert [block.line(place) for place in range(3)] == [b'{"a": 1}', b"", b'"b"']
    assert block.first_marks.tolist() == [0, 3, 4, 7]
    assert np.array_equal(block.marks, [1, 3, 8, 9, 10, 12, 13])


def test_lines_of_many_or_deep_texts_are_decoded_one_by_one() -> None:
    many = job("many", own=["x"] * 300_000)
    deep = job("deep", own="HERE").replace(b'"HERE"', b"[" * 900 + b'"x"' + b"]" * 900)
    told = [many, deep, *(job(f"a{n}") for n in range(100))]
    found, left = forms(told)
    assert [form.texts.height for form in found] in ([100], [1, 100])
    assert set(left) <= {0, 1}
    assert 0 in left
    (chunk,) = generic_lines.chunks(told)
    assert chunk.jobs.height == 102
