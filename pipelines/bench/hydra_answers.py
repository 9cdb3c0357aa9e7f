"""What decoding a Hydra's answer to `/eval/ID/builds` costs, beside a pass of simdjson over the same bytes.

Each way runs in a process of its own, so that its peak of memory is its own. The pass builds no table: it is the
ceiling of what parsing alone can reach.
"""

import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import polars as pl

from pipelines.bench import ROUNDS
from pipelines.errors import HealthError
from pipelines.ingest import known, record
from pipelines.log.store import EventLog
from pipelines.sources.hydra import ingest, instance
from pipelines.sources.hydra.bulk import PIECE, builds_file
from pipelines.sources.hydra.decode import Build
from pipelines.sources.hydra.facts import facts
from pipelines.sources.hydra.kept import Keeper
from pipelines.sources.hydra.store import Store
from pipelines.sources.hydra.tables import EVALUATIONS, MEMBERS, Tables, empty

BUILDS = 250_000
"""About one evaluation of nixpkgs."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MIB = 1024 * 1024
# ru_maxrss is in KiB on Linux and in bytes on macOS.
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
_SYSTEMS = ("x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin")


def hydra_answers(folder: Path, builds: int = BUILDS) -> list[tuple[str, float, str]]:
    """What was seen, how much, its unit; in a folder of ours."""
    path = folder / "builds.json"
    write(path, builds)
    # In turns: a machine that others share has slow minutes, which should be those of both.
    turns = [(_child("simdjson", path), _child("table", path)) for _ in range(ROUNDS)]
    ceiling = min(seconds for (seconds, _), _ in turns)
    decoding, peak = min(seconds for _, (seconds, _) in turns), max(peak for _, (_, peak) in turns)
    frame, _ = builds_file(path, NOW)
    logs = [EventLog(folder / f"log{number}") for number in range(ROUNDS)]
    first = min(_record(log, folder, frame) for log in logs)
    again = min(_record(logs[0], folder, frame) for _ in range(ROUNDS))
    crawled, crawled_again = _crawl(folder / "crawl", path)
    size = path.stat().st_size
    return [
        ("Hydra JSON: size of the answer", size / MIB, "MiB"),
        ("Hydra JSON: to a table, CPU", decoding, "s"),
        ("Hydra JSON: speed / simdjson pass", ceiling / decoding, "x"),
        ("Hydra JSON: peak memory beyond the file", (peak - size) / MIB, "MiB"),
        ("Hydra JSON: table to the log, CPU", first, "s"),
        ("Hydra JSON: the same table again, CPU", again, "s"),
        ("Hydra crawl: answers kept, to the log, CPU", crawled, "s"),
        ("Hydra crawl: again, nothing changed, CPU", crawled_again, "s"),
        ("Hydra crawl: first time / again, CPU", crawled / crawled_again, "x"),
    ]


def write(path: Path, builds: int) -> None:
    """An invented answer: objects of the size and shape of real ones, some 850 bytes each."""
    with path.open("w", encoding="utf-8") as file:
        for n in range(builds):
            system, store = _SYSTEMS[n % 4], f"/nix/store/{n:032x}-package-{n // 4}-1.{n % 90}"
            outputs = {
                "out": {"path": store},
                "dev": {"path": f"{store}-dev"},
                "man": {"path": f"{store}-man"},
            }
            build = {
                "nixname": f"package-{n // 4}-1.{n % 90}",
                "timestamp": 1_767_000_000 + n // 10,
                "id": 300_000_000 + n,
                "buildstatus": 1 if n % 40 == 0 else 0,
                "buildoutputs": outputs,
                "job": f"pythonPackages.package-{n // 4}.{system}",
                "project": "nixpkgs",
                "priority": 100,
                "drvpath": f"{store}.drv",
                "jobset": "trunk",
                "buildmetrics": {},
                "jobsetevals": [1_800_000, 1_800_001],
                "releasename": None,
                "stoptime": 1_767_000_060 + n // 10,
                "finished": 1,
                "system": system,
                "starttime": 1_767_000_030 + n // 10,
                "buildproducts": {
                    "1": {
                        "type": "nix-build", "subtype": "", "name": f"package-{n // 4}-1.{n % 90}", "path": store,
                        "defaultpath": "", "filesize": None, "sha256hash": None,
                    }
                },
            }  # fmt: skip
            file.write(("," if n else "[") + json.dumps(build, separators=(",", ":")))
        file.write("]")


def _record(log: EventLog, folder: Path, builds: pl.DataFrame) -> float:
    begun = time.process_time()
    evaluation = {
        "project": "nixpkgs", "jobset": "trunk", "evaluation_id": 1_800_000, "evaluated_at": NOW, "inputs": [],
        "observed_at": NOW,
    }  # fmt: skip
    told = Tables(
        evaluations=pl.DataFrame([evaluation], schema_overrides=dict(EVALUATIONS)).pipe(_all_columns),
        members=builds.select("build_id", evaluation_id=pl.lit(1_800_000, pl.Int64)).select(list(MEMBERS)),
        builds=builds,
    )
    with log.writer_lock():
        record(facts("hydra.example.org", told, known(log)), "hydra", log, folder / "quarantine")
    return time.process_time() - begun


def _crawl(folder: Path, path: Path) -> tuple[float, float]:
    """CPU seconds of `ingest hydra` the first time, and again when nothing changed.

    The first time every build's answer is given to the crawl's store instead of asked for, which at a polite rate
    takes days: what asking costs is left out, so the first time is rather more.
    """
    with path.open("rb") as file:
        bodies = msgspec.json.decode(file.read(), type=list[msgspec.Raw])
    log, var = EventLog(folder / "log"), folder / "var"
    with _serving(_page(bodies)) as url:
        asked = instance.from_url(url, ("nixpkgs/trunk",), rate=1000)
        begun = time.process_time()
        with closing(Store(var / "crawl" / f"{ingest.file_name(asked.source)}.sqlite")) as store:
            _keep(store, asked, bodies)
        seconds = []
        for minutes in (0, 1):
            now = NOW + timedelta(minutes=minutes)
            ingest.ingest_hydra(
                asked, (), var, log, folder / "quarantine", lambda _: None, lambda now=now: now
            )
            seconds.append(time.process_time() - begun)
            begun = time.process_time()
    first, again = seconds
    return first, again


def _keep(store: Store, asked: instance.Instance, bodies: list[msgspec.Raw]) -> None:
    """As a crawl keeps answers, one commit each."""
    name = asked.jobsets[0].name
    keeper = Keeper(store, asked, asked.jobsets[0], name, name)
    for raw in bodies:
        body = bytes(raw)
        build = msgspec.json.decode(body, type=Build)
        keeper.keep_build(build, body, f"/build/{build.id}", NOW)


def _page(bodies: list[msgspec.Raw]) -> bytes:
    """The list of evaluations: one, that holds all builds."""
    builds = [msgspec.json.decode(raw, type=Build).id for raw in bodies]
    evaluation = {
        "id": 1_800_000, "timestamp": 1_767_000_000, "hasnewbuilds": 1, "builds": builds,
        "jobsetevalinputs": {}, "flake": None,
    }  # fmt: skip
    return json.dumps({"evals": [evaluation]}).encode()


@contextmanager
def _serving(page: bytes) -> Iterator[str]:
    """Address of a server that knows one page, and no errors of its evaluation."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path.endswith("/evals")
            body = page if is_page else b"{}"
            self.send_response(200 if is_page else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _all_columns(evaluations: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([empty(EVALUATIONS), evaluations], how="diagonal").select(list(EVALUATIONS))


def _child(way: str, path: Path) -> tuple[float, float]:
    """CPU seconds of the quickest round, and the peak of memory in bytes."""
    command = [sys.executable, "-m", "pipelines.bench.hydra_answers", way, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HealthError(f"The {way} pass over Hydra's JSON ended with {done.returncode}: {last}")
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def _simdjson(path: Path) -> None:
    import simdjson

    parser = simdjson.Parser()
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(2 * PIECE):
            piece = rest + piece
            end = piece.rfind(b"},{") + 1
            document = parser.parse(b"[" + piece[1:end] + b"]")
            del document
            rest = piece[end:]
    parser.parse(b"[" + rest[1:])


def main() -> None:
    """In a child: one way, several times; prints its seconds and its peak."""
    way, path = sys.argv[1], Path(sys.argv[2])
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        if way == "simdjson":
            _simdjson(path)
        else:
            builds_file(path, NOW)
        seconds.append(time.process_time() - begun)
    print(min(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_BYTES)


if __name__ == "__main__":
    main()
