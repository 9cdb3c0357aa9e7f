"""Lines that are not decoded say what decoding would have said, whatever is in them."""

import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pipelines.sources.ci import alike, generic_decoder, generic_lines
from pipelines.sources.ci.alike import Block
from tests.ci_events import COMMIT, job

HOLE = "HOLE"
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
    ("data", "cause_known"): False, ("data", "own"): HOLE, ("data", "error"): HOLE,
}  # fmt: skip
"""Places of texts in an event; where one is not a hole it is the same in every line."""


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
        form = whole.split(HOLE.encode())
        good = [draw(st.sampled_from(TEXTS)) for _ in form[1:]]
        for _ in range(draw(st.integers(2, 6))):
            texts = [one if draw(st.integers(0, 3)) else draw(st.sampled_from(TEXTS)) for one in good]
            line = form[0] + b"".join(text + part for text, part in zip(texts, form[1:], strict=True))
            if draw(st.integers(0, 5)) == 0:
                at = draw(st.integers(0, len(line) - 1))
                line = (
                    line[:at] + draw(st.sampled_from([b"", b'"', b"{", b"x", b"\\", b" "])) + line[at + 1 :]
                )
            made.append(line.replace(b"\n", b" "))
    return draw(st.permutations(made))


def said(told: list[bytes], fewest: int) -> tuple[Any, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "FEWEST", fewest)
        (chunk,) = generic_lines.chunks(told)
    return (
        chunk.jobs.sort("line").rows(),
        sorted((line, str(complaints)) for line, complaints in chunk.refused),
        chunk.others,
        chunk.details,
    )


@settings(max_examples=1_000, deadline=None)
@given(lines())
def test_lines_that_are_alike_say_what_decoding_says(told: list[bytes]) -> None:
    assert said(told, 1) == said(told, 1_000_000)


def forms(told: list[bytes]) -> tuple[list[alike.Form], list[int]]:
    found, left = alike.forms(Block(b"".join(told)), generic_decoder.example)
    return found, left.tolist()


def test_most_lines_of_a_program_are_not_decoded() -> None:
    told = [
        job(f"a{n}", status="failed" if n % 7 else "succeeded", cause_known=n % 2 == 0) for n in range(400)
    ]
    (one, other), left = forms([*told, b"\n", b"{}\n"])
    assert (one.texts.height, other.texts.height, left) == (200, 200, [400, 401])
    assert one.texts["attr"].to_list() == [f"a{n}" for n in range(0, 400, 2)]
    assert other.texts["status"].to_list()[:4] == ["failed", "failed", "failed", "succeeded"]
    assert one.event.data.cause_known
    assert not other.event.data.cause_known


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
    told = [job(f"a{n}", attempt=n % 40 + 1) for n in range(40 * alike.FEWEST)]
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
