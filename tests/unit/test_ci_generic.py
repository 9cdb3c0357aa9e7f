"""Files of generic events become runs, whatever the order of lines, and broken lines become nothing."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.ci_format import PREFIX, Envelope, JobFinished
from pipelines.errors import BadInput
from pipelines.sources.ci import generic, generic_lines
from pipelines.sources.ci.complaints import Judged, judge
from pipelines.sources.ci.recognise import recognise
from pipelines.sources.ci.runs import Reading, Run, Told
from tests.ci_events import COMMIT, SOURCE, event, finished, job, retracted, started

EXAMPLES = 1_000


def read(*lines: bytes, told: Told | None = None) -> Reading:
    return generic.read(lines, told or Told(), "events.ndjson")


def jobs(reading: Reading, *columns: str) -> list[tuple[Any, ...]]:
    assert reading.jobs is not None
    return sorted(reading.jobs.select(columns or ("attr", "status")).iter_rows())


def run_of(reading: Reading) -> Run:
    (run,) = reading.runs
    return run


def test_a_lonely_job_is_a_run() -> None:
    reading = read(job("hello", commit=COMMIT, branch="master"))
    run = run_of(reading)
    assert (run.source, run.run_id, run.commit, run.branch) == (SOURCE, "r-1", COMMIT, "master")
    assert (run.is_complete, run.told_complete, run.needs_commit) == (False, None, False)
    assert (run.started_at, f"{run.observed_at:%FT%TZ}") == (None, "2025-10-01T03:10:00Z")
    assert jobs(reading, "attr", "system", "variant", "status", "source_status") == [
        ("hello", "x86_64-linux", None, "succeeded", "succeeded")
    ]


def test_the_order_of_lines_means_nothing() -> None:
    lines = [started(systems=["x86_64-linux"]), finished(counts={"succeeded": 1, "failed": 1})]
    lines += [job("hello"), job("gimp", "failed"), job("gimp", "running"), retracted("r-1/old")]
    lines += [event("channel.advanced.v1", "c", {"channel": "nixos-cuda", "commit": COMMIT})]
    first = read(*lines)
    assert run_of(first).is_complete
    for seed in range(20):
        shuffled = random.Random(seed).sample(lines, len(lines))
        again = read(*shuffled)
        assert (again.runs, again.advances, again.retracted) == (first.runs, first.advances, first.retracted)
        assert jobs(again) == jobs(first)


def test_an_event_told_twice_counts_once() -> None:
    line = job("hello", commit=COMMIT)
    other_order = json.dumps(dict(reversed(json.loads(line).items()))).encode()
    reading = read(line, line, other_order)
    assert (jobs(reading), reading.rejected) == ([("hello", "succeeded")], ())


def test_an_event_of_the_same_id_with_other_content_is_rejected() -> None:
    one, other = job("hello", commit=COMMIT), job("hello", commit=COMMIT, source_status="other")
    later = job("hello", commit=COMMIT, time="2025-10-01T03:11:00Z", source_status="later")
    for lines in ((one, other, later), (later, other, one)):
        reading = read(*lines)
        assert jobs(reading, "source_status") == [("other",)], "the earliest, whatever the order"
        assert len(reading.rejected) == 2
        assert all("id is not unique" in one.reason for one in reading.rejected)
    reading = read(started(), started(branch="staging"))
    assert [one.reason for one in reading.rejected] == [f"line 2: {generic.CONFLICTING}"]


def test_a_job_of_another_commit_is_rejected() -> None:
    own, other = job("hello", commit=COMMIT), job("gimp", commit="5" * 40)
    for line, lines in ((3, (own, other)), (2, (other, own))):
        reading = read(started(), *lines)
        assert jobs(reading) == [("hello", "succeeded")]
        assert [one.reason for one in reading.rejected] == [
            f"line {line}: data.commit is not the commit of its run"
        ]


def test_of_what_jobs_say_of_their_run_the_earliest_counts_and_at_one_instant_the_least_word() -> None:
    early, late = "2025-10-01T03:00:00Z", "2025-10-01T05:00:00Z"
    said = [
        ("a", late, {"commit": "a" * 40, "branch": "late"}),
        ("b", early, {"commit": "c" * 40}),
        ("c", early, {"commit": "b" * 40, "branch": "staging"}),
        ("d", early, {"branch": "master", "commit": "b" * 40}),
        ("e", "2025-10-01T04:00:00Z", {"commit": "a" * 40}),
    ]
    runs = [f"r-{n}" for n in range(6)]
    for order in (said, said[::-1], said[2:] + said[:2]):
        reading = read(*(job(attr, run=run, time=at, **told) for run in runs for attr, at, told in order))
        assert [(run.run_id, run.commit, run.branch) for run in reading.runs] == [
            (run, "b" * 40, "master") for run in runs
        ]
        assert {run.observed_at for run in reading.runs} == {datetime(2025, 10, 1, 5, tzinfo=UTC)}
        assert reading.jobs is not None
        assert sorted(reading.jobs["attr"]) == sorted(["c", "d"] * len(runs))
        assert len(reading.rejected) == 3 * len(runs)


def test_a_run_without_a_commit_wants_one() -> None:
    assert run_of(read(job("hello"))).needs_commit
    assert not run_of(read(job("hello"), told=Told(commit=COMMIT))).needs_commit


def test_one_told_commit_is_not_that_of_several_runs() -> None:
    told = Told(commit=COMMIT)
    assert [run.commit for run in generic.read([job("a")], told, "x").runs] == [COMMIT]
    named = [job("a"), job("b", run="r-2", commit="5" * 40)]
    assert [run.commit for run in generic.read(named, told, "x").runs] == [COMMIT, "5" * 40]
    with pytest.raises(BadInput, match="holds 2 runs without a commit"):
        generic.read([job("a"), job("b", run="r-2")], told, "x")


def test_unknown_types_are_counted_and_with_unknown_fields_kept() -> None:
    reading = read(job("hello", commit=COMMIT, mood="fine"), *[event("x", "i", {}, type="com.x.v1")] * 3)
    assert (reading.left, reading.rejected) == (((SOURCE, "com.x.v1", 3),), ())
    assert reading.details is not None
    assert reading.details.select("event_type", "attr", "details").rows() == [
        ("com.x.v1", None, "{}"),
        (PREFIX + "job.finished.v1", "hello", '{"mood":"fine"}'),
    ]


def test_broken_lines_spoil_nothing_beside_them() -> None:
    good = job("hello", commit=COMMIT)
    reading = read(b"\xff\n", good[:-20] + b"\n", b"\n", good, job("gimp", "green", commit=COMMIT))
    assert jobs(reading) == [("hello", "succeeded")]
    assert [one.reason.partition(":")[0] for one in reading.rejected] == ["line 1", "line 2", "line 5"]


def test_nobody_speaks_for_an_installation_that_is_read_by_itself() -> None:
    reading = read(*(job("a", commit=COMMIT).replace(b"https://ci.example.org/unfree", name) for name in (
        b"https://hydra.nixos.org", b"http://HYDRA.nixos.org/", b"hydra.nixos.org",
    )))  # fmt: skip
    assert (reading.runs, len(reading.rejected)) == ((), 3)


def test_many_rejects_are_counted() -> None:
    reading = read(*[b"nope\n"] * 1500)
    assert (len(reading.rejected), sum(one.rows for one in reading.rejected)) == (1001, 1500)


def test_a_file_without_events_is_bad_input() -> None:
    with pytest.raises(BadInput, match="no event"):
        read(b"\n", b"  \n")


def test_only_web_addresses_of_logs_are_kept() -> None:
    urls = ("https://ci.example.org/1", "http://ci.example.org/1", "javascript:alert(1)", "s3://logs/1")
    reading = read(*(job(f"a{n}", commit=COMMIT, log_url=url) for n, url in enumerate(urls)))
    assert jobs(reading, "attr", "log_url") == [("a0", urls[0]), ("a1", urls[1]), ("a2", None), ("a3", None)]


def test_times_are_kept_with_how_good_they_are() -> None:
    reading = read(
        job("a", commit=COMMIT, stopped_at="2025-10-01T03:00:00.25Z", time_kind="reported"),
        job("b", commit=COMMIT),
    )
    assert [
        (name, kind, f"{at:%T.%f}") for name, kind, at in jobs(reading, "attr", "time_kind", "occurred_at")
    ] == [
        ("a", "reported", "03:00:00.250000"),
        ("b", None, "03:10:00.000000"),
    ]


def test_it_is_recognised_by_its_first_line() -> None:
    assert recognise(job("a") + b"\xff" * 100, "x") is generic
    assert recognise(b"\n\n" + started(), "x") is generic
    with pytest.raises(BadInput, match="known are generic events, "):
        recognise(b"\0\1\2", "junk")
    with pytest.raises(BadInput, match="is empty"):
        recognise(b" \n", "none")


TEXTS = st.one_of(
    st.sampled_from(
        ["", "a", "a.b", "x86_64-linux", "linux", COMMIT, COMMIT + "\n", "a\x00", "\u2028", "é" * 512]
    )
    | st.sampled_from(["2025-10-01T00:00:00Z", "2025-10-01T00:00:00.123456789Z", "2025-02-29T00:00:00Z"])
    | st.sampled_from(["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2025-10-01T24:00:00Z", "2025-10-01"])
    | st.sampled_from(
        ["/nix/store/" + "0" * 32 + "-a.drv", "/nix/store/x-a.drv", "https://a/b", "a b", "a:", "٣"]
    ),
    st.text(max_size=6),
)
VALUES = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(),
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)
IN_DATA = [field.name for field in msgspec.structs.fields(JobFinished)]
IN_ENVELOPE = [field.name for field in msgspec.structs.fields(Envelope)] + ["type", "data"]
CHANGES = st.lists(st.tuples(st.sampled_from(IN_DATA) | st.sampled_from(IN_ENVELOPE), VALUES), max_size=3)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A good job with up to three fields replaced."""
    status = draw(st.sampled_from(["succeeded", "failed", "dependency-failed", "queued", "running", "green"]))
    told = json.loads(job(draw(st.sampled_from(["a", "a.b"])), status, commit=COMMIT))
    for name, value in draw(CHANGES):
        if name in IN_ENVELOPE:
            told[name] = value
        elif isinstance(told["data"], dict):
            told["data"][name] = value
    return told


EVENTS = events()


@settings(max_examples=EXAMPLES, deadline=None)
@given(EVENTS)
@example(json.loads(job("a", commit=COMMIT + "\n")))
@example(json.loads(job("a", started_at="2025-10-01T23:59:60Z")))
def test_both_decoders_are_equal(told: dict[str, Any]) -> None:
    line = json.dumps(told).encode()
    (chunk,) = generic_lines.chunks([line])
    verdict = judge(line, 1)
    is_job = isinstance(verdict, Judged) and verdict.data is not None
    assert chunk.jobs.height == int(is_job), verdict
    assert bool(chunk.refused) == isinstance(verdict, list)
    if isinstance(verdict, Judged) and is_job:
        row = chunk.jobs.row(0, named=True)
        assert (row["event_id"], row["source"]) == (verdict.envelope.id, verdict.envelope.source)
        for name in (
            "run_id",
            "attr",
            "system",
            "variant",
            "status",
            "drv_path",
            "attempt",
            "commit",
            "branch",
        ):
            assert row[name] == getattr(verdict.data, name)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.binary(max_size=40) | EVENTS.map(lambda told: json.dumps(told).encode()), max_size=4))
def test_no_input_makes_it_fail(lines: list[bytes]) -> None:
    try:
        reading = read(*(line + b"\n" for line in lines))
    except BadInput:
        return
    for run in reading.runs:
        assert run.source
        assert run.run_id


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_no_damage_to_a_line_makes_a_fact_of_another(data: st.DataObject) -> None:
    line = bytearray(job("hello", "failed", commit=COMMIT, drv_path="/nix/store/" + "0" * 32 + "-a.drv"))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(line) - 2))
        line[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != 10))
    chunks = list(generic_lines.chunks(bytes(line).splitlines(keepends=True)))
    for chunk in chunks:
        assert set(chunk.jobs["status"]) <= {"failed", "queued", "running"}


ODD = [
    "",
    " ",
    "   ",
    " a",
    "a",
    "a b",
    "a\x1f",
    "a\x7f",
    "é",
    "٣",
    COMMIT,
    COMMIT + "\n",
    "4" * 39 + "\u0664",
    "x-y",
    "x-y\n",
]
ODD += ["2025-10-01T00:00:00Z", "2025-10-01T00:00:00Z\n", "2025-02-29T00:00:00Z", "2025-10-01T23:59:60Z"]
ODD += [
    "2025-10-01T00:00:00.1234567890Z",
    "2025-10-01 00:00:00Z",
    "٢٠٢٥-10-01T00:00:00Z",
    "1969-12-31T00:00:00Z",
]
ODD += [
    "/nix/store/" + "0" * 32 + name for name in ("-a.drv", "-a.drv\n", "-a/b.drv", "-é.drv", "a.drv", "-a")
]
ODD += ["https://a/b", "https://a/b\n", "https://a/b c", 'https://a/"', "1:a", "a:é", "https://a/", "x" * 513]


def test_columns_of_many_distinct_values_are_judged_alike() -> None:
    lines = []
    for n in range(600):
        more = {"commit": f"{n:040x}", "branch": f"b{n}", "source_status": f"s{n}", "repo": f"r{n}"}
        more |= {
            "drv_path": f"/nix/store/{n:032d}-a.drv",
            "log_url": f"https://a/{n}",
            "system": f"x{n}-linux",
        }
        times = dict.fromkeys(("queued_at", "started_at"), f"2025-10-01T00:{n // 60:02}:{n % 60:02}Z")
        lines.append(job(f"a{n}", variant=f"v{n}", time=times["queued_at"], **more, **times))
    for name in (*IN_DATA, *IN_ENVELOPE):
        for text in ODD:
            told = json.loads(lines[0])
            (told if name in IN_ENVELOPE else told["data"])[name] = text
            lines.append(json.dumps(told).encode() + b"\n")
    (chunk,) = generic_lines.chunks(lines)
    verdicts = [judge(line, number) for number, line in enumerate(lines, start=1)]
    refused = {one[0].line for one in verdicts if isinstance(one, list)}
    assert {complaints[0].line for _, complaints in chunk.refused} == refused
    assert chunk.jobs.height + len(refused) + len(chunk.others) == len(lines)
    assert 500 < len(refused) < len(lines) - 600


@pytest.mark.parametrize("name", ["attr", "run_id", "source_status", "branch", "subject", "id"])
def test_a_blank_text_names_nothing(name: str) -> None:
    for many in (1, 600):
        lines = [
            job(f"a{n}", commit=COMMIT, source_status=f"s{n}", branch=f"b{n}", run=f"r{n}")
            for n in range(many)
        ]
        told = json.loads(lines[0])
        (told if name in IN_ENVELOPE else told["data"])[name] = "  "
        (chunk,) = generic_lines.chunks([*lines, json.dumps(told).encode() + b"\n"])
        assert chunk.jobs.height == many
        assert [complaints[0].line for _, complaints in chunk.refused] == [many + 1]


def test_a_file_of_nothing_but_junk_ends_soon() -> None:
    read_so_far = 0

    def junk() -> Iterator[bytes]:
        nonlocal read_so_far
        while True:
            read_so_far += 1
            yield b"{}\n"

    with pytest.raises(BadInput, match="more than 100,000 lines that are no events"):
        generic.read(junk(), Told(), "junk")
    assert read_so_far < 200_000
