"""E-mail addresses, which are never stored: texts of CIs quote them from sources and from logs."""

import re

import polars as pl

_NAME = r"[\w.%+-]+"
_DOMAIN = r"[\w-]+(?:\.[\w-]+)+"
_ADDRESS = f"{_NAME}@{_DOMAIN}"
_LEFT_OUT = "(address left out)"
# What begins like an address and is none is passed over whole (`++`): else each of its letters might begin one.
_IN_TEXT = re.compile(rf"(?P<address>{_NAME}+@{_DOMAIN})|{_NAME}+")
# So is an escape: the n of a line's end is no letter of the name that follows it. One of a letter is a letter.
_ESCAPED = r"\\u(?!0040|00[01])[0-9A-Fa-f]{4}"
_NAME_IN_JSON = rf"(?:[\w.%+-]|{_ESCAPED})++"
_LABEL_IN_JSON = rf"(?:[\w-]|{_ESCAPED})+"
_IN_JSON = re.compile(
    rf"(?P<address>{_NAME_IN_JSON}(?:@|\\u0040){_LABEL_IN_JSON}(?:\.{_LABEL_IN_JSON})+)|{_NAME_IN_JSON}|\\.",
    re.DOTALL,
)


def without_addresses(text: pl.Expr) -> pl.Expr:
    """A text of errors without e-mail addresses, which traces of an evaluation quote from its sources."""
    return text.str.replace_all(_ADDRESS, _LEFT_OUT)


def text_without_addresses(text: str) -> str:
    """The same for one text."""
    return _IN_TEXT.sub(_blanked, text) if "@" in text else text


def json_without_addresses(text: str) -> str:
    """The same for a JSON value as it is written, which stays JSON."""
    return _IN_JSON.sub(_blanked, text) if "@" in text or "\\u0040" in text else text


def _blanked(found: re.Match[str]) -> str:
    return _LEFT_OUT if found["address"] else found[0]
