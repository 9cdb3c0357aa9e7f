"""The generic format: its structs, its schema and its complaints say the same."""

import json
from typing import Any, get_args

import jsonschema
import pytest

from models import ci_format, ci_schema
from models.ci_format import PREFIX, TYPES, FinalStatus, OpenStatus
from models.vocabulary import STATUS_CLASSES
from pipelines.sources.ci.complaints import Judged, judge
from tests.ci_events import COMMIT, event, finished, job, retracted, started

DRV = "/nix/store/" + "0" * 32 + "-torch-2.8.drv"
LIB = "/nix/store/" + "1" * 32 + "-lib-1.drv"
INPUT = {"drv_path": LIB, "outputs": ["out"], "roles": ["buildInputs"], "is_check_only": False}
DERIVATION: dict[str, Any] = {
    "drv_path": DRV,
    "system": "x86_64-linux",
    "outputs": {"out": DRV.removesuffix(".drv")},
    "is_fixed_output": False,
    "recipe_sha256": "a" * 64,
    "inputs": [INPUT],
}
NAR_HASH = "sha256-nsDUWOIG/+sDHaDnOzuXLPpAzJ9vf92UMnR4OGH+iqo="
OUTPUT: dict[str, Any] = {
    "drv_path": DRV,
    "output": "out",
    "path": DRV.removesuffix(".drv"),
    "nar_hash": NAR_HASH,
    "nar_bytes": 520,
    "hashes": {"content": "b" * 64},
}
ATTRIBUTE = {
    "package_set": "nixpkgs",
    "commit": COMMIT,
    "attr": "x",
    "system": "x86_64-linux",
    "drv_path": DRV,
}
GOOD = (
    started(config={"allowUnfree": True}, scope=["gimp"], expected_jobs=2, systems=["x86_64-linux"]),
    started(scope="all", pull_request=7, head_commit=COMMIT),
    job("gimp", source_status="0", drv_path=DRV, attempt=1, log_url="https://ci.example.org/log/1"),
    job("gimp", "dependency-failed", failed_drvs=[DRV], metrics={"size": {"value": 1.5, "unit": "MiB"}}),
    job("gimp", "running", started_at=None, unknown_field={"deep": [1]}),
    finished(counts={"succeeded": 2, "queued": 0}, status="succeeded"),
    retracted("r-1/gimp"),
    event("channel.advanced.v1", "c", {"channel": "nixos-cuda", "commit": COMMIT}),
    event("derivation.observed.v1", "d", DERIVATION),
    event("derivation.observed.v1", "d", DERIVATION | {"inputs": None, "system": "builtin"}),
    event("output.observed.v1", "o", OUTPUT),
    event("package-set.evaluated.v1", "s", {"package_set": "nixpkgs", "commit": COMMIT, "complete": False}),
    event("attribute.evaluated.v1", "a", ATTRIBUTE),
    job("gimp", builder="ssh://nix@build3", cores=8),
    job("gimp", subject_of_data=1).replace(b'"id"', b'"traceparent": "x", "id"'),
)
BAD = (
    (job("gimp", "green"), "data.status", '"green"', "one of succeeded, failed"),
    (job("gimp", "running").replace(b"started.v1", b"finished.v1"), "data.status", '"running"', "one of"),
    (job(""), "data.attr", '""', "1 to 512 characters"),
    (job("a\nb"), "data.attr", "b", "without control characters"),
    (job("x" * 513), "data.attr", "xx", "1 to 512 characters"),
    (job("gimp", commit="4" * 39), "data.commit", "444", "a full commit of 40 hex digits"),
    (job("gimp", commit=COMMIT + "\n"), "data.commit", "444", "a full commit of 40 hex digits"),
    (job("gimp", drv_path="/etc/passwd"), "data.drv_path", '"/etc/passwd"', "/nix/store/HASH-NAME.drv"),
    (job("gimp", "dependency-failed", failed_drvs=["x"]), "data.failed_drvs[0]", '"x"', "HASH-NAME.drv"),
    (job("gimp", attempt=0), "data.attempt", "0", "a whole number from 1"),
    (job("gimp", duration_s=-1), "data.duration_s", "-1", "a number from 0"),
    (job("gimp", is_cached="yes"), "data.is_cached", '"yes"', "true or false"),
    (job("gimp", system="linux"), "data.system", '"linux"', "x86_64-linux"),
    (job("gimp", log_url="no address"), "data.log_url", "no address", "an address with its scheme"),
    (job("gimp", time="2025-10-01T03:10:00+01:00"), "time", "+01:00", "an instant in UTC"),
    (job("gimp", started_at="2025-10-01"), "data.started_at", '"2025-10-01"', "an instant in UTC"),
    (started(counts={"succeeded": -1}), "data.counts.succeeded", "-1", "a whole number from 0"),
    (started(counts={"green": 1}), "data.counts", 'the name "green"', "one of succeeded, failed"),
    (started(scope=7), "data.scope", "7", 'the text "all" or a list or null'),
    (job("gimp", metrics={"size": 5}), "data.metrics.size", "5", "a JSON object with value, unit"),
    (job("gimp", metrics={"size": {"value": "x"}}), "data.metrics.size.value", '"x"', "a number"),
    (job("gimp", metrics={"size": {"value": 1}}), "data.metrics.size.unit", "nothing", "text"),
    (job("gimp", outputs=[1]), "data.outputs", "[1]", "a JSON object or null"),
    (job("gimp", log_excerpt="x" * 9000), "data.log_excerpt", "(9,000 characters)", "at most 8192"),
    (finished(complete=None), "data.complete", "null", "true or false"),
    (event("job.finished.v1", "i", {}), "data.attr", "nothing", "1 to 512 characters"),
    (event("job.finished.v1", "i", [1]), "data", "[1]", "a JSON object"),  # type: ignore[arg-type]
    (event("x", "i", {}), "type", "nixpkgs-health.x", "an event type as"),
    (job("gimp", cores=0), "data.cores", "0", "a whole number from 1"),
    (
        event("derivation.observed.v1", "d", DERIVATION | {"outputs": {}}),
        "data.outputs",
        "{}",
        "path by name",
    ),
    (
        event("derivation.observed.v1", "d", DERIVATION | {"outputs": {"a b": None}}),
        "data.outputs",
        "a b",
        "name",
    ),
    (
        event("derivation.observed.v1", "d", DERIVATION | {"inputs": [INPUT | {"roles": ["a b"]}]}),
        "data.inputs[0].roles[0]",
        '"a b"',
        "the name of a variable",
    ),
    (
        event("derivation.observed.v1", "d", DERIVATION | {"recipe_sha256": "x"}),
        "data.recipe_sha256",
        "x",
        "64 hex",
    ),
    (
        event("output.observed.v1", "o", OUTPUT | {"nar_hash": "sha256:abc"}),
        "data.nar_hash",
        "abc",
        "base 64",
    ),
    (
        event("output.observed.v1", "o", OUTPUT | {"nar_bytes": -1}),
        "data.nar_bytes",
        "-1",
        "a whole number from 0",
    ),
    (event("attribute.evaluated.v1", "a", {}), "data.attr", "nothing", "1 to 512 characters"),
    (job("gimp").replace(b'"1.0"', b'"0.3"'), "specversion", '"0.3"', 'the text "1.0"'),
    (job("gimp").replace(b"https://ci.example.org/unfree", b"a b"), "source", '"a b"', "the address"),
)
BEYOND_A_SCHEMA = (
    (job("gimp", time="2025-02-30T00:00:00Z"), "time", "2025-02-30", "a day of the calendar"),
    (
        job("gimp", started_at="2025-10-02T00:00:00Z", stopped_at="2025-10-01T00:00:00Z"),
        "data.started_at",
        "2025-10-02",
        "not after stopped_at",
    ),
    (
        event("derivation.observed.v1", "d", DERIVATION | {"inputs": [INPUT, INPUT]}),
        "data.inputs",
        "twice",
        "each output of an input once",
    ),
    (
        event("derivation.observed.v1", "d", DERIVATION | {"inputs": [INPUT | {"drv_path": DRV}]}),
        "data.inputs",
        "torch",
        "other derivations than drv_path",
    ),
    (job("gimp", failed_drvs=[DRV]), "data.failed_drvs", "succeeded", "with status dependency-failed only"),
)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(ci_schema.schema())
    return jsonschema.Draft202012Validator(ci_schema.schema())


@pytest.mark.parametrize("line", GOOD)
def test_what_is_good_passes_both(line: bytes, validator: jsonschema.Draft202012Validator) -> None:
    assert isinstance(judge(line, 1), Judged)
    assert list(validator.iter_errors(json.loads(line))) == []


@pytest.mark.parametrize(("line", "field", "seen", "expected"), BAD)
def test_what_is_bad_is_named_by_field(
    line: bytes, field: str, seen: str, expected: str, validator: jsonschema.Draft202012Validator
) -> None:
    verdict = judge(line, 7)
    assert isinstance(verdict, list)
    found = [one for one in verdict if one.field == field]
    assert found, verdict
    assert found[0].line == 7
    assert seen in found[0].seen
    assert expected in found[0].expected
    # `$` lets a line end pass in Python's regular expressions, not in those that JSON Schema means.
    assert COMMIT.encode() + rb"\n" in line or list(validator.iter_errors(json.loads(line)))


@pytest.mark.parametrize(("line", "field", "seen", "expected"), BEYOND_A_SCHEMA)
def test_what_a_schema_cannot_say_is_checked(line: bytes, field: str, seen: str, expected: str) -> None:
    verdict = judge(line, 1)
    assert isinstance(verdict, list)
    assert [(one.field, seen in one.seen, expected in one.expected) for one in verdict] == [
        (field, True, True)
    ]


def test_every_fault_of_a_line_is_named() -> None:
    verdict = judge(job("", "green", commit="x", system=5), 1)
    assert isinstance(verdict, list)
    assert {one.field for one in verdict} == {"data.attr", "data.status", "data.commit", "data.system"}


@pytest.mark.parametrize("line", [b"", b"nope", b"[]", b'"x"', b"[" * 100_000, b'{"a":' * 100_000, b"\xff\n"])
def test_what_is_no_object_is_told_as_a_line(line: bytes) -> None:
    verdict = judge(line, 3)
    assert isinstance(verdict, list)
    assert [(one.line, one.field) for one in verdict] == [(3, "")]


def test_a_type_of_others_is_left_alone() -> None:
    verdict = judge(event("x.v1", "i", {}, type="com.example.build.v2"), 1)
    assert isinstance(verdict, Judged)
    assert verdict.data is None


def test_the_words_are_those_of_the_vocabulary() -> None:
    assert {*get_args(FinalStatus), *get_args(OpenStatus)} == set(STATUS_CLASSES)


def test_types_begin_with_our_prefix_and_fit_the_pattern() -> None:
    assert all(name.startswith(PREFIX) and judge(event("x", "i", {}, type=name), 1) for name in TYPES)
    assert ci_format.PREFIX in ci_schema.text()


def test_the_schema_is_the_same_at_every_call() -> None:
    assert ci_schema.text() == ci_schema.text()
    assert r"\A" not in ci_schema.text()
