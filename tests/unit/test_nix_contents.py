"""Archives, names found in streams, and hashes of contents with names taken out."""

import base64
import hashlib
import os
import random
import socket
import struct
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.derivations import ALPHABET
from pipelines.errors import BadInput
from pipelines.nix import contents, nar, references
from pipelines.nix.contents import BLANK, Names
from pipelines.nix.references import found

LIB = b"0c5xb8vw40dy178xlpddw65q9gf1h218-lib-1.0"
LIB_NEXT = b"1d5xb8vw40dy178xlpddw65q9gf1h219-lib-1.0.10"
OWN = b"2f5xb8vw40dy178xlpddw65q9gf1h21a-app-2"
DEV = b"3g5xb8vw40dy178xlpddw65q9gf1h21b-app-2-dev"


def names(lib: bytes = LIB, own: bytes = OWN, lib_content: bytes = b"a" * 64) -> Names:
    """Of an application with a sibling output that names one library."""
    return Names(
        known={one[:32]: one for one in (lib, own, DEV)},
        own=frozenset((own[:32], DEV[:32])),
        keys={lib[:32]: b"lib!out", own[:32]: b"app!out", DEV[:32]: b"app!dev"},
        contents={lib[:32]: lib_content, own[:32]: BLANK},
    )


def text(*parts: bytes) -> bytes:
    """Texts as an archive holds them, by the form's own words."""
    return b"".join(struct.pack("<Q", len(one)) + one + b"\0" * (-len(one) % 8) for one in parts)


def test_an_archive_is_the_published_form(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "b").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"123456789")
    (root / "B").write_bytes(b"")
    (root / "b" / "run").write_bytes(b"#!/bin/sh\n")
    (root / "b" / "run").chmod(0o755)
    (root / "link").symlink_to("b/./run")
    expected = (
        text(b"nix-archive-1", b"(", b"type", b"directory")
        + text(b"entry", b"(", b"name", b"B", b"node")
        + text(b"(", b"type", b"regular", b"contents", b"", b")", b")")
        + text(b"entry", b"(", b"name", b"a.txt", b"node")
        + text(b"(", b"type", b"regular", b"contents", b"123456789", b")", b")")
        + text(b"entry", b"(", b"name", b"b", b"node", b"(", b"type", b"directory")
        + text(b"entry", b"(", b"name", b"run", b"node", b"(", b"type", b"regular", b"executable", b"")
        + text(b"contents", b"#!/bin/sh\n", b")", b")", b")", b")")
        + text(b"entry", b"(", b"name", b"link", b"node")
        + text(b"(", b"type", b"symlink", b"target", b"b/./run", b")", b")", b")")
    )
    assert b"".join(nar.archive(root)) == expected
    assert b"".join(nar.archive(root, chunk=4)) == expected
    told = contents.read(root, names())
    assert told.nar_bytes == len(expected)
    assert told.nar_hash == "sha256-" + base64.b64encode(hashlib.sha256(expected).digest()).decode()
    # Nothing is named, so that nothing was taken out.
    assert told.self_blanked == told.hashes_blanked == hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_path_may_be_a_single_file_or_link(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    if kind == "file":
        root.write_bytes(b"x")
        expected = text(b"nix-archive-1", b"(", b"type", b"regular", b"contents", b"x", b")")
    else:
        root.symlink_to(tmp_path / "nowhere")
        target = os.fsencode(tmp_path / "nowhere")
        expected = text(b"nix-archive-1", b"(", b"type", b"symlink", b"target", target, b")")
    assert b"".join(nar.archive(root)) == expected


def test_names_may_be_any_bytes(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe")
    (tmp_path / odd).write_bytes(b"")
    (tmp_path / "\u00e9").write_bytes(b"")
    (tmp_path / "z").symlink_to(odd)
    whole = b"".join(nar.archive(tmp_path))
    assert whole.index(b"z") < whole.index("\u00e9".encode()) < whole.rindex(b"\xff\xfe")
    assert text(b"target", b"\xff\xfe") in whole


def test_folders_may_be_deeper_than_python_recurses(tmp_path: Path) -> None:
    made = [tmp_path]
    for _ in range(sys.getrecursionlimit() + 1):
        made.append(made[-1] / "d")
        made[-1].mkdir()
    told = contents.read(tmp_path, names())
    for folder in reversed(made[1:]):
        folder.rmdir()
    level = text(b"entry", b"(", b"name", b"d", b"node", b"(", b"type", b"directory", b")", b")")
    alone = text(b"nix-archive-1", b"(", b"type", b"directory", b")")
    assert told.nar_bytes == len(alone) + len(level) * (len(made) - 1)


def test_what_no_store_path_may_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
        with pytest.raises(BadInput, match="no file, link or folder"):
            contents.read(tmp_path, names())


def test_a_file_that_grows_or_shrinks_meanwhile_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for after in (b"12345", b"123456789012"):
        file.write_bytes(b"12345678")
        told = iter(nar.pieces(file, chunk=4))
        assert next(told).kind == "start"
        piece = next(told)
        file.write_bytes(after)
        with pytest.raises(BadInput, match="changed while it was read"):
            list(piece.texts)


# Streams


def by_eye(data: bytes, known: dict[bytes, bytes]) -> list[tuple[bytes, bytes | None]]:
    """What is found, by looking at every place."""
    parts: list[tuple[bytes, bytes | None]] = []
    place, plain = 0, b""
    while place < len(data):
        window = data[place : place + 32]
        if window in known:
            parts += [(plain, None)] if plain else []
            name = known[window]
            length = len(name) if data[place : place + len(name)] == name else 32
            parts.append((data[place : place + length], window))
            place, plain = place + length, b""
        else:
            plain += data[place : place + 1]
            place += 1
    return [*parts, (plain, None)] if plain else parts


def told(chunks: list[bytes], known: dict[bytes, bytes]) -> list[tuple[bytes, bytes | None]]:
    """What is found, with texts that follow one another joined."""
    parts: list[tuple[bytes, bytes | None]] = []
    for one in found(chunks, known):
        assert one.text
        if parts and parts[-1][1] is None and one.hash_part is None:
            parts[-1] = parts[-1][0] + one.text, None
        else:
            parts.append((one.text, one.hash_part))
    return parts


DIGITS = st.sampled_from(ALPHABET.encode()).map(lambda code: bytes([code]))
PIECES = st.one_of(
    st.sampled_from([LIB, OWN, DEV, LIB[:32], LIB[:31], LIB[1:], LIB[:34], b"/nix/store/", b"\0", b"-"]),
    st.lists(DIGITS, max_size=70).map(b"".join),
    st.binary(max_size=8),
)


@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(1, 80), st.booleans())
def test_every_occurrence_is_found_wherever_chunks_end(data: bytes, size: int, many: bool) -> None:
    known = dict(names().known)
    if many:  # more than are searched one by one
        others = random.Random(7)
        for number in range(references.FEW):
            part = "".join(others.choices(ALPHABET, k=32)).encode()
            known[part] = part + b"-other-%d" % number
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert told(chunks, known) == by_eye(data, known)
    assert b"".join(text for text, _ in told(chunks, known)) == data


def test_a_hash_in_a_long_run_of_digits_is_found() -> None:
    digits = random.Random(5)
    run = "".join(digits.choices(ALPHABET, k=4 * references.LONG_RUN)).encode()
    known = {part: part + b"-x" for part in (run[at : at + 32] for at in range(40, 1500, 100))}
    assert len(known) > references.FEW
    assert [part for _, part in told([run], known) if part] == list(known)


# Substitutions


def tree(root: Path, lib: bytes, own: bytes, make: Callable[[Path], object] = lambda _: None) -> Path:
    """An output that names its library, itself and its sibling in contents, targets and names."""
    root.mkdir()
    (root / "program").write_bytes(
        b"load /nix/store/" + lib + b"/lib and /nix/store/" + own + b", " + lib[:32]
    )
    (root / "program").chmod(0o755)
    (root / "plain").write_bytes(b"nothing")
    (root / os.fsdecode(lib)).symlink_to("/nix/store/" + os.fsdecode(lib))
    (root / "dev").symlink_to("/nix/store/" + os.fsdecode(DEV) + "/include")
    (root / "0-first").mkdir()
    (root / "1-second").mkdir()
    make(root)
    return root


def differing(one: contents.Contents, other: contents.Contents) -> set[str]:
    fields = ("nar_hash", "self_blanked", "hashes_blanked", "names_keyed", "content")
    return {name for name in fields if getattr(one, name) != getattr(other, name)}


OTHER_OWN = b"4" + OWN[1:]
BASE = names()


def test_another_own_path_is_blanked_in_all(tmp_path: Path) -> None:
    one = contents.read(tree(tmp_path / "a", LIB, OWN), BASE)
    other = contents.read(tree(tmp_path / "b", LIB, OTHER_OWN), names(own=OTHER_OWN))
    assert differing(one, other) == {"nar_hash"}


def test_another_hash_of_a_reference_is_blanked_from_the_second_strength_on(tmp_path: Path) -> None:
    # Not in the name of a file, by which an archive is ordered.
    moved = b"0d" + LIB[2:]
    one = contents.read(tree(tmp_path / "a", LIB, OWN), BASE)
    other = contents.read(tree(tmp_path / "b", moved, OWN), names(moved))
    assert differing(one, other) == {"nar_hash", "self_blanked"}


def test_another_name_of_a_reference_is_keyed_and_moves_no_size(tmp_path: Path) -> None:
    one = contents.read(tree(tmp_path / "a", LIB, OWN), BASE)
    other = contents.read(tree(tmp_path / "b", LIB_NEXT, OWN), names(LIB_NEXT))
    assert differing(one, other) == {"nar_hash", "self_blanked", "hashes_blanked"}


def test_what_a_reference_refers_to_is_in_the_content_alone(tmp_path: Path) -> None:
    root = tree(tmp_path / "a", LIB, OWN)
    other = contents.read(root, names(lib_content=b"b" * 64))
    assert differing(contents.read(root, BASE), other) == {"content"}


@pytest.mark.parametrize(
    "make",
    [
        lambda root: (root / "plain").write_bytes(b"Nothing"),
        lambda root: (root / "plain").chmod(0o755),
        lambda root: (root / "plain").rename(root / "plainer"),
        lambda root: (root / "0-first").rmdir(),
        lambda root: ((root / "0-first").rmdir(), (root / "0-first").write_bytes(b"")),
        lambda root: ((root / "dev").unlink(), (root / "dev").symlink_to("elsewhere")),
        lambda root: (root / "plain").rename(root / "1-second" / "plain"),
    ],
    ids=["content", "rights", "name", "folder", "kind", "target", "place"],
)
def test_any_other_difference_is_in_every_hash(tmp_path: Path, make: Callable[[Path], object]) -> None:
    one = contents.read(tree(tmp_path / "a", LIB, OWN), BASE)
    other = contents.read(tree(tmp_path / "b", LIB, OWN, make), BASE)
    assert len(differing(one, other)) == 5


def test_the_tree_is_hashed_as_it_is_written_down(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "f").write_bytes(b"see " + LIB + b"!")
    (root / os.fsdecode(OWN)).symlink_to("x")

    def by_hand(lib: bytes, own: bytes) -> str:
        def digest(content: bytes) -> bytes:
            return hashlib.sha256(content).digest()

        entries = sorted([(b"f", digest(b"file\0see " + lib + b"!")), (own, digest(b"link\0x"))])
        body = b"".join(struct.pack("<Q", len(name)) + name + of for name, of in entries)
        return digest(b"directory\0" + body).hex()

    told = contents.read(root, BASE)
    assert told.names_keyed == by_hand(b"lib!out", b"app!out")
    assert told.content == by_hand(b"a" * 64, BLANK)


@pytest.mark.parametrize("size", [1, 7, 31, 32, 33, 64])
def test_sizes_of_chunks_change_nothing(tmp_path: Path, size: int) -> None:
    root = tree(tmp_path / "a", LIB, OWN)
    assert contents.read(root, BASE, chunk=size) == contents.read(root, BASE)


def test_equal_digests_of_names_are_equal_names() -> None:
    others = [
        names(LIB_NEXT),
        names(own=OTHER_OWN),
        names(lib_content=b"b" * 64),
        replace(BASE, own=frozenset()),
        replace(BASE, keys={**BASE.keys, LIB[:32]: b"lib!dev"}),
    ]
    assert len({BASE.digest(), names().digest(), *(one.digest() for one in others)}) == 1 + len(others)


def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        for _ in range(64):
            file.write(b"/nix/store/" + LIB + bytes((1 << 20) - 11 - len(LIB)))
    tracemalloc.start()
    contents.read(tmp_path, BASE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 << 20
