"""What a report costs: child processes measured from outside, in a temporary state and output folder."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pipelines import paths
from pipelines.errors import HealthError

MIB = 1024 * 1024
# ru_maxrss is in KiB on Linux and in bytes on macOS.
MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024

FULL_CPU_SECONDS = 60.0
AGAIN_CPU_SECONDS = 10.0
PEAK_MIB = 2048.0
STATE_PER_INPUT = 3.0

# Beside the input an example holds its story, a small cut for tests and the answers tests compare with.
NOT_INPUT = ("PROVENANCE.md", "episodes_reference.parquet")


@dataclass(frozen=True)
class Cost:
    """What one child process and its own children used."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


def measure(command: list[str], environment: dict[str, str]) -> Cost:
    """Run a command to its end, its output on our error stream; a failure of the child is an error here."""
    started = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise HealthError(
            f"`{' '.join(command[1:])}` ended with exit code {child.returncode}, so there is nothing "
            "to measure: see its message above"
        )
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * MAXRSS_BYTES / MIB)


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of every file under a folder, by path; a missing folder holds none."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def input_bytes(histories: Path) -> int:
    """Bytes of the shipped histories that `report` reads."""
    return sum(
        size
        for name, size in sizes(histories).items()
        if not name.endswith(NOT_INPUT) and "sample" not in Path(name).parts
    )


def line(what: str, seen: str, target: str = "", verdict: str = "") -> str:
    """One row of the table, within 80 columns."""
    return f"{what:<44}{seen:>15}{target:>13}  {verdict}".rstrip()


def against(what: str, seen: float, target: float, unit: str) -> str:
    """One row that compares a reading with its target."""
    verdict = "ok" if seen <= target else "no"
    return line(what, f"{seen:,.1f} {unit}", f"{target:,.0f} {unit}", verdict)


def report(folder: Path) -> list[str]:
    """Build the report from nothing, then again with nothing new, in a folder; the rows of the table."""
    var, build = folder / "var", folder / "build"
    environment = os.environ | {"NIXPKGS_HEALTH_VAR": str(var), "NIXPKGS_HEALTH_BUILD": str(build)}
    command = [str(Path(sys.executable).with_name("nixpkgs-health")), "report"]
    print("bench: a full report from nothing", file=sys.stderr, flush=True)
    full = measure(command, environment)
    log = sizes(var / "log")
    print("bench: the same again, with nothing new", file=sys.stderr, flush=True)
    again = measure(command, environment)
    log_again = sizes(var / "log")
    warehouse = (var / "warehouse.duckdb").stat().st_size
    shipped = input_bytes(paths.EXAMPLES / "histories")
    state = sum(log_again.values()) + warehouse
    appended = "nothing" if log == log_again else f"{len(log_again.keys() - log.keys())} files"
    return [
        against("full report: CPU (user + system)", full.cpu_seconds, FULL_CPU_SECONDS, "s"),
        line("full report: wall clock", f"{full.wall_seconds:,.1f} s"),
        against("full report: peak memory of a process", full.peak_mib, PEAK_MIB, "MiB"),
        against("nothing new: CPU (user + system)", again.cpu_seconds, AGAIN_CPU_SECONDS, "s"),
        line("nothing new: wall clock", f"{again.wall_seconds:,.1f} s"),
        against("nothing new: peak memory of a process", again.peak_mib, PEAK_MIB, "MiB"),
        line("nothing new: appended to the log", appended, "nothing", "ok" if log == log_again else "no"),
        line("shipped input", f"{shipped / MIB:,.1f} MiB"),
        line("event log", f"{sum(log_again.values()) / MIB:,.1f} MiB"),
        line("warehouse", f"{warehouse / MIB:,.1f} MiB"),
        against("log and warehouse / shipped input", state / shipped, STATE_PER_INPUT, "x"),
        line("built site and tables", f"{sum(sizes(build).values()) / MIB:,.1f} MiB"),
    ]
