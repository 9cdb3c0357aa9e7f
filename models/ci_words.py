"""The words that fields of the generic format take: texts of a form, whole numbers, statuses."""

from typing import Annotated, Any, Literal

from msgspec import Meta

INSTANT = (
    r"(19[7-9][0-9]|20[0-9][0-9])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z"
)
LARGEST = 2**53
"""Whole numbers stay exact in every JSON reader up to here."""


def _matching(pattern: str, description: str, **more: Any) -> Meta:
    """Text that matches a pattern as a whole."""
    return Meta(pattern=rf"\A(?:{pattern})\Z", description=description, **more)


Text = Annotated[
    str,
    _matching(
        r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*",
        "1 to 512 characters without control characters, not all blank",
        min_length=1,
        max_length=512,
    ),
]
Instant = Annotated[
    str,
    _matching(
        INSTANT,
        "an instant in UTC as 2025-10-01T02:00:00Z, from 1970 to 2099",
        extra_json_schema={"format": "date-time"},
    ),
]
Source = Annotated[
    str,
    _matching(
        r"([A-Za-z][A-Za-z0-9+.\-]*://)?[A-Za-z0-9._~:@!$&'()*+,;=%/\[\]\-]*[A-Za-z0-9._~\]\-]/?",
        "the address that names the CI, as https://ci.example.org/unfree",
        max_length=512,
        extra_json_schema={"format": "uri-reference"},
    ),
]
Uri = Annotated[
    str,
    _matching(
        r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20\x7f<>\x22]+",
        "an address with its scheme, as https://ci.example.org/log/7, of at most 2048 characters",
        max_length=2048,
        extra_json_schema={"format": "uri"},
    ),
]
Commit = Annotated[str, _matching("[0-9a-f]{40}", "a full commit of 40 hex digits in small letters")]
System = Annotated[str, _matching("[a-z0-9_]{1,30}-[a-z0-9_]{1,30}", "a Nix system as x86_64-linux")]
Derivation = Annotated[
    str,
    _matching(
        r"/nix/store/[0-9a-z]{32}-[^/\x00-\x1f\x7f]+\.drv", "a path /nix/store/HASH-NAME.drv", max_length=512
    ),
]
OutputPath = Annotated[
    str,
    _matching(r"/nix/store/[0-9a-z]{32}-[^/\x00-\x1f\x7f]+", "a path /nix/store/HASH-NAME", max_length=512),
]
Sha256 = Annotated[str, _matching("[0-9a-f]{64}", "a SHA-256 of 64 hex digits in small letters")]
NarHash = Annotated[
    str, _matching(r"sha256-[A-Za-z0-9+/]{43}=", "a SHA-256 as Nix writes it: sha256- and base 64")
]
Word = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9+\-._?=]+",
        "the name of an output as Nix allows it: letters, digits and +-._?=",
        max_length=211,
    ),
]
Role = Annotated[
    str,
    _matching(r"[^\x00-\x20\x7f]+", "the name of a variable, without spaces", max_length=512),
]
Excerpt = Annotated[str, Meta(max_length=8192, description="text of at most 8192 characters")]
Count = Annotated[int, Meta(ge=0, le=LARGEST, description="a whole number from 0")]
Positive = Annotated[int, Meta(ge=1, le=LARGEST, description="a whole number from 1")]
Whole = Annotated[int, Meta(ge=-LARGEST, le=LARGEST, description="a whole number")]
Quantity = Annotated[float, Meta(ge=0, description="a number from 0")]

FinalStatus = Literal[
    "succeeded",
    "failed",
    "failed-with-output",
    "hash-mismatch",
    "not-deterministic",
    "log-limit-exceeded",
    "output-limit-exceeded",
    "dependency-failed",
    "timed-out",
    "eval-error",
    "aborted",
    "cancelled",
    "skipped",
    "unsupported",
    "broken-marked",
    "unfree-refused",
    "insecure-refused",
    "platform-refused",
    "refused",
    "missing",
    "unknown",
]
OpenStatus = Literal["queued", "running"]
RunStatus = Literal["succeeded", "eval-error", "aborted", "cancelled"]
Kind = Literal["build", "test", "gpu-test", "eval"]
TimeKind = Literal["measured", "reported", "file"]
