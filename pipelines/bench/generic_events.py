"""What events of any CI cost on their way from a file into the log."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.ci_format import PREFIX
from pipelines.bench import ROUNDS
from pipelines.log.store import EventLog
from pipelines.sources.ci.ingest import ingest_ci
from pipelines.sources.ci.runs import Told

EVENTS = 200_000
MIB = 1024 * 1024
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SOURCE = "https://ci.example.org/bench"
_STATUSES = ("succeeded",) * 17 + ("failed", "dependency-failed", "timed-out")


def generic_events(folder: Path, events: int = EVENTS) -> list[tuple[str, float, str]]:
    """What was seen, how much, its unit; files of invented results, read into an empty log, one of them again.

    Events are measured with what the shell example of the page for CIs sends, and with every detail that a large
    CI adds: derivation, times, branch and address of the log. What simdjson takes to parse the same lines, and no more,
    tells how fast the machine is.
    """

    def read(place: Path, path: Path) -> tuple[float, int]:
        begun = time.process_time()
        log = EventLog(place / "log")
        done = ingest_ci([path], Told(), place, log, place / "quarantine", lambda _: None)
        return time.process_time() - begun, sum(one.batch.rows for one in done if one.batch)

    # What a process loads once is no cost of an event.
    few, plain, detailed = (folder / f"{name}.ndjson" for name in ("few", "plain", "detailed"))
    write(few, 1_000)
    read(folder / "few", few)
    write(plain, events, is_detailed=False)
    turns = [(read(folder / f"plain{number}", plain)[0], _parsed(plain)) for number in range(ROUNDS)]
    of_plain, parsed = (min(seconds) for seconds in zip(*turns, strict=True))
    write(detailed, events)
    read_first = [read(folder / f"detailed{number}", detailed) for number in range(ROUNDS)]
    first, rows = min(seconds for seconds, _ in read_first), read_first[0][1]
    again, new = read(folder / "detailed0", detailed)
    return [
        ("Generic events: size of a plain one", plain.stat().st_size / events, "bytes"),
        ("Generic events: size of a detailed one", detailed.stat().st_size / events, "bytes"),
        ("Generic events: detailed, rows in the log", rows, "rows"),
        ("Generic events: plain, to the log, CPU", events / of_plain, "/s"),
        ("Generic events: plain, parsed by simdjson, CPU", events / parsed, "/s"),
        ("Generic events: detailed, to the log, CPU", events / first, "/s"),
        ("Generic events: first time / again, CPU", first / again, "x"),
        ("Generic events: rows appended by the second", new, "rows"),
    ]


def _parsed(path: Path) -> float:
    """CPU seconds that simdjson takes for the lines of a file, one by one."""
    import simdjson

    parser = simdjson.Parser()
    lines = path.read_bytes().splitlines()
    begun = time.process_time()
    for line in lines:
        parser.parse(line)
    return time.process_time() - begun


def write(path: Path, events: int, jobs: int = 20_000, *, is_detailed: bool = True) -> None:
    """Runs of `jobs` results each, one in twenty of them red, as a CI of that size would send them."""
    with path.open("w", encoding="utf-8") as file:
        for n in range(events):
            run, job = divmod(n, jobs)
            at = _BEGIN + timedelta(hours=6 * run, seconds=job / 10)
            instant = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            status = _STATUSES[(job + run) % len(_STATUSES)]
            told: dict[str, object] = {
                "specversion": "1.0",
                "id": f"r{run}/{job}",
                "source": _SOURCE,
                "type": f"{PREFIX}job.finished.v1",
                "time": instant,
            }
            data: dict[str, object] = {
                "run_id": f"r{run}",
                "commit": f"{run:040x}",
                "attr": f"python3Packages.package{job}",
                "system": "x86_64-linux",
                "status": status,
            }
            if is_detailed:
                told["subject"] = f"python3Packages.package{job}.x86_64-linux"
                data |= {
                    "branch": "master",
                    "source_status": status,
                    "drv_path": f"/nix/store/{(n * 7919) % 10**32:032d}-package{job}-1.0.drv",
                    "started_at": instant,
                    "stopped_at": instant,
                    "log_url": f"{_SOURCE}/logs/{n}",
                }
            else:
                data["cause_known"] = status != "failed"
            file.write(json.dumps(told | {"data": data}, separators=(",", ":")) + "\n")
