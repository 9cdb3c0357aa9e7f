"""What `nixpkgs-health nix collect` does: evaluates, reads the graph, hashes outputs, writes one file for the inbox."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import BadInput
from pipelines.nix import aterm, check_roles, collected, hashing, programs
from pipelines.nix.check_roles import Answers
from pipelines.nix.collected import Said
from pipelines.nix.derivation import Derivation
from pipelines.nix.expressions import Evaluated, Expression, evaluate
from pipelines.nix.hashing import Earlier, Graph
from pipelines.nix.programs import Store

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to collect and where to."""

    expression: Expression
    attrs: Sequence[str]
    said: Said
    store: Store
    out: Path
    known: Path
    """File of what earlier runs hashed."""
    asks_tests: bool = False


@dataclass
class Collected:
    """What came of it."""

    out: Path
    attributes: int = 0
    failed: tuple[str, ...] = ()
    """Attributes that do not evaluate."""
    derivations: int = 0
    refused: list[str] = field(default_factory=list)
    """Derivations that cannot be read, and events that the format does not allow."""
    outputs: int = 0
    absent: int = 0
    """Outputs that are not in the store."""
    unknown: int = 0
    """Outputs whose paths are unknown before they are built (content-addressed)."""
    counts: hashing.Counts = field(default_factory=hashing.Counts)

    def sentence(self) -> str:
        """All counts."""
        read = f"{self.counts.hashed:,} paths of {self.counts.nar_bytes / 1e6:,.1f} MB read"
        parts = [
            f"{self.attributes:,} attributes",
            f"{self.derivations:,} derivations",
            f"{self.outputs:,} outputs with hashes ({read}, {self.counts.remembered:,} known from before)",
        ]
        left = [
            (len(self.failed), "attributes do not evaluate"),
            (self.absent, "outputs are not in the store"),
            (self.unknown, "outputs have no path before they are built"),
            (len(self.counts.failed), "paths could not be hashed"),
            (len(self.refused), "derivations or events were left out"),
        ]
        parts += [f"{number:,} {words}" for number, words in left if number]
        return f"{', '.join(parts)}: {self.out}"


def collect(asked: Asked, progress: Progress) -> Collected:
    """Collect, and replace the file at once when all is there.

    Raises BadInput where Nix is missing or fails, and for a source, set, commit or time that is none.
    """
    done = Collected(asked.out)
    try:
        collected.check(asked.said)
    except ValueError as error:
        raise BadInput(f"This cannot be said in the format: {error}.") from None
    for place in (asked.out, asked.known):
        if not place.parent.is_dir():
            raise BadInput(f"There is no folder {place.parent}: make it, or name another place.")
    evaluation = evaluate(asked.expression, asked.attrs, asked.store, progress, asks_tests=asked.asks_tests)
    done.attributes, done.failed = len(evaluation.attributes), evaluation.failed
    progress("reading derivations")
    graph = _graph(asked.store, {one.drv_path for one in evaluation.attributes}, done)
    part = asked.out.with_name(asked.out.name + ".part")
    try:
        with part.open("wb") as file:
            file.writelines(_set(asked, evaluation.attributes, graph, done))
            file.writelines(_derivations(asked, evaluation.attributes, graph, done))
            file.writelines(_outputs(asked, graph, done, progress))
        part.replace(asked.out)
    finally:
        part.unlink(missing_ok=True)
    return done


def _graph(store: Store, drvs: Iterable[str], done: Collected) -> Graph:
    """The derivations in the closure of some."""
    paths = [path for path in programs.requisites(store, drvs) if path.endswith(".drv")]
    return hashing.graph(one for path in paths if (one := _parsed(store, path, done)) is not None)


def _parsed(store: Store, path: str, done: Collected) -> Derivation | None:
    file = store.file(path)
    try:
        with file.open("rb") as content:
            return aterm.parse(content.read(aterm.MAX_BYTES + 1), path)
    except (BadInput, OSError) as error:
        done.refused.append(f"{path}: {error}")
        return None


def _answers(store: Store, attributes: Sequence[Evaluated], done: Collected) -> dict[str, Answers]:
    """By derivation what was asked about tests; of several attributes the one that tells most."""
    found: dict[str, Answers] = {}
    for one in sorted(attributes, key=lambda one: (one.untested is not None, len(one.lists), one.attr)):
        untested = None if one.untested is None else _parsed(store, one.untested, done)
        found[one.drv_path] = Answers(one.lists, untested)
    return found


def _set(asked: Asked, attributes: Sequence[Evaluated], graph: Graph, done: Collected) -> Iterator[bytes]:
    """The set and its attributes: those first, since the set tells how many there are."""
    lines = []
    for one in attributes:
        derivation = graph.derivations.get(one.drv_path)
        if derivation is None:
            continue  # It was refused, and that is told.
        lines += _allowed(done, one.attr, collected.attribute, asked.said, one.attr, derivation)
    yield collected.package_set(asked.said, len(lines), is_whole=not asked.attrs)
    yield from lines


def _derivations(
    asked: Asked, attributes: Sequence[Evaluated], graph: Graph, done: Collected
) -> Iterator[bytes]:
    answers = _answers(asked.store, attributes, done)
    known = graph.derivations
    for path, one in known.items():
        inputs = check_roles.inputs(one, known, answers.get(path))
        lines = _allowed(done, path, collected.derivation, asked.said, one, known, inputs)
        done.derivations += len(lines)
        yield from lines


def _outputs(asked: Asked, graph: Graph, done: Collected, progress: Progress) -> Iterator[bytes]:
    makers: dict[str, list[tuple[Derivation, str]]] = {}
    for one in graph.derivations.values():
        for name, output in one.outputs.items():
            if output.path is None:
                done.unknown += 1
            else:
                makers.setdefault(output.path, []).append((one, name))
    progress("asking which outputs are in the store")
    there = programs.valid(asked.store, makers)
    done.absent = len(makers) - len(there)
    registered = programs.registered(asked.store, programs.requisites(asked.store, there))
    earlier = Earlier(asked.known)
    earlier.load()
    for path, found in hashing.hashes(registered, graph, asked.store, earlier, done.counts, progress):
        for one, name in makers.get(path, ()):
            closure = collected.closure_bytes(registered, path)
            told = registered[path]
            lines = _allowed(done, path, collected.output, asked.said, one, name, found, told, closure)
            done.outputs += len(lines)
            yield from lines


def _allowed(done: Collected, what: str, event: Callable[..., bytes], *told: object) -> list[bytes]:
    """The event; none where the format does not allow it, and then that is told."""
    try:
        return [event(*told)]
    except ValueError as error:
        done.refused.append(f"{what}: {error}")
        return []
