"""Names in the store: how they are written, Nix's base 32, and the paths that follow from a hash alone."""

import hashlib
import re

from models.derivations import ALPHABET
from pipelines.errors import BadInput

STORE = "/nix/store"
"""The usual store: what a name without a folder is in."""
DIGIT = f"[{ALPHABET}]"
_PATH = re.compile(rf"((?:/[A-Za-z0-9+\-._?=]+)+)/({DIGIT}{{32}})-([A-Za-z0-9+\-._?=]{{1,211}})")
_PATH_BYTES = 20
"""Bytes that a SHA-256 is folded to in a path."""
ALGORITHMS = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}
"""Hash algorithm -> bytes of its digest."""


def encode32(digest: bytes) -> str:
    """Bytes in Nix's base 32: the last digit holds the lowest bits of the first byte."""
    number = int.from_bytes(digest, "little")
    digits = (len(digest) * 8 + 4) // 5
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))


def decode32(text: str, size: int) -> bytes:
    """The `size` bytes that base 32 holds. Raises ValueError for what is no such text."""
    if len(text) != (size * 8 + 4) // 5 or not set(text) <= set(ALPHABET):
        raise ValueError(f"{text[:64]!r} is no base 32 of {size} bytes")
    number = 0
    for digit in text:
        number = number << 5 | ALPHABET.index(digit)
    if number >> size * 8:
        raise ValueError(f"{text!r} holds more than {size} bytes")
    return number.to_bytes(size, "little")


def split(path: str) -> tuple[str, str, str]:
    """Folder, hash and name of a store path. Raises BadInput for what is none."""
    found = _PATH.fullmatch(path) if len(path) <= 1024 else None
    if found is None:
        raise BadInput(f"{path[:80]!r} is no path of a store such as {STORE}/HASH-NAME.")
    return found[1], found[2], found[3]


def split_drv(path: str) -> tuple[str, str, str]:
    """Folder, hash and name (without `.drv`) of a derivation. Raises BadInput for what is none."""
    store, drv_hash, name = split(path)
    if not name.endswith(".drv") or name == ".drv":
        raise BadInput(f"{path[:80]!r} is no path of a derivation such as {STORE}/HASH-NAME.drv.")
    return store, drv_hash, name.removesuffix(".drv")


def whole(name: str, store: str = STORE) -> str:
    """A store path from one, or from its name without the folder. Raises BadInput for what is neither."""
    path = name if name.startswith("/") else f"{store}/{name}"
    split(path)
    return path


def output_name(name: str, output: str) -> str:
    """Name of an output's path: the first output has the derivation's own."""
    return name if output == "out" else f"{name}-{output}"


def placeholder(drv_hash: str, name: str, output: str) -> str:
    """What stands in a derivation for the path of an input's output that is unknown before it is built."""
    text = f"nix-upstream-output:{drv_hash}:{output_name(name, output)}"
    return "/" + encode32(hashlib.sha256(text.encode()).digest())


def fixed_path(name: str, output: str, method_and_algorithm: str, hex_hash: str, store: str = STORE) -> str:
    """Path of a fixed output, which follows from its hash. Raises BadInput for a hash of another length."""
    algorithm = method_and_algorithm.rpartition(":")[2]
    if algorithm not in ALGORITHMS or not re.fullmatch(f"[0-9a-f]{{{ALGORITHMS[algorithm] * 2}}}", hex_hash):
        raise BadInput(f"{hex_hash[:140]!r} is no hash of the algorithm {method_and_algorithm[:40]!r}.")
    if method_and_algorithm == "r:sha256":
        kind, inner = "source", hex_hash
    else:
        text = f"fixed:out:{method_and_algorithm}:{hex_hash}:"
        kind, inner = f"output:{output}", hashlib.sha256(text.encode()).hexdigest()
    base = output_name(name, output)
    digest = hashlib.sha256(f"{kind}:sha256:{inner}:{store}:{base}".encode()).digest()
    folded = bytearray(_PATH_BYTES)
    for place, byte in enumerate(digest):
        folded[place % _PATH_BYTES] ^= byte
    return f"{store}/{encode32(bytes(folded))}-{base}"
