"""Breaks valid inputs of CI formats in every way that comes to mind, and says what must hold of what is read.

`python -m tests.property.ci_fuzz --adapter nix-eval-jobs --examples 100000` tries more than the tests do, each time
others; what fails is printed.
"""

import argparse
import io
import json
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models.vocabulary import STATUS_CLASSES
from pipelines.errors import BadInput
from pipelines.sources.ci import details, graph_columns, runs
from pipelines.sources.ci.facts import tell
from pipelines.sources.ci.known import Past
from pipelines.sources.ci.recognise import ADAPTERS
from pipelines.sources.ci.runs import Adapter, Reading, Told
from tests.property import ci_samples

SECONDS = 5.0
"""CPU time that no input of this size may need; what is linear needs a thousandth of it."""
NAME = "0" * 32 + "-input.drv"
"""What inputs are called: one format takes a name from it."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TOGETHER = 25
"""Readings that are told together: to tell one takes ten times as long as to read it."""
_OUR_OWN = re.compile(r"\.(?:py|pyc|so)\Z|/zoneinfo/")
"""What Python opens by itself: modules and zones of time, when they are needed first."""
WHOLE_ONLY = frozenset({"eval_jobs", "fast_build", "junit", "nix_json"})
"""Formats of which a file is a whole listing: one rejected record, and the run is not complete."""

_SYSTEM = re.compile(r"[a-z0-9_]+-[a-z0-9_]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WORD = re.compile(rb'"[^"\n]{0,200}"|[\w./+-]+')
_NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", " ", "\0", "\n", "\x1b[31m", "\ud800", "\u202e", "\U0010ffff", "../../etc/passwd", "a" * 513, "x" * 50_000,
    "<script>", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "2025-03-01T00:00:00", "1e9", "-1", "NaN", [], {},
    [None], {"": None}, [[[[[[]]]]]], "succeeded", "x86_64-linux", "/nix/store/-.drv", 253402300800, 7258118400,
)  # fmt: skip
"""Values that stand where others belong."""
_RAW = (
    b"NaN", b"Infinity", b"1e400", b"-", b"0x10", b"1" * 5000, b"[" * 70, b"[" * 20_000, b'{"a":' * 70, b"\xff\xfe",
    b"\xc3", b"\xed\xa0\x80", b'"\\ud800"', b"\0", b"\r", b"\xef\xbb\xbf", b"]", b"}", b'"', b"\\", b"<a>" * 70,
    b"&a;", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"]]>", b"<![CDATA[", b"''", b",,,,", b"@nix ", b"error: ", b"{}", b"[]",
)  # fmt: skip
"""Bytes that stand where others belong."""

Change = Callable[[bytes, random.Random], bytes]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _behead(data: bytes, rng: random.Random) -> bytes:
    return data[rng.randrange(len(data) + 1) :]


def _without(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.randrange(1, 60) :]


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 9) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _lines(data: bytes, rng: random.Random) -> bytes:
    """Some lines twice, or none at all, or all in another order."""
    lines = data.splitlines(keepends=True)
    lines = [line for line in lines for _ in range(rng.choice((0, 1, 1, 1, 1, 2)))]
    if rng.random() < 0.5:
        rng.shuffle(lines)
    return b"".join(lines)


def _raw(data: bytes, rng: random.Random) -> bytes:
    """Bytes that do not belong there, anywhere."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_RAW) + data[at:]


def _word(data: bytes, rng: random.Random) -> bytes:
    """A word or a quoted text as another one of the same input, or as something nasty."""
    words = list(_WORD.finditer(data))
    if not words:
        return data
    word = rng.choice(words)
    other = rng.choice(_RAW) if rng.random() < 0.5 else rng.choice(words)[0]
    return data[: word.start()] + other + data[word.end() :]


def _value(data: bytes, rng: random.Random) -> bytes:
    """A value somewhere in the JSON as a nasty one, or gone; content that is no JSON gets another word."""
    try:
        documents, are_lines = [json.loads(data)], False
    except (ValueError, RecursionError):
        try:
            documents, are_lines = [json.loads(line) for line in data.splitlines()], True
        except (ValueError, RecursionError):
            return _in_line(data, rng)
    if not documents:
        return data
    at = rng.randrange(len(documents))
    documents[at] = _changed(documents[at], rng)
    texts = [json.dumps(document).encode() for document in documents]
    return b"".join(text + b"\n" for text in texts) if are_lines else texts[0]


def _in_line(data: bytes, rng: random.Random) -> bytes:
    """A value in one line with JSON, for logs; else a word."""
    lines = data.splitlines(keepends=True)
    at = rng.randrange(len(lines)) if lines else 0
    start = lines[at].find(b"{") if lines else -1
    try:
        value = json.loads(lines[at][start:]) if start >= 0 else None
    except (ValueError, RecursionError):
        value = None
    if value is None:
        return _word(data, rng)
    lines[at] = lines[at][:start] + json.dumps(_changed(value, rng)).encode() + b"\n"
    return b"".join(lines)


def _changed(value: Any, rng: random.Random) -> Any:
    """The value with one place in it changed, the deeper the likelier."""
    inner = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    if not inner or rng.random() < 0.1:
        return rng.choice(_NASTY)
    key, found = rng.choice(inner)
    copied = value.copy()
    if rng.random() < 0.1:
        del copied[key]
    else:
        copied[key] = _changed(found, rng)
    return copied


BREAKS: tuple[Change, ...] = (_cut, _behead, _without, _flipped, _lines, _raw, _word, _value)
"""Changes after which content may not even have its format."""
SWAPS: tuple[Change, ...] = (_lines, _word, _value, _value, _value)
"""Changes that mostly leave the format and go for what single records say."""
_TOLD: tuple[Callable[[Told], Told], ...] = (
    lambda told: told,
    lambda told: replace(told, system=None),
    lambda told: replace(told, exit_code=None, variant="cuda", commit="5" * 40, branch="master"),
    lambda told: replace(told, source=None),
    lambda told: replace(told, file_at=None),
    lambda told: replace(told, run_id="r-1", honest_workflows=("build",), exit_code=1),
)


class Opened:
    """What Python opens while an adapter reads: nothing, whatever an input names."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.is_watched = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, told: tuple[Any, ...]) -> None:
        if self.is_watched and event == "open" and not _OUR_OWN.search(str(told[0])):
            self.paths.append(str(told[0]))


OPENED = Opened()


@dataclass
class Tally:
    """What came of many inputs."""

    inputs: int = 0
    seen: set[int] = field(default_factory=set)
    refused: int = 0
    jobs: int = 0
    things: int = 0
    """Derivations, outputs, attributes, and what was counted and left."""
    rejected: int = 0
    slowest: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    waiting: list[Reading] = field(default_factory=list)
    """Readings that are not told yet."""

    def __str__(self) -> str:
        return (
            f"{self.inputs:,} inputs ({len(self.seen):,} distinct): {self.refused:,} refused as a whole,"
            f" {self.jobs:,} jobs and {self.things:,} other things read,"
            f" {self.rejected:,} records rejected, slowest {self.slowest:.3f} s"
        )


def module(adapter: Adapter) -> str:
    """Name of the adapter's module."""
    return str(getattr(adapter, "__name__", "")).rpartition(".")[2]


@dataclass(frozen=True)
class Input:
    """A broken input, and what is told of it."""

    data: bytes
    told: Told

    def __repr__(self) -> str:
        return f"{self.told}, {len(self.data)} bytes: {self.data[:2000]!r}"


def inputs(adapter: Adapter) -> st.SearchStrategy[Input]:
    """Broken inputs of an adapter, with something told or not: changed samples mostly, some of pure noise.

    One number makes an input: drawing each change by itself takes ten times as long as reading what comes of it.
    """
    name = module(adapter)
    samples = ci_samples.samples()
    valid = samples[name]
    several = [*valid * 9, *(of[0] for other, of in samples.items() if other != name)]
    told = replace(ci_samples.TOLD, run_id="448") if name == "r_updates" else ci_samples.TOLD

    def made(number: int) -> Input:
        rng = random.Random(number)
        change_told = rng.choice(_TOLD) if rng.random() < 0.5 else _TOLD[0]
        kind = rng.random()
        if kind < 0.1:
            return Input(rng.randbytes(rng.randrange(200)), change_told(told))
        among, changes = (several, BREAKS) if kind < 0.4 else (valid, SWAPS)
        data = rng.choice(among)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
            data = rng.choice(changes)(data, rng)
        return Input(data, change_told(told))

    return st.builds(made, st.integers(0, 2**64 - 1))


def check(adapter: Adapter, data: bytes, told: Told, tally: Tally) -> Reading | None:
    """Read one input and hold what came of it against what must hold; None if it was refused as a whole."""
    began = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    OPENED.is_watched = True
    try:
        assert isinstance(adapter.recognises(data[: 64 * 1024]), bool)
        reading = adapter.read(io.BytesIO(data), told, NAME)
    except BadInput:
        reading = None
    finally:
        OPENED.is_watched = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    assert OPENED.paths == [], OPENED.paths
    seconds = time.process_time() - began
    tally.inputs += 1
    tally.seen.add(hash((data, told)))
    tally.slowest = max(tally.slowest, seconds)
    if reading is None:
        tally.refused += 1
        return None
    for run in reading.runs:
        _text(run.source)
        _text(run.run_id)
        _instants(run.observed_at, run.started_at, run.stopped_at)
        assert not (run.is_complete and reading.rejected and module(adapter) in WHOLE_ONLY)
        assert len({(j.attr, j.system, j.variant) for j in run.jobs}) == len(run.jobs)
    for job in jobs(reading):
        tally.jobs += 1
        tally.statuses[job["status"]] += 1
        _text(job["attr"])
        assert _SYSTEM.fullmatch(job["system"]), job
        assert job["status"] in STATUS_CLASSES, job
        _instants(job["queued_at"], job["started_at"], job["stopped_at"])
        for name in ("source_status", "variant", "drv_path", "log_url", "build_id"):
            (job[name] or "").encode()
    _of_nix(reading, tally)
    for one in reading.rejected:
        assert one.rows >= 1
        assert one.reason.strip()
        one.reason.encode()
        tally.rejected += one.rows
    tally.waiting.append(reading)
    if len(tally.waiting) >= TOGETHER:
        _facts(tally)
    return reading


def _facts(tally: Tally) -> None:
    """Inputs that were read become events together, as those of one inbox do: repeated, late, contradicting ones."""
    told = tell(tally.waiting, Past())
    for one in told.facts:
        _text(one.source)
        for frame in one.frames.values():
            assert not frame.height or not frame["source"].null_count()
        for event in one.events:
            _text(getattr(event, "id"))  # noqa: B009 (a field of every event's own)
    tally.waiting.clear()


def _of_nix(reading: Reading, tally: Tally) -> None:
    """Derivations, outputs and attributes are whole, and can be written down."""
    frames = (
        ("derivation_id64", "name", "observed_at", reading.derivations),
        ("derivation_id64", "output", "path", reading.outputs),
        ("derivation_id64", "attr", "system", reading.attributes),
    )
    for *needed, frame in frames:
        if frame is not None:
            tally.things += frame.height
            assert not any(frame[name].null_count() for name in ("source", *needed))
            assert not any(_CONTROL.search(text) for text in frame[needed[1]].to_list())
    if reading.outputs is not None:
        assert (reading.outputs["nar_bytes"].fill_null(0) >= 0).all()
    for one in reading.parsed:
        tally.things += 1
        known = {one.derivation.path: one.derivation}
        row = graph_columns.of_derivation(one.source, one.at, one.derivation, known)
        frame = graph_columns.frame([row], graph_columns.DERIVATIONS)
        assert frame is not None
        _text(frame["name"][0])
    if reading.details is not None:
        assert not any(reading.details[name].null_count() for name in ("source", "event_id", "event_type"))
        assert not any(_CONTROL.search(text) for text in reading.details["event_id"])
        assert all(0 < len(text.encode()) <= 4 * details.MAX_BYTES for text in reading.details["details"])
    for source, kind, n in reading.left:
        tally.things += n
        _text(source)
        kind.encode()


def jobs(reading: Reading) -> Iterator[dict[str, Any]]:
    """Every job that was read, whichever way it is given."""
    for run in reading.runs:
        for job in run.jobs:
            yield vars(job)
    if reading.jobs is not None:
        yield from reading.jobs.iter_rows(named=True)


def _text(text: str) -> None:
    """A name is one line that can be written down."""
    assert text.strip()
    assert len(text) <= runs.MAX_TEXT
    assert not _CONTROL.search(text), text
    text.encode()


def _instants(*instants: datetime | None) -> None:
    assert all(at is None or EARLIEST <= at < LATEST for at in instants), instants


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise AssertionError(f"more than {SECONDS} s of CPU time")


def fuzz(adapter: Adapter, examples: int, *, derandomize: bool) -> Tally:
    """Check that many inputs; those of the tests are always the same."""
    tally = Tally()

    # What hangs is broken off where it hangs: the traceback shows it.
    @settings(
        max_examples=examples,
        derandomize=derandomize,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(adapter))
    def holds(broken: Input) -> None:
        check(adapter, broken.data, broken.told, tally)

    before = signal.signal(signal.SIGVTALRM, _too_slow)
    try:
        holds()
        _facts(tally)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return tally


def main() -> None:
    """The command."""
    known = {name: adapter for adapter in ADAPTERS for name in (module(adapter), adapter.NAME)}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--adapter", choices=sorted(known), action="append", help="one of several; without it all"
    )
    parser.add_argument("--examples", type=int, default=2000)
    told = parser.parse_args()
    for adapter in [known[name] for name in told.adapter or ()] or ADAPTERS:
        began = time.process_time()
        tally = fuzz(adapter, told.examples, derandomize=False)
        print(f"{adapter.NAME}: {tally}, {time.process_time() - began:.1f} s CPU in all")


if __name__ == "__main__":
    main()
