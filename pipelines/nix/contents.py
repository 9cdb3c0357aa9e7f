"""Hashes of a store path's content after more and more of the names in it is taken out, in one reading.

Five SHA-256 come out. N is the archive (`pipelines.nix.nar`); a *known* path is one whose names are looked for.

`nar_hash`        N as it is: what Nix calls NarHash.
`self_blanked`    N, in which the hash part (32 digits) of every path of the same derivation is `BLANK`.
`hashes_blanked`  N, in which the hash part of every known path is `BLANK`. Names stay.
`names_keyed`     the tree, in which the base name (hash, dash, name) of every known path is its key, for example
                  `openssl!dev`; a hash part without its name is `BLANK`.
`content`         the tree, in which the base name of a reference, or its hash part alone, is the `content` of what it
                  refers to (64 hex digits), and that of the path itself is `BLANK`; known paths that are neither stay.

Lengths may change in the last two, so they are hashes of the tree and not of an archive with its sizes and padding.
With H for SHA-256, S for the substitution, and numbers of 8 bytes, least significant first:

    file          H("file" 00 S(content)), for an executable H("executable" 00 S(content))
    symbolic link H("link" 00 S(target))
    folder        H("directory" 00 and for each entry: length of S(name), S(name), hash of what it names),
                  entries sorted by S(name) and then by that hash

An occurrence is found in a name, a target or a content; nowhere does one span two of these.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.derivations import HASH_LENGTH
from pipelines.nix import nar
from pipelines.nix.references import found

BLANK = b"e" * HASH_LENGTH
"""What stands for a hash part: no hash of Nix has an `e`."""


@dataclass(frozen=True, slots=True)
class Names:
    """What is looked for in a content and what stands for it. All by hash part."""

    known: Mapping[bytes, bytes]
    """Base names."""
    own: frozenset[bytes]
    """Paths of the same derivation."""
    keys: Mapping[bytes, bytes]
    """Package and output, of every known path."""
    contents: Mapping[bytes, bytes]
    """`content` of every reference, and `BLANK` for the path itself."""

    def digest(self) -> str:
        """SHA-256 in hex of all this: with equal ones, equal archives have equal hashes."""
        lines = sorted(
            b"\n".join(
                (name, self.keys[part], self.contents.get(part, b""), b"own" if part in self.own else b"")
            )
            for part, name in self.known.items()
        )
        return hashlib.sha256(b"\n\n".join(lines)).hexdigest()


@dataclass(frozen=True, slots=True)
class Contents:
    """Hashes of one content: the archive's as `sha256-` and base 64, the others in hex."""

    nar_hash: str
    nar_bytes: int
    self_blanked: str
    hashes_blanked: str
    names_keyed: str
    content: str


def read(path: Path, names: Names, chunk: int = nar.CHUNK) -> Contents:
    """Read a file or folder once. Raises as `nar.pieces` does."""
    archive, tree = _Streams(3), _Tree()
    size = 0
    for piece in nar.pieces(path, chunk):
        archive.update(piece.before)
        size += len(piece.before) + len(piece.after)
        tree.begin(piece.kind)
        for part in found(piece.texts, names.known):
            size += len(part.text)
            if part.hash_part is None:
                archive.update(part.text)
                tree.add(part.text, part.text)
            else:
                blanked = BLANK + part.text[HASH_LENGTH:]
                archive.part(part.text, blanked if part.hash_part in names.own else part.text, blanked)
                tree.add(*_replaced(part.text, part.hash_part, names))
        archive.update(piece.after)
        tree.end(piece.kind)
    raw, self_blanked, hashes_blanked = archive.digests()
    keyed, content = tree.digests
    return Contents(
        nar_hash=sri(raw),
        nar_bytes=size,
        self_blanked=self_blanked.hex(),
        hashes_blanked=hashes_blanked.hex(),
        names_keyed=keyed.hex(),
        content=content.hex(),
    )


def _replaced(text: bytes, hash_part: bytes, names: Names) -> tuple[bytes, bytes]:
    """What stands for an occurrence in `names_keyed` and in `content`."""
    key = names.keys[hash_part] if len(text) > HASH_LENGTH else BLANK
    return key, names.contents.get(hash_part, text)


def sri(digest: bytes) -> str:
    """A SHA-256 as Nix writes it: `sha256-` and base 64."""
    return "sha256-" + base64.b64encode(digest).decode()


class _Streams:
    """SHA-256 of streams that are mostly equal: each byte is hashed once until they part."""

    def __init__(self, number: int) -> None:
        self._distinct = [hashlib.sha256()]
        self._of = [0] * number

    def update(self, text: bytes) -> None:
        """Go on with the same text in all."""
        for state in self._distinct:
            state.update(text)

    def part(self, *texts: bytes) -> None:
        """Go on with a text for each."""
        places: dict[tuple[int, bytes], int] = {}
        distinct = []
        for number, text in enumerate(texts):
            key = self._of[number], text
            if key not in places:
                places[key] = len(distinct)
                state = self._distinct[key[0]].copy()
                state.update(text)
                distinct.append(state)
            self._of[number] = places[key]
        self._distinct = distinct

    def digests(self) -> list[bytes]:
        """Of each stream."""
        return [self._distinct[place].digest() for place in self._of]


_Two = tuple[bytes, bytes]


class _Tree:
    """Hashes of a tree under two substitutions, from the leaves up."""

    def __init__(self) -> None:
        self._folders: list[list[tuple[_Two, _Two]]] = []
        self._names: list[_Two] = []
        self._name: list[_Two] = []
        self._leaf: _Streams | None = None
        self.digests: _Two = b"", b""
        """Of what was ended last."""

    def begin(self, kind: nar.Kind) -> None:
        """Begin a name, a leaf or a folder."""
        if kind == "directory":
            self._folders.append([])
        elif kind == "entry":
            self._name = []
        elif kind in ("file", "executable", "link"):
            self._leaf = _Streams(2)
            self._leaf.update(kind.encode() + b"\x00")

    def add(self, keyed: bytes, content: bytes) -> None:
        """Go on with the name or the leaf that was begun."""
        if self._leaf is None:
            self._name.append((keyed, content))
        elif keyed is content:
            self._leaf.update(keyed)
        else:
            self._leaf.part(keyed, content)

    def end(self, kind: nar.Kind) -> None:
        """End what was begun last."""
        if kind == "entry":
            keyed, content = zip(*self._name, strict=True)
            self._names.append((b"".join(keyed), b"".join(content)))
        elif self._leaf is not None:
            keyed, content = self._leaf.digests()
            self._leaf = None
            self._place((keyed, content))
        elif kind == "leave":
            entries = self._folders.pop()
            self._place((_folder(entries, 0), _folder(entries, 1)))

    def _place(self, digests: _Two) -> None:
        self.digests = digests
        if self._folders:
            self._folders[-1].append((self._names.pop(), digests))


def _folder(entries: list[tuple[_Two, _Two]], which: int) -> bytes:
    state = hashlib.sha256(b"directory\x00")
    for name, digest in sorted((names[which], digests[which]) for names, digests in entries):
        state.update(len(name).to_bytes(nar.WORD, "little") + name + digest)
    return state.digest()
