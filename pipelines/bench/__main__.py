"""What things cost on this machine: `./run bench`.

Prints what was seen beside the targets. Its exit code judges nothing: seconds depend on the machine.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipelines.bench.report import line, report
from pipelines.errors import HealthError

Row = tuple[str, float, str]
TARGETS: dict[str, tuple[float, bool]] = {
    "Hydra JSON: speed / simdjson pass": (0.3, True),
    "Hydra JSON: peak memory beyond the file": (200, False),
    "Hydra database: to the log, CPU": (300_000, True),
    "Generic events: plain, to the log, CPU": (100_000, True),
    "Generic events: first time / again, CPU": (10, True),
    "Hydra database: first time / again, CPU": (10, True),
    "Hydra crawl: first time / again, CPU": (10, True),
    "Derivation graph: recursive query / arrays, CPU": (100, True),
    "Derivation graph: graph library / arrays, CPU": (50, True),
    "Bundled graph: files to counts, CPU": (5, False),
    "Bundled graph: peak memory": (1024, False),
}
"""What a row should be at least (True) or at most (False)."""


def hydra_answers(folder: Path) -> list[Row]:
    """Answers of a Hydra decoded in bulk."""
    from pipelines.bench import hydra_answers as bench

    return bench.hydra_answers(folder)


def generic_events(folder: Path) -> list[Row]:
    """Events of any CI into the log."""
    from pipelines.bench import generic_events as bench

    return bench.generic_events(folder)


def hydra_database(folder: Path) -> list[Row]:
    """A Hydra's database into the log."""
    from pipelines.bench import hydra_database as bench

    return bench.hydra_database(folder)


def derivation_graph(folder: Path) -> list[Row]:
    """What updates rebuild, counted in a large graph."""
    from pipelines.bench import derivation_graph as bench

    return bench.derivation_graph(folder)


def bundled_graph(folder: Path) -> list[Row]:
    """What an update of each package of the bundled graph rebuilds."""
    from pipelines.bench import bundled_graph as bench

    return bench.bundled_graph(folder)


PARTS: dict[str, Callable[[Path], list[Row]]] = {
    "hydra-answers": hydra_answers,
    "generic-events": generic_events,
    "hydra-database": hydra_database,
    "derivation-graph": derivation_graph,
    "bundled-graph": bundled_graph,
}


ON_ONE_CORE = frozenset({"generic-events", "hydra-database"})
"""Parts whose targets are told by the core: threads on two that share their caches cost each other time."""


def told(row: Row) -> str:
    """A row of the table, beside its target where there is one."""
    what, seen, unit = row
    shown = f"{seen:,.0f} {unit}" if abs(seen) >= 1000 else f"{seen:,.2f} {unit}"
    if what not in TARGETS:
        return line(what, shown)
    target, is_least = TARGETS[what]
    holds = seen >= target if is_least else seen <= target
    return line(what, shown, f"{target:,g} {unit}", "ok" if holds else "no")


def main() -> None:
    """Print the table on standard output, progress on the error stream."""
    parser = argparse.ArgumentParser(
        prog="./run bench",
        description="Builds the report twice in a temporary folder (from nothing, then with nothing new), then reads "
        "large inputs of each live source, and prints CPU seconds, peak memory and disk use beside their targets. "
        f"Installation is not counted. On one core: {', '.join(sorted(ON_ONE_CORE))}.",
    )
    names = ["report", *PARTS]
    parser.add_argument("part", nargs="*", metavar="PART", help=f"only these of {', '.join(names)}")
    chosen = parser.parse_args().part or names
    if unknown := [part for part in chosen if part not in names]:
        parser.error(f"{unknown[0]} is none of {', '.join(names)}")
    if len(chosen) == 1:
        if chosen[0] in ON_ONE_CORE:
            _stay_on_one_core(chosen[0])
        print("\n".join(rows(chosen[0])), flush=True)
        return
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.machine()} {platform.system()}"
    )
    print(line("", "seen", "target"), flush=True)
    for part in chosen:
        # Each in a process of its own: a child's peak of memory begins at that of who starts it.
        subprocess.run([sys.executable, "-P", "-m", "pipelines.bench", part], check=False)


def _stay_on_one_core(part: str) -> None:
    """Begin again as a process that knows of one core only, where the system lets it choose: so do its threads."""
    if hasattr(os, "sched_setaffinity") and len(cores := os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {max(cores)})
        os.execv(sys.executable, [sys.executable, "-P", "-m", "pipelines.bench", part])  # noqa: S606


def rows(part: str) -> list[str]:
    """The rows of one part; none, and a sentence on the error stream, where it cannot be measured."""
    print(f"bench: {part}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="nixpkgs-health-bench-") as folder:
        try:
            return (
                report(Path(folder)) if part == "report" else [told(row) for row in PARTS[part](Path(folder))]
            )
        except HealthError as error:
            print(f"bench: {part} was left out: {error}", file=sys.stderr, flush=True)
            return []


if __name__ == "__main__":
    main()
