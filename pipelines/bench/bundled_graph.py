"""What an update of each package of the bundled derivation graph rebuilds: from its files to the counts, in a child.

The child reads the three tables of nixpkgs at a commit of July 2017, numbers the derivations, and counts for every
package how many need it. Its CPU and its peak of memory are its own.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from pipelines import paths
from pipelines.errors import HealthError
from pipelines.graph import graph, order

HISTORY = paths.EXAMPLES / "histories" / "nixpkgs-graph"
MIB = 1024 * 1024
# ru_maxrss is in KiB on Linux and in bytes on macOS.
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


def bundled_graph(_: Path) -> list[tuple[str, float, str]]:
    """CPU seconds, peak memory, packages and the sum of all counts."""
    command = [sys.executable, "-m", "pipelines.bench.bundled_graph"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HealthError(f"Counting in the bundled graph ended with {done.returncode}: {last}")
    seconds, peak, packages, builds = map(float, done.stdout.split())
    return [
        ("Bundled graph: packages as roots", packages, "packages"),
        ("Bundled graph: builds, one wave a package", builds, "builds"),
        ("Bundled graph: files to counts, CPU", seconds, "s"),
        ("Bundled graph: peak memory", peak / MIB, "MiB"),
    ]


def counts(folder: Path = HISTORY) -> np.ndarray:
    """For each package of the folder's newest graph, how many packages are it or need it."""
    import polars as pl

    nodes = pl.read_parquet(next(folder.glob("nodes-*.parquet")), columns=["id", "fixed_output"])
    edges = pl.read_parquet(next(folder.glob("edges-*.parquet")), columns=["drv", "input"]).unique()
    jobs = pl.read_parquet(next(folder.glob("jobs-*.parquet")), columns=["drv"])["drv"].unique()
    identity = np.sort(nodes["id"].to_numpy())
    dependent = np.searchsorted(identity, edges["drv"].to_numpy())
    inputs = np.searchsorted(identity, edges["input"].to_numpy())
    depth = order.depths(len(identity), dependent, inputs)
    by_depth = np.argsort(depth, kind="stable")
    number = np.empty(len(identity), dtype=np.int32)
    number[by_depth] = np.arange(len(identity), dtype=np.int32)
    dependent, inputs = number[dependent], number[inputs]
    by = np.argsort(dependent, kind="stable")
    is_fixed = np.zeros(len(identity), dtype=bool)
    fixed = nodes.filter(nodes["fixed_output"].cast(pl.Boolean))["id"].to_numpy()
    is_fixed[number[np.searchsorted(identity, fixed)]] = True
    cut = graph.of(depth[by_depth], dependent[by], inputs[by]).cut_at(is_fixed)
    packages = number[np.searchsorted(identity, jobs.to_numpy())]
    packages = np.sort(packages[~is_fixed[packages]])
    bits = cut.reached([packages[n : n + 1] for n in range(len(packages))])[packages]
    return graph.per_group(bits, np.arange(len(packages)), len(packages))


def main() -> None:
    """In the child: print seconds, peak in bytes, packages, and the sum of the counts."""
    begun = time.process_time()
    found = counts()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES
    print(time.process_time() - begun, peak, len(found), int(found.sum()))


if __name__ == "__main__":
    main()
