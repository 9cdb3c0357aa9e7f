"""What a derivation's hash and name tell: its 64-bit identity, its package and its version. Identities of texts."""

import hashlib
from collections.abc import Mapping

ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"
"""Digits of the base 32 that Nix writes hashes in: no e, o, t, u."""
HASH_LENGTH = 32
DIGITS = 13
"""Digits of five bits that hold the first 64 bits, with one left over."""


def id64(drv_hash: str) -> int:
    """First 64 bits of a hash as Nix writes it, as a signed integer. Raises ValueError for what is no hash."""
    if len(drv_hash) != HASH_LENGTH or not set(drv_hash) <= set(ALPHABET):
        raise ValueError(f"{drv_hash!r} is no hash of {HASH_LENGTH} digits as Nix writes them")
    number = 0
    for digit in drv_hash[:DIGITS]:
        number = number << 5 | ALPHABET.index(digit)
    number >>= 1
    return number - (1 << 64) if number >> 63 else number


def text_id64(text: bytes | str) -> int:
    """First 64 bits of the SHA-256 of a text, as a signed integer: equal texts have equal numbers.

    Of 10^8 different texts the chance that any two share a number is 3 in 10,000.
    """
    content = text.encode() if isinstance(text, str) else text
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big", signed=True)


def sha256_id64(digest: str) -> int:
    """First 64 bits of a SHA-256 of 64 hex digits, as a signed integer: `text_id64` of what it is the hash of."""
    return int.from_bytes(bytes.fromhex(digest)[:8], "big", signed=True)


def outputs_id64(outputs: Mapping[str, str | None]) -> int | None:
    """Identity of a derivation's output paths by name; None where one is unknown before it is built."""
    if not outputs or not all(outputs.values()):
        return None
    return text_id64("".join(f"{name}={path}\n" for name, path in sorted(outputs.items())))


def split_name(name: str) -> tuple[str, str]:
    """Package and version in a derivation's name by Nix's rule: a version begins after a dash that no letter follows.

    The version is empty where there is none.
    """
    for place, character in enumerate(name[:-1]):
        if character == "-" and not name[place + 1].isalpha():
            return name[:place], name[place + 1 :]
    return name, ""
