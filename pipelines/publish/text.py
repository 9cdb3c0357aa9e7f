"""Words and numbers as the report prints them, and the escaping of text from the outside world.

Everything that a source says (names, reasons) goes through `esc` before it meets HTML or Markdown. Formatting
changes no value: exact ones stay in the downloads and in the `title` of what is shown.
"""

import hashlib
import re
from datetime import date, datetime, timedelta
from urllib.parse import quote

from markupsafe import Markup

UNKNOWN = "unknown"
LONGEST = 160
_SPECIAL = re.compile(r"""[&<>"'`*_{}\[\]()#|!\\~^$:+=\-]""")
_SHORT = {"ci": "CI", "eta": "ETA"}
"""Short words that are read letter by letter."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def esc(value: object, limit: int | None = None) -> str:
    """Text that is inert in HTML, in attributes and in Markdown; control characters become one blank."""
    text = _CONTROL.sub(" ", str(value))
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return _SPECIAL.sub(
        lambda found: found[0] if found[0] in "_-" and _inside(found) else f"&#{ord(found[0])};", text
    )


def prose(words: str) -> Markup:
    """A line of our own documentation, escaped; what stands between backticks becomes code."""
    return Markup(re.sub(r"&#96;(.+?)&#96;", r"<code>\1</code>", esc(words)))


def titled(name: str) -> str:
    """Name of a relation as a heading: `ci_details` is "CI details"."""
    words = [_SHORT.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _inside(found: re.Match[str]) -> bool:
    """Whether the character stands between two letters or digits, where it means nothing to Markdown."""
    text, at = found.string, found.start()
    return 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()


def slug(name: str) -> str:
    """A file name for any name: kept if plain, else its plain letters and a short hash, so that two never meet."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60]
    return (
        plain
        if plain and plain == name
        else f"{plain or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    )


def place(kind: str, source: str, name: str) -> str:
    """Path of the page of a jobset or channel, without suffix: kind, source, and the name's own parts."""
    return "/".join(
        [kind, *(slug(part) for part in source.split("/")), *(slug(part) for part in name.split("/"))]
    )


def number(value: float | None, digits: int = 0) -> str:
    """A number with narrow no-break spaces between groups of thousands; unknown stays unknown."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−")


def counted(value: float | None, noun: str, plural: str | None = None) -> str:
    """`1 job`, `1 200 jobs`."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def percent(ratio: float | None, digits: int = 1) -> str:
    """A ratio as a percentage; with two digits near the whole, so that 99.99 never reads as all."""
    if ratio is not None and 0.995 < ratio < 1:
        digits = 2 if ratio < 0.99995 else 4
    return UNKNOWN if ratio is None else f"{number(ratio * 100, digits)}\u202f%"


def days(value: float | None) -> str:
    """A duration given in days, in the unit that reads best, with two or three significant digits."""
    if value is None:
        return UNKNOWN
    if value < 2 and value * 24 < 23.5:
        return f"{number(value * 24, 1 if value * 24 < 10 else 0)} hours"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{number(value, digits)} days"


def bare_days(value: float | None) -> str:
    """The number of `days`, for ranges that name the unit once; always days."""
    return UNKNOWN if value is None else number(value, 2 if value < 10 else 1 if value < 100 else 0)


def day(instant: date | None) -> str:
    """`30 May 2026`."""
    return UNKNOWN if instant is None else f"{instant.day} {instant:%B %Y}"


def exact(instant: datetime | None) -> str:
    """`2026-05-30 06:00:00 UTC`."""
    return UNKNOWN if instant is None else f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def signed(value: float | None, digits: int = 0) -> str:
    """A difference with its sign."""
    return UNKNOWN if value is None else ("+" if value > 0 else "") + number(value, digits)


def json_value(value: object) -> object:
    """A value as the charts' JSON holds it: instants in ISO 8601, durations in seconds."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat() + "T00:00:00Z"
    return value.total_seconds() if isinstance(value, timedelta) else value


def evidence(source: str, kind: str, identifier: object) -> str | None:
    """Address of a build or an evaluation at its source, for sources that are Hydra instances with a host name."""
    tail = str(identifier).rsplit(":", 1)[-1] if identifier is not None else ""
    if (
        not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", source)
        or not tail.isdigit()
        or kind not in ("build", "eval")
    ):
        return None
    return f"https://{source}/{kind}/{quote(tail)}"


def link(text: str, href: str | None) -> str:
    """An HTML link around text that is escaped already; only the text if there is nowhere to go."""
    return text if href is None else f'<a href="{href}">{text}</a>'
