"""Single variables of a derivation, plain or among structured attributes."""

from typing import Any

import msgspec

from pipelines.nix.derivation import Derivation
from pipelines.nix.roles import attributes


def value(derivation: Derivation, name: str) -> Any:
    """A text, or with structured attributes any JSON; None where there is none of that name."""
    return attributes(derivation).get(name)


def text(derivation: Derivation, name: str) -> str:
    """The same as text, anything but a text as JSON; empty where there is none."""
    found = value(derivation, name)
    if found is None or isinstance(found, str):
        return found or ""
    return msgspec.json.encode(found).decode()


def words(derivation: Derivation, name: str) -> list[str]:
    """The texts in a list, in order."""
    found = value(derivation, name)
    if isinstance(found, list):
        return [one for one in found if isinstance(one, str)]
    return found.split() if isinstance(found, str) else []


def is_set(derivation: Derivation, name: str) -> bool:
    """Whether a variable says yes."""
    found = value(derivation, name)
    return found is True or found == "1"
