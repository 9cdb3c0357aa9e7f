"""What an evaluation error says of a package, by its text, in both generations of nixpkgs' wording."""

import re

_QUOTES = str.maketrans("‘’‚‛“”„‟«»`", '\'\'\'\'""""""\'')
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SPACE = re.compile(r"\s+")
_LONGEST = 16 * 1024
"""Characters of a text that are looked at: the reason stands in its first sentence, before any advice."""

_NEWER = re.compile(r"refusing to evaluate package .*? because it (.*)")
_PROBLEMS = re.compile(r"problems?: ?(.*)")
_OTHER_KINDS = ("removal", "deprecated", "maintainerless", "meta")

_REASONS: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("broken-marked", ("is marked as broken",), "broken"),
    ("unfree-refused", ("has an unfree license", "blocklisted license", "not built from source"), None),
    ("insecure-refused", ("is marked as insecure",), "insecure"),
    ("platform-refused", ("is not available on the requested hostplatform",), "unsupported"),
)
"""Status, words of the reason, and kind of problem that mean it. The first that fits is it."""

_MISSING = re.compile(r"attribute '[^']*' (?:in selection path '[^']*' )?(?:missing|not found)")
_HINTS = re.compile(r"\b(?:unfree|insecure|licen[sc]e|hostplatform|marked as|refus\w*)\b")
"""Words of refusals. An error with them that does not say `refusing to evaluate` may be a third wording."""


def status(text: str) -> tuple[str, bool]:
    """Our status of a job whose evaluation failed with this text, and whether its wording is known.

    Not known are refusals whose reason is none of those listed (they are `refused`), and errors that speak of
    licences or the like without refusing (they are `eval-error`, as every other error): count and show them.
    """
    plain = _SPACE.sub(" ", _ANSI.sub("", text[:_LONGEST]).translate(_QUOTES)).casefold().strip()
    if "refusing to evaluate" not in plain:
        if _MISSING.search(plain):
            return "missing", True
        return "eval-error", not _HINTS.search(plain)
    reason = _reason(plain)
    problems = _PROBLEMS.search(reason)
    kinds = set(re.findall(r"[a-z]+", problems[1])) if problems else set()
    for found, words, kind in _REASONS:
        if any(word in reason for word in words) or kind in kinds:
            return found, True
    return "refused", bool(kinds) or any(kind in reason for kind in _OTHER_KINDS)


def _reason(plain: str) -> str:
    """The part of a refusal that says why, without the package's name and without advice.

    Advice names the other reasons too (`allowBroken`, `allowUnfree`), and a name may hold any of the words.
    """
    if newer := _NEWER.search(plain):
        return re.split(r" a\) | to temporarily | you can | see https?://|\. ", newer[1], maxsplit=1)[0]
    before = plain.split("refusing to evaluate", 1)[0]
    return re.split(r"package '[^']*'", before)[-1]
