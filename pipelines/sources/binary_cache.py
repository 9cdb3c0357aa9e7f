"""Asks a binary cache what it says of store paths: hash, sizes, references (`HASH.narinfo`).

Politely, as a Hydra is asked, and a public one only with consent. 404 says that a path is not there, which may be
since it was not built, not uploaded or collected: it is counted, and asked for again after a time that doubles.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from pipelines.errors import BadInput, HealthError
from pipelines.ingest import record
from pipelines.log.store import EventLog
from pipelines.nix import store_paths
from pipelines.sources.base import Facts, Rejected
from pipelines.sources.ci import narinfo
from pipelines.sources.ci.facts import facts
from pipelines.sources.ci.known import Past
from pipelines.sources.ci.runs import Reading, Told
from pipelines.sources.hydra import consent
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.instance import RATE, Instance, from_url
from pipelines.sources.hydra.outcomes import Again, Bounds, Clock, Failed, GaveUp, Gone, Stopped

KINDS = ("text/x-nix-narinfo", "text/plain", "application/octet-stream", "binary/octet-stream")
"""Content types under which caches send a narinfo; a page of a proxy has another one."""
BOUNDS = Bounds(max_bytes=4 * 1024 * 1024, answer_seconds=60.0, read_seconds=30.0)
FIRST_DISTANCE = timedelta(hours=1)
LONGEST_DISTANCE = timedelta(days=30)
MAX_LIST_BYTES = 256 * 1024 * 1024
WRITTEN_TOGETHER = 2000
"""Answers that are written to the log in one go."""


class _Absent(msgspec.Struct):
    """A path that was not there: how often it was asked for, and when it may be asked for again."""

    times: int
    again_at: datetime


@dataclass
class Done:
    """What asking came to."""

    source: str
    told: int = 0
    absent: int = 0
    known: int = 0
    waiting: int = 0
    rejected: int = 0
    ended: str | None = None
    """Why it ended before all was asked for."""

    def sentence(self) -> str:
        """For the terminal."""
        said = (
            f"{self.source}: {self.told:,} paths told, {self.absent:,} not there, {self.known:,} known already, "
            f"{self.waiting:,} not there before and asked again later, {self.rejected:,} answers rejected"
        )
        return said if self.ended is None else f"{said}\n  ended early: {self.ended}"


def instance(url: str, rate: float | None, contact: str | None, *, operators_agreed: bool) -> Instance:
    """The cache as a command line names it. Raises BadInput for no address, or a public one without consent."""
    found = replace(
        from_url(url, ("none/none",), rate or RATE),
        jobsets=(),
        contact=contact,
        operators_agreed=operators_agreed,
    )
    consent.require(found)
    return found


def listed(path: Path) -> list[str]:
    """The store paths of a file, one a line. Raises BadInput for what is none."""
    if path.stat().st_size > MAX_LIST_BYTES:
        raise BadInput(f"{path} is larger than {MAX_LIST_BYTES:,} bytes: split it.")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if line.strip():
            try:
                store_paths.split(line.strip())
            except BadInput as error:
                raise BadInput(f"{path}, line {number}: {error}") from error
            found.append(line.strip())
    return found


def named(log: EventLog) -> list[str]:
    """Paths that the log names, as outputs or as references of outputs, and of whose content it has nothing."""
    outputs = log.scan("output_observed").select("path", "nar_hash", "references").collect()
    known = outputs.filter(pl.col("nar_hash").is_not_null())["path"]
    paths = pl.concat([outputs["path"], outputs["references"].explode()]).drop_nulls().unique().sort()
    return paths.filter(~paths.is_in(known.implode())).to_list()


def ingest(
    of: Instance,
    wanted: Iterable[str],
    var: Path,
    log: EventLog,
    quarantine: Path,
    clock: Clock,
    progress: Callable[[str], None] = lambda _: None,
) -> Done:
    """Ask for each path that is not known of this cache. What was answered is kept, however it ends.

    Raises BadInput without consent, Busy while the log is being written.
    """
    consent.require(of)
    done = Done(of.source)
    place = var / f"cache-{hashlib.sha256(of.source.encode()).hexdigest()[:16]}.json"
    absent = _load(place)
    with log.writer_lock():
        known = set(
            log.scan("output_observed")
            .filter(pl.col("source") == of.source, pl.col("nar_hash").is_not_null())
            .select("path")
            .collect()["path"]
        )
        client = Client(of, clock, bounds=BOUNDS, kinds=KINDS)
        readings: list[Reading] = []
        try:
            for path in dict.fromkeys(wanted):
                digest = store_paths.split(path)[1]
                before = absent.get(digest)
                if path in known:
                    done.known += 1
                    continue
                if before is not None and before.again_at > clock.now():
                    done.waiting += 1
                    continue
                progress(f"{done.told + done.absent:,} paths asked for")
                reading = _ask(client, of, path, digest, absent, done)
                readings += [] if reading is None else [reading]
                if len(readings) >= WRITTEN_TOGETHER:
                    _write(readings, of, log, quarantine)
                    _save(place, absent)
                    readings = []
        except (GaveUp, Stopped) as error:
            done.ended = str(error)
        finally:
            client.close()
            _write(readings, of, log, quarantine)
            _save(place, absent)
    if done.ended is not None and not done.told and not done.absent:
        raise HealthError(done.sentence())
    return done


def _ask(
    client: Client, of: Instance, path: str, digest: str, absent: dict[str, _Absent], done: Done
) -> Reading | None:
    """What the cache says of one path; None where it has none of it. Raises GaveUp, Stopped."""
    asked = f"/{digest}.narinfo"

    def read(body: bytes) -> Reading:
        """Raises Again for what is cut off, Failed for an answer about something else."""
        if not narinfo.recognises(body):
            raise Failed(asked, "no narinfo")
        if not body.endswith(b"\n"):
            raise Again("a truncated narinfo")
        told = Told(source=of.url, file_at=client.clock.now())
        reading = narinfo.read(body.splitlines(keepends=True), told, f"{digest}.narinfo")
        paths = [] if reading.outputs is None else reading.outputs["path"].to_list()
        if paths not in ([], [path]):
            raise Failed(asked, "a narinfo of another path")
        return reading

    try:
        reading = client.fetch(asked, read).value
    except Gone:
        client.failures = 0
        done.absent += 1
        times = absent[digest].times + 1 if digest in absent else 1
        distance = min(FIRST_DISTANCE * 2 ** min(times - 1, 16), LONGEST_DISTANCE)
        absent[digest] = _Absent(times, client.clock.now() + distance)
        return None
    except Failed as error:
        done.rejected += 1
        reason = "answer of a cache that is no narinfo of the path"
        return Reading(rejected=(Rejected(f"{digest}.narinfo", reason, str(error).encode()),))
    absent.pop(digest, None)
    done.told += 1 if reading.outputs is not None else 0
    done.rejected += sum(one.rows for one in reading.rejected)
    return reading


def _write(readings: list[Reading], of: Instance, log: EventLog, quarantine: Path) -> None:
    """What the readings say, as a batch of the cache's own source. The caller holds the lock."""
    rejected = [one for reading in readings for one in reading.rejected]
    for told in facts([replace(reading, rejected=()) for reading in readings], Past(log)):
        record(replace(told, rejected=[*told.rejected, *rejected]), of.source, log, quarantine)
        rejected = []
    if rejected:
        record(Facts(of.source, rejected=rejected), of.source, log, quarantine)


def _load(place: Path) -> dict[str, _Absent]:
    """What was not there before; nothing where that is unknown or damaged."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[str, _Absent])
    except (FileNotFoundError, ValueError):
        return {}


def _save(place: Path, absent: dict[str, _Absent]) -> None:
    """Write it whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.unfinished")
    part.write_bytes(msgspec.json.encode(absent, order="sorted"))
    part.replace(place)
