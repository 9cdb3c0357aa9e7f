"""What `validate` says of a file, for people at a terminal of 80 columns."""

import codecs
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.errors import BadInput
from pipelines.sources.ci.runs import Told
from pipelines.sources.ci.validate import SHOWN, validate
from tests.ci_events import COMMIT, event, finished, job, put, retracted, started


def test_a_good_file_has_no_fault(tmp_path: Path) -> None:
    lines = [started(), job("a"), job("b", "failed"), finished(counts={"succeeded": 1, "failed": 1})]
    report = validate(put(tmp_path, "good.ndjson", lines))
    assert (report.runs, report.jobs, report.complaints) == (1, 2, [])
    assert list(report.lines()) == ["good.ndjson: generic events, 1 run, 2 jobs, no fault"]


def test_every_fault_is_told_by_line_field_seen_and_expected(tmp_path: Path) -> None:
    lines = [
        job("a", commit=COMMIT),
        b"{broken\n",
        job("", "green", commit="x"),
        job("a", commit=COMMIT, time="2025-10-01T03:11:00Z", source_status="other"),
        job("b", commit="5" * 40),
        job("c", run="r-2"),
        event("x", "i", {}, type="com.example.x.v1"),
    ]
    report = validate(put(tmp_path, "bad.ndjson", lines))
    told = [(one.line, one.field) for one in report.complaints]
    assert told == [
        (2, ""), (3, "data.attr"), (3, "data.commit"), (3, "data.status"), (4, "id"), (5, "data.commit"),
        (6, "data.commit"),
    ]  # fmt: skip
    text = list(report.lines())
    assert all(len(line) <= 80 for line in text)
    assert text[3:6] == [
        "line 3: data.attr",
        '  seen:     ""',
        "  expected: 1 to 512 characters without control characters, not all blank",
    ]
    assert text[-2:] == [
        "1 event of type com.example.x.v1 would be kept as told, and not read",
        "bad.ndjson: generic events, 2 runs, 2 jobs, 7 faults",
    ]
    assert "  expected: unique: another event of this id says something else" in text
    assert "  expected: the commit of its run" in text


def test_a_field_that_the_format_does_not_name_is_named(tmp_path: Path) -> None:
    lines = [
        job(f"a{n}", commit=COMMIT, drvpath="x", phase="test", **{"\x1b[31m" * 20: 1}) for n in range(70)
    ]
    report = validate(put(tmp_path, "misspelt.ndjson", [*lines, job("b", commit=COMMIT, mood={})]))
    assert report.complaints == []
    assert list(report.lines()) == [
        "data." + "\N{REPLACEMENT CHARACTER}[31m" * 10 + "\N{REPLACEMENT CHARACTER}[31… (70 events) is no",
        "field of the format: kept as told, not read",
        "data.drvpath (70 events) is no field of the format: kept as told, not read",
        "data.mood (1 event) is no field of the format: kept as told, not read",
        "misspelt.ndjson: generic events, 1 run, 71 jobs, no fault",
    ]


def test_a_retraction_alone_is_no_fault(tmp_path: Path) -> None:
    assert validate(put(tmp_path, "back.ndjson", [retracted("x")])).complaints == []


def test_many_faults_are_counted(tmp_path: Path) -> None:
    report = validate(put(tmp_path, "bad.ndjson", [job("a", commit=COMMIT), *[b"{}\n"] * 500]))
    assert len({one.line for one in report.complaints}) == 500
    assert any(line.startswith("... and ") for line in report.lines())
    assert sum(line.startswith("line ") for line in report.lines()) == SHOWN


@pytest.mark.parametrize("content", [b"", b"\0\1", b"\x1f\x8b\x08cut"])
def test_a_file_that_cannot_be_read_is_one_fault(tmp_path: Path, content: bytes) -> None:
    report = validate(put(tmp_path, "odd", [content]))
    assert [(one.line, one.field) for one in report.complaints] == [(0, "")]
    assert all(len(line) <= 80 for line in report.lines())


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        validate(tmp_path / "none")


def test_hostile_text_stays_on_its_line(tmp_path: Path) -> None:
    report = validate(put(tmp_path, "bad.ndjson", [job("a\x1b[31m\n", "\x1b[2J" * 100, commit=COMMIT)]))
    assert all(line.isprintable() and len(line) <= 80 for line in report.lines())


DRV = "/nix/store/" + "0" * 32 + "-a-1.drv"
GOOD = {"attr": "a", "attrPath": ["a"], "system": "x86_64-linux", "drvPath": DRV}
TOLD = Told(source="https://ci.example.org/x", system="x86_64-linux")
JOB = {
    "id": 1,
    "run_id": 2,
    "name": "torch",
    "status": "completed",
    "conclusion": "success",
    "created_at": "2025-03-01T00:05:00Z",
}
EVENT = json.loads(job("a", commit=COMMIT))


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            lines(GOOD, GOOD | {"drvPath": "x"}, GOOD | {"drvPath": None}, GOOD | {"drvPath": "x"}),
            [
                (2, "drvPath", "'x' in {", "the store path of a derivation", ""),
                (3, "", '{"attr": "a"', "", "neither drvPath nor error"),
                (4, "drvPath", "'x' in {", "the store path of a derivation", ""),
            ],
        ),
        (
            (
                b'{"results": [\n {"type": "BUILD",\n  "attr": "a", "success": "no"},\n'
                b' {"type": "EVAL", "success": true}\n]}'
            ),
            [(2, "success", "text in {", "true or false", ""), (4, "attr", "nothing", "there", "")],
        ),
        (
            json.dumps(
                {"total_count": 2, "jobs": [JOB, JOB | {"id": 2, "conclusion": None}]}, indent=2
            ).encode(),
            [(12, "conclusion of a completed job", "nothing in {", "a text", "")],
        ),
        (
            b"collection,package,system,status,build_id\nr,a,x86_64-linux,failed,1\nr,b,linux,failed,2\n",
            [(3, "system", "'linux' in r,b", "a system such as x86_64-linux", "")],
        ),
        (
            b'@nix {"action":"start","id":1,"type":105,"fields":["/nix/store/x"]}\n@nix {"action":"stop","id":-1}\n',
            [
                (1, "derivation", "'/nix/store/x' in @nix", "the store path of a derivation", ""),
                (2, "id", "-1 in @nix", "a whole number from 0", ""),
            ],
        ),
        (
            lines(EVENT, {**EVENT, "id": "2", "data": {**EVENT["data"], "run_id": "r-2", "commit": None}}),
            [(2, "data.commit", "nothing", "to be told for run r-2", "")],
        ),
    ],
    ids=["nix-eval-jobs", "nix-fast-build", "GitHub", "r-updates", "internal-json", "no commit"],
)
def test_records_of_every_format_are_told_by_line_and_field(
    tmp_path: Path, content: bytes, told: list[tuple[int, str, str, str, str]]
) -> None:
    knows = Told(source=TOLD.source, system="x86_64-linux", run_id="448")
    found = validate(put(tmp_path, "some.file", [content]), knows).complaints
    assert [(one.line, one.field) for one in found] == [one[:2] for one in told]
    for one, (_, _, seen, expected, why) in zip(found, told, strict=True):
        assert one.seen.startswith(seen)
        assert one.expected.startswith(expected)
        assert bool(one.expected) != bool(one.why)
        assert one.why == why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" + job("a", commit=COMMIT) + b"]", "holds events that do not stand one a line"),
        (json.dumps(EVENT, indent=1).encode(), "holds events that do not stand one a line"),
        (job("a", commit=COMMIT).decode().encode("utf-16"), "is UTF-16: write it as UTF-8"),
        (b"attr,status\na,ok\n", "has no format that is known by its content: known are generic events"),
    ],
    ids=["array", "indented", "UTF-16", "CSV"],
)
def test_a_file_of_no_known_format_says_what_to_do(tmp_path: Path, content: bytes, why: str) -> None:
    (one,) = validate(put(tmp_path, "file", [content])).complaints
    assert (one.line, one.expected) == (0, "")
    assert why in one.why


def test_a_mark_of_the_byte_order_is_no_fault(tmp_path: Path) -> None:
    report = validate(put(tmp_path, "good.ndjson", [codecs.BOM_UTF8, job("a", commit=COMMIT)]))
    assert (report.format, report.jobs, report.complaints) == ("generic events", 1, [])


def test_what_a_format_does_not_say_is_told_by_options_or_beside_it(tmp_path: Path) -> None:
    path = put(tmp_path, "eval.jsonl", [lines(GOOD)])

    def check(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["validate", str(path), *words])
        return done.exit_code, done.output

    code, said = check()
    assert code == 3
    assert "tell its" in said
    assert check("--source", "https://ci.example.org/x") == (
        0,
        "eval.jsonl: nix-eval-jobs, 1 run, 1 job, no fault\n",
    )
    code, said = check("--source", "my ci")
    assert code == 3
    assert "source is not the address that names the CI" in said
    put(tmp_path, "eval.jsonl.told.toml", [b'source = "https://ci.example.org/x"\n'])
    assert check()[0] == 0
    put(tmp_path, "eval.jsonl.told.toml", [b'commit = "HEAD"\n'])
    code, said = check()
    assert code == 3
    assert "commit is not a full commit" in " ".join(said.split())


def test_the_command_ends_with_3_and_says_how_many_faults(tmp_path: Path) -> None:
    path = put(tmp_path, "bad.ndjson", [job("a", commit=COMMIT), job("b", "green", commit=COMMIT)])
    done = CliRunner().invoke(main, ["validate", str(path)])
    assert done.exit_code == 3
    assert 'line 2: data.status\n  seen:     "green"\n  expected: one of succeeded, failed,' in done.output
    assert "bad.ndjson has 1 fault, told above." in done.output
