"""What a binary cache says of a path (`HASH.narinfo`): lines of a key and a value, in any order."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pipelines.sources.ci import graph_columns, records, store_content
from pipelines.sources.ci.documents import Broken, Rejects
from pipelines.sources.ci.runs import MAX_LINE_BYTES, Reading, Told

NAME = "narinfo"

_FIRST = b"StorePath:"
_NEEDED = (b"URL:", b"NarHash:", b"NarSize:")


def recognises(head: bytes) -> bool:
    """Whether lines begin with the keys that every narinfo has."""
    starts = head.splitlines()[:50]
    return any(line.startswith(_FIRST) for line in starts) and any(
        line.startswith(_NEEDED) for line in starts
    )


def read(lines: Iterable[bytes], told: Told, name: str) -> Reading:
    """The output of each narinfo; several may follow each other. Raises BadInput if nobody tells which cache."""
    source, at = records.whose(told, name)
    rejects = Rejects(name)
    left: Counter[tuple[str, str]] = Counter()
    rows = []
    for part in _parts(lines):
        try:
            known = pairs(part)
            found = store_content.row(
                source,
                at,
                known.get("StorePath"),
                known.get("Deriver"),
                nar=known.get("NarHash", ""),
                nar_bytes=_number(known.get("NarSize", "")),
                file_bytes=_number(known["FileSize"]) if "FileSize" in known else None,
                references=known["References"].split() if "References" in known else None,
            )
        except (Broken, ValueError) as error:
            rejects.add(f"narinfo that cannot be used: {error}", part)
            continue
        if isinstance(found, str):
            left[source, found] += 1
        else:
            rows.append(found)
    return Reading(
        outputs=graph_columns.frame(rows, graph_columns.OUTPUTS),
        rejected=rejects.all(),
        left=tuple((of, kind, n) for (of, kind), n in sorted(left.items())),
    )


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Cut before each path but the first."""
    part: list[bytes] = []
    for line in lines:
        if line.startswith(_FIRST) and any(one.startswith(_FIRST) for one in part):
            yield b"".join(part)
            part = []
        part.append(line)
    if b"".join(part).strip():
        yield b"".join(part)


def pairs(content: bytes) -> dict[str, str]:
    """Keys and values; signatures may repeat, of all other keys the first counts. Raises Broken."""
    if len(content) > MAX_LINE_BYTES:
        raise Broken(f"more than {MAX_LINE_BYTES:,} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Broken("not UTF-8") from None
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        key, colon, value = line.partition(":")
        if not colon:
            raise Broken(f"a line without a colon: {line[:60]!r}")
        if key in found and key != "Sig":
            raise Broken(f"{key[:60]!r} twice")
        found[key] = value.strip()
    for key in ("StorePath", "NarHash", "NarSize"):
        if not found.get(key):
            raise Broken(f"no {key}")
    return found


def _number(text: str) -> int:
    """Raises Broken for what is no whole number."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Broken(f"{text[:60]!r} is no size in bytes")
    return int(text)
