"""Hashes of the contents of store paths and of what they refer to, each once; those of earlier runs not again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from models.derivations import HASH_LENGTH, split_name
from pipelines.errors import BadInput
from pipelines.nix import contents, references, store_paths
from pipelines.nix.contents import Contents, Names
from pipelines.nix.derivation import Derivation
from pipelines.nix.programs import Registered, Store

SOURCE = "source"
"""In place of an output in the key of a path that no derivation made."""
KEPT = 500_000
"""Contents of earlier runs that are remembered: the newest, of some 600 bytes each."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Derivations by path, and the derivation and output that make a store path (of several the first)."""

    derivations: Mapping[str, Derivation]
    made: Mapping[str, tuple[Derivation, str]]


def graph(derivations: Iterable[Derivation]) -> Graph:
    """A graph of derivations."""
    ordered = sorted(derivations, key=lambda one: one.path)
    made: dict[str, tuple[Derivation, str]] = {}
    for one in ordered:
        for name, output in one.outputs.items():
            if output.path is not None:
                made.setdefault(output.path, (one, name))
    return Graph({one.path: one for one in ordered}, made)


@dataclass
class Earlier:
    """What earlier runs hashed, in a file that is only added to while one runs."""

    file: Path
    known: dict[str, Contents] = field(default_factory=dict)

    def load(self) -> None:
        """Read the file, if there is one. What cannot be read is left out: it is hashed again."""
        if not self.file.is_file():
            return
        line = b"\n"
        with self.file.open("rb") as lines:
            for line in lines:
                try:
                    one = msgspec.json.decode(line, type=_Line)
                except (ValueError, RecursionError):
                    continue
                self.known[one.key] = one.contents
        if not line.endswith(b"\n"):  # A run was ended in the middle of it.
            with self.file.open("ab") as lines:
                lines.write(b"\n")
        if len(self.known) > KEPT:
            self.known = dict(list(self.known.items())[-KEPT:])
            part = self.file.with_name(self.file.name + ".part")
            part.write_bytes(b"".join(_line(key, one) for key, one in self.known.items()))
            part.replace(self.file)

    def add(self, key: str, found: Contents) -> None:
        """Remember one, so that a run that is ended loses nothing."""
        self.known[key] = found
        with self.file.open("ab") as lines:
            lines.write(_line(key, found))


class _Line(msgspec.Struct):
    key: str
    contents: Contents


def _line(key: str, found: Contents) -> bytes:
    return msgspec.json.encode({"key": key, "contents": asdict(found)}) + b"\n"


@dataclass
class Counts:
    """What became of the paths."""

    hashed: int = 0
    remembered: int = 0
    nar_bytes: int = 0
    """Of those hashed now."""
    failed: list[str] = field(default_factory=list)
    """Why a path, and what refers to it, has no hashes."""


def hashes(
    registered: Mapping[str, Registered],
    of: Graph,
    store: Store,
    earlier: Earlier,
    counts: Counts,
    progress: Callable[[str], None],
) -> Iterator[tuple[str, Contents]]:
    """Contents of all paths that are registered, each after all that it refers to.

    `of`: the derivations that made the paths, where they are known. A path that cannot be read, or is not what Nix
    registered, is told in `counts.failed`; neither it nor what refers to it comes out.
    """
    ids: dict[str, str] = {}
    for path in _in_order(registered):
        one = registered[path]
        if any(reference not in ids for reference in one.references if reference != path):
            counts.failed.append(f"{path} refers to a path without hashes")
            continue
        names = names_of(one, of, ids)
        key = f"{path} {one.nar_hash} {names.digest()}"
        found = earlier.known.get(key)
        if found is None:
            progress(f"{counts.hashed + counts.remembered + 1:,} of {len(registered):,}: {path[-60:]}")
            try:
                found = contents.read(store.file(path), names)
            except (BadInput, OSError) as error:
                counts.failed.append(f"{path}: {error}")
                continue
            if (
                contents.sri(bytes.fromhex(one.nar_hash)) != found.nar_hash
                or one.nar_bytes != found.nar_bytes
            ):
                counts.failed.append(f"{path} is not what Nix registered: see `nix-store --verify-path`")
                continue
            earlier.add(key, found)
            counts.hashed += 1
            counts.nar_bytes += found.nar_bytes
        else:
            counts.remembered += 1
        ids[path] = found.content
        yield path, found


def _in_order(registered: Mapping[str, Registered]) -> Iterator[str]:
    """Every path after those that it refers to; what is not registered is left out."""
    seen: set[str] = set()
    for path in sorted(registered):
        waiting = [(path, False)]
        while waiting:
            one, is_ready = waiting.pop()
            if is_ready:
                yield one
            elif one not in seen:
                seen.add(one)
                waiting.append((one, True))
                waiting += [(to, False) for to in registered[one].references if to in registered]


def names_of(one: Registered, of: Graph, ids: Mapping[str, str]) -> Names:
    """What to look for in a path: its references, the outputs beside it, and the inputs that it was made with.

    `ids`: `content` of every reference.
    """
    own = {one.path}
    known = {*one.references}
    if one.path in of.made:
        by, _ = of.made[one.path]
        own.update(_paths(by, by.outputs))
        known.update(by.input_srcs)
        for drv, outputs in by.input_drvs.items():
            if drv in of.derivations:
                known.update(_paths(of.derivations[drv], outputs))
    known |= own
    replaced = {path: ids[path].encode() for path in one.references if path != one.path}
    replaced[one.path] = contents.BLANK
    return Names(
        known=references.base_names(known),
        own=frozenset(map(_hash_part, own)),
        keys={_hash_part(path): key(path, of).encode() for path in known},
        contents={_hash_part(path): text for path, text in replaced.items()},
    )


def _paths(derivation: Derivation, outputs: Iterable[str]) -> set[str]:
    found = (derivation.outputs[name].path for name in outputs if name in derivation.outputs)
    return {path for path in found if path is not None}


def key(path: str, of: Graph) -> str:
    """Package and output of a path, `openssl!dev`; of one that no known derivation made, package and `source`."""
    if path in of.made:
        derivation, output = of.made[path]
        return f"{split_name(derivation.name)[0]}!{output}"
    return f"{split_name(store_paths.split(path)[2])[0]}!{SOURCE}"


def _hash_part(path: str) -> bytes:
    return path.rpartition("/")[2][:HASH_LENGTH].encode()
