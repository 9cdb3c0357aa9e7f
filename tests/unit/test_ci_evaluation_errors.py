"""What texts of evaluation errors mean, in both generations of wording and in either kind of quotes."""

import pytest

from models.vocabulary import STATUS_CLASSES
from pipelines.sources.ci.evaluation_errors import status

FILE = "/nix/store/bq3psfj2w5ppk4ay0cpzn9ws7l1hxhbr-source/pkgs/by-name/fo/foo/package.nix:83"
ADVICE = """

a) To temporarily allow broken or unfree packages, you can use an environment variable
   $ export NIXPKGS_ALLOW_BROKEN=1 NIXPKGS_ALLOW_UNFREE=1
   so that a package which is marked as broken or has an unfree license is evaluated."""

REASONS = {
    "is marked as broken": "broken-marked",
    "has an unfree license (‘unfree’)": "unfree-refused",
    "has a blocklisted license (‘gpl3Plus’)": "unfree-refused",
    "contains elements not built from source (‘binaryNativeCode’)": "unfree-refused",
    "is marked as insecure": "insecure-refused",
    'is not available on the requested hostPlatform:\n  hostPlatform.system = "x86_64-linux"': "platform-refused",
    "has an invalid meta attrset:\n  - foo.meta.x: unrecognized": "refused",
}


@pytest.mark.parametrize(("reason", "expected"), REASONS.items())
def test_older_and_newer_wording_mean_the_same(reason: str, expected: str):
    for text in (
        f"error: Package ‘foo-1.0’ in {FILE} {reason}, refusing to evaluate.{ADVICE}",
        f"error: Package 'foo-1.0' in {FILE} {reason}, REFUSING TO EVALUATE.",
        f"error: Package 'foo-1.0' {reason}, refusing to evaluate.",
        f"error: Refusing to evaluate package 'foo-1.0' in {FILE} because it {reason}{ADVICE}",
        f"error: …\n\n  \x1b[31;1merror:\x1b[0m Refusing to evaluate package ‘foo-1.0’ in {FILE} because it {reason}",
    ):
        assert status(text) == (expected, True), text


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        ("has problems: broken", "broken-marked"),
        ("has problems:\n  - broken\n", "broken-marked"),
        ("has problems: - insecure: CVE", "insecure-refused"),
        ("has problems: unsupported", "platform-refused"),
        ("has problems: insecure, broken", "broken-marked"),
        ("has problems: removal", "refused"),
        ("has problems: deprecated, maintainerless", "refused"),
    ],
)
def test_problems_of_the_newer_wording(problems: str, expected: str):
    text = f"Refusing to evaluate package 'foo-1.0' in {FILE} because it {problems}{ADVICE}"
    assert status(text) == (expected, True)


def test_the_package_s_own_name_is_no_reason():
    text = (
        "error: Package 'problems: is marked as broken' in x:1 has an unfree license, refusing to evaluate."
    )
    assert status(text)[0] == "unfree-refused"


@pytest.mark.parametrize(
    "text",
    [
        "error: attribute 'foo' missing",
        "error: attribute ‘foo’ missing, at /nix/store/x.nix:1:1",
        "error: attribute 'foo' in selection path 'foo' not found",
    ],
)
def test_an_attribute_that_is_not_there(text: str):
    assert status(text) == ("missing", True)


@pytest.mark.parametrize(
    "text", ["error: assertion failed", "", "error: infinite recursion encountered", "error: this is broken"]
)
def test_everything_else_is_an_error_of_the_evaluation(text: str):
    assert status(text) == ("eval-error", True)


def test_wordings_that_are_not_known_are_told():
    assert status("Refusing to evaluate package 'x' in y because it smells") == ("refused", False)
    assert status("error: package x has an unfree licence; will not evaluate") == ("eval-error", False)


def test_long_and_strange_texts_end_soon():
    for text in (
        "refusing to evaluate package " * 10**5,
        "‘" * 10**6,
        "attribute '" * 10**5,
        "\0\ud800" * 1000,
    ):
        assert status(text)[0] in STATUS_CLASSES
