"""What Nix's messages say of derivations, in the wording up to 2.28 and in that since 2.29."""

import re
from collections.abc import Callable
from dataclasses import dataclass

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
DRV = r"/nix/store/[0-9a-z]{32}-[0-9A-Za-z+\-._?=]{1,211}\.drv"
STORE_PATH = re.compile(r"/nix/store/[0-9a-z]{32}-[0-9A-Za-z+\-._?=]{1,211}")
_SYSTEM = r"[a-z0-9_]{2,32}-[a-z0-9_]{2,32}"
_LONGEST = 256 * 1024
"""Characters of a text that are looked at, from its end: the verdict stands there."""

OWN = frozenset({"failed", "hash-mismatch", "not-deterministic", "log-limit-exceeded", "timed-out"})


@dataclass(frozen=True)
class Finding:
    """A message about one derivation."""

    drv: str
    status: str
    words: str
    """The message without the derivation: what Nix calls the failure."""
    cause_known: bool = True
    system: str | None = None
    """System of the derivation, where the message names it."""

    @property
    def is_own(self) -> bool:
        """Whether the derivation failed by itself."""
        return self.status in OWN and self.cause_known


_OUTPUTS = r"(?:[!^][^'\n]{0,200})?"
_SIGNAL = r" due to signal \d{1,9}(?: \([^)\n]{1,40}\))?"
_LIMIT = rf"'DRV{_OUTPUTS}'(?: from \.drv file)? "
_OLDER: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern.replace("DRV", f"(?P<drv>{DRV})")), status)
    for pattern, status in (
        (
            rf"builder for 'DRV' (?P<words>failed(?: with exit code \d{{1,9}}|{_SIGNAL}| to produce output path)?)",
            "failed",
        ),
        (r"\d{1,9} dependenc(?:y|ies) of derivation 'DRV' (?P<words>failed to build)", "dependency-failed"),
        (
            rf"a '(?P<system>{_SYSTEM})' with features \{{[^}}\n]{{0,500}}\}} (?P<words>is required to build) 'DRV'",
            "unsupported",
        ),
        (_LIMIT + r"(?P<words>timed out after [^\n]{0,60})", "timed-out"),
        (_LIMIT + r"(?P<words>killed after writing more than [^\n]{0,60})", "log-limit-exceeded"),
        (r"(?P<words>hash mismatch) in fixed-output derivation 'DRV'", "hash-mismatch"),
        (r"derivation 'DRV' (?P<words>may not be deterministic)", "not-deterministic"),
    )
)
_NEWER = re.compile(
    rf"[Cc]annot build '(?P<drv>{DRV}){_OUTPUTS}'\.?\s+Reason:[ \t]*(?P<words>[^\n]{{0,200}})"
)
_REASONS: tuple[tuple[Callable[[str], object], str], ...] = (
    (re.compile(r"\d+ dependenc(?:y|ies) failed").match, "dependency-failed"),
    (
        re.compile(
            r"required system or feature not available|missing system features|platform mismatch"
        ).match,
        "unsupported",
    ),
    (re.compile(r"timed out after").search, "timed-out"),
    (re.compile(r"killed after writing more than").search, "log-limit-exceeded"),
    (re.compile(r"hash mismatch").search, "hash-mismatch"),
    (re.compile(r"may not be deterministic").search, "not-deterministic"),
    (re.compile(r"builder .*failed|.*failed to produce output").match, "failed"),
)
_SUMMARY = re.compile(rf"build of (?P<drvs>'{DRV}{_OUTPUTS}'(?:, '{DRV}{_OUTPUTS}')*+) failed")
_IN_QUOTES = re.compile(rf"'(?P<drv>{DRV})")


def findings(text: str) -> list[Finding]:
    """What is said of each derivation that the text names; the most telling message of each, by derivation."""
    plain = ANSI.sub("", text[-_LONGEST:])
    found: dict[str, Finding] = {}
    for pattern, status in _OLDER:
        for match in pattern.finditer(plain):
            _keep(found, match["drv"], status, match["words"], system=match.groupdict().get("system"))
    for match in _NEWER.finditer(plain):
        words = match["words"].strip().rstrip(".")
        status = next((status for fits, status in _REASONS if fits(words)), None)
        _keep(found, match["drv"], status or "failed", words, cause_known=status is not None)
    for match in _SUMMARY.finditer(plain):
        for named in _IN_QUOTES.finditer(match["drvs"]):
            _keep(found, named["drv"], "failed", "build failed", cause_known=False)
    return [found[drv] for drv in sorted(found)]


def _keep(
    found: dict[str, Finding],
    drv: str,
    status: str,
    words: str,
    *,
    cause_known: bool = True,
    system: str | None = None,
) -> None:
    """Keep a message unless the derivation has one that tells as much; a known cause tells more."""
    old = found.get(drv)
    if old is None or cause_known and not old.cause_known:
        found[drv] = Finding(drv, status, words.strip()[:200], cause_known, system)
