"""Kinds of columns: what a text from outside must look like to become a value.

A `Field` either gives a typed value or null; null for a text that is there means that the text is not what it
should be. Nothing here reads files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

EARLIEST = datetime(2003, 1, 1, tzinfo=UTC)
"""Nix is from 2003: an instant before cannot be about it."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""A fixed end instead of today: what is rejected must not depend on the day of reading."""


@dataclass(frozen=True)
class Field:
    """A column: `parse` turns text into a value, null where it is not `what`. Empty text is null."""

    name: str
    what: str
    parse: Callable[[pl.Expr], pl.Expr]
    is_optional: bool = False


def matching(name: str, pattern: str, what: str, *, is_optional: bool = False) -> Field:
    """Text that matches a regular expression as a whole."""
    whole = rf"\A(?:{pattern})\z"
    return Field(name, what, lambda text: pl.when(text.str.contains(whole)).then(text), is_optional)


def word(name: str, *, longest: int = 100, is_optional: bool = False) -> Field:
    """A name of letters, digits and `. _ + -`, as of packages, channels and releases; never with `..`."""
    parsed = matching(name, rf"[A-Za-z0-9][A-Za-z0-9._+\-]{{0,{longest - 1}}}", "").parse
    what = f"a name of at most {longest} letters, digits and . _ + -"
    return Field(
        name,
        what,
        lambda text: pl.when(~text.str.contains("..", literal=True)).then(parsed(text)),
        is_optional,
    )


def revision(name: str, *, is_optional: bool = False) -> Field:
    """A full commit."""
    return matching(name, "[0-9a-f]{40}", "a commit of 40 hex digits", is_optional=is_optional)


def digits(name: str, *, is_optional: bool = False) -> Field:
    """A positive whole number that stays text, as the id of a build."""
    return matching(name, "[1-9][0-9]{0,17}", "a positive whole number", is_optional=is_optional)


def instant(name: str, *, is_optional: bool = False) -> Field:
    """A UTC instant to the second, from `EARLIEST` to before `LATEST`."""
    pattern = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9]Z\z"

    def parse(text: pl.Expr) -> pl.Expr:
        shaped = pl.when(text.str.contains(pattern)).then(text)
        value = shaped.str.to_datetime(
            "%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False
        ).dt.replace_time_zone("UTC")
        return pl.when(value.is_between(EARLIEST, LATEST, closed="left")).then(value)

    return Field(name, "a UTC instant between 2003 and 2100, as 2018-06-14T21:57:18Z", parse, is_optional)


def day(name: str, *, is_optional: bool = False) -> Field:
    """A calendar date, from `EARLIEST` to before `LATEST`."""

    def parse(text: pl.Expr) -> pl.Expr:
        shaped = pl.when(text.str.contains(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z")).then(text)
        value = shaped.str.to_date("%Y-%m-%d", strict=False)
        return pl.when(value.is_between(EARLIEST.date(), LATEST.date(), closed="left")).then(value)

    return Field(name, "a date between 2003 and 2100, as 2018-06-14", parse, is_optional)
