"""Finding store paths in a stream of bytes: the hash parts of known paths, and the names behind them."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from models.derivations import ALPHABET, HASH_LENGTH

FEW = 8
"""Up to so many paths, a search for each is faster than one for whatever looks like a hash (measured: a search passes
5 GB/s, looking for hashes 0.4)."""
LONG_RUN = 512
"""From this length on digits are no single hash but data (hex, base 64), and are searched path by path."""

_IS_DIGIT = bytes(code in ALPHABET.encode() for code in range(256))
_RUN = b"\x01" * HASH_LENGTH


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a stream."""

    text: bytes
    hash_part: bytes | None = None
    """Of the store path that it names, by its whole base name or by the hash part alone; None: it names none."""


def base_names(paths: Iterable[str]) -> dict[bytes, bytes]:
    """Hash part -> base name of store paths."""
    names = (path.rpartition("/")[2].encode() for path in paths)
    return {name[:HASH_LENGTH]: name for name in names}


def found(chunks: Iterable[bytes], names: Mapping[bytes, bytes]) -> Iterator[Found]:
    """The stream in parts, in order and complete, in which every occurrence of a known path stands alone.

    `names` is hash part -> base name. An occurrence is the whole base name where it stands in full, else the hash
    part alone. Where the stream is divided into chunks changes no occurrence; what is held back is shorter than the
    longest base name.
    """
    reach = max(map(len, names.values()), default=1)
    held = b""
    for chunk in chunks:
        data = held + chunk if held else chunk
        judged = len(data) - reach + 1
        place = 0
        if judged > 0:
            place = yield from _parts(data, judged, names)
        held = data[place:]
    if held:
        yield from _parts(held, len(held), names)


def _parts(data: bytes, judged: int, names: Mapping[bytes, bytes]) -> Generator[Found, None, int]:
    """Parts of what begins before `judged`; returns where the rest begins."""
    place = 0
    for start, hash_part in _starts(data, names):
        if start >= judged:
            break
        if start < place:
            continue
        if start > place:
            yield Found(data[place:start])
        name = names[hash_part]
        place = start + (len(name) if data.startswith(name, start) else HASH_LENGTH)
        yield Found(data[start:place], hash_part)
    if place < judged:
        yield Found(data[place:judged] if place or judged < len(data) else data)
        return judged
    return place


def _starts(data: bytes, names: Mapping[bytes, bytes]) -> list[tuple[int, bytes]]:
    """Every place at which a known hash part begins, in order."""
    if len(names) <= FEW:
        return _one_by_one(data, 0, len(data), names)
    starts: list[tuple[int, bytes]] = []
    mask = data.translate(_IS_DIGIT)
    place = mask.find(_RUN)
    while place >= 0:
        end = mask.find(b"\x00", place)
        end = len(data) if end < 0 else end
        if end - place > LONG_RUN:
            starts += _one_by_one(data, place, end, names)
        else:
            windows = ((at, data[at : at + HASH_LENGTH]) for at in range(place, end - HASH_LENGTH + 1))
            starts += [(at, window) for at, window in windows if window in names]
        place = mask.find(_RUN, end)
    return starts


def _one_by_one(data: bytes, begin: int, end: int, names: Mapping[bytes, bytes]) -> list[tuple[int, bytes]]:
    starts = []
    for hash_part in names:
        place = data.find(hash_part, begin, end)
        while place >= 0:
            starts.append((place, hash_part))
            place = data.find(hash_part, place + 1, end)
    return sorted(starts)
