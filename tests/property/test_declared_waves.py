"""Waves over random worlds: claims hold, and tables depend on the set of declarations and observations alone."""

import random
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from models.events import Event, WaveDeclared, WavePackageResolved, WaveTagged
from pipelines import checks, ingest, relations, warehouse
from pipelines.log import schema
from pipelines.paths import SQL
from pipelines.sources.base import Facts
from pipelines.sources.declarations import TomlFile
from pipelines.sources.waves.declared import Declared
from pipelines.sources.waves.ingest import unrecorded
from tests import declared_waves, histories
from tests.property import worlds
from tests.property.memory import MemoryLog

WORLDS, GROUP = 24, 12
COMMON = (
    "pass",
    "failing_own",
    "failing_dependency",
    "not_reached",
    "removed",
    "wont_fix",
    "cant_fix",
    "building",
)
"""States that these worlds reach so often that a wrong one would show."""
NO_FILE = TomlFile(Path("waves"), "", {})


def declarations(number: int) -> list[Event]:
    """Two minor waves of a world in up to four texts each, decisions on a quarter of its packages, and tags."""
    rng = random.Random(number)
    jobset = worlds.world(number)[0].jobset
    events: list[Event] = []
    for minor in (1, 2):
        for text in range(rng.randint(1, 4)):
            start = rng.choice([None, *range(0, 60, 7)]) if text == 0 else rng.randrange(60)
            started = None if start is None else worlds.BEGINNING + timedelta(days=start)
            events.append(
                WaveDeclared(
                    id=f"waves:declared:{number}-{minor}:{text}",
                    source="waves",
                    observed_at=worlds.BEGINNING + timedelta(days=text),
                    wave=f"{number}-{minor}",
                    title=f"text {text}",
                    roots=[f"pkg{rng.randrange(60):02d}"],
                    instance=worlds.SOURCE,
                    jobsets=[jobset, "world/none"],
                    baseline=rng.choice([None, str(1000 + 3 * rng.randrange(20)), "unknown"]),
                    exclusions=["pkg1*"] if rng.random() < 0.3 else [],
                    started_at=started,
                    ended_at=started + timedelta(days=rng.randrange(5, 60))
                    if started and rng.random() < 0.3
                    else None,
                )
            )
    for entry in range(15):
        day = worlds.BEGINNING + timedelta(days=rng.randrange(60))
        events.append(
            WavePackageResolved(
                id=f"waves:resolved:{number}:{entry}",
                source="waves",
                observed_at=day,
                wave=rng.choice([str(number), f"{number}-1", f"{number}-2"]),
                attr=f"pkg{rng.randrange(60):02d}",
                system=rng.choice([None, *worlds.SYSTEMS]),
                resolution=rng.choice(["wont-fix", "cant-fix", "open"]),
                author="somebody",
                reason="so",
            )
        )
    events += [
        WaveTagged(
            id=f"waves:tagged:wave-{number}-1:{n}",
            source="waves",
            observed_at=worlds.BEGINNING + timedelta(days=n),
            wave=f"{number}-1",
            tag=f"wave-{number}-1",
            revision=str(n) * 40,
        )
        for n in range(3)
    ]
    return events


def deliver(log: MemoryLog, parts: list[list[object]], quarantine: Path) -> None:
    """Record batch after batch what each holds: answers of a source, and declarations."""
    for part in parts:
        answers = [one for one in part if isinstance(one, worlds.Answer)]
        known = ingest.known(log).ids("evaluation_observed", worlds.SOURCE)  # type: ignore[arg-type]
        ingest.record(worlds.facts(answers, known), "world", log, quarantine)  # type: ignore[arg-type]
        told = {one.id: one for one in part if isinstance(one, Event)}  # type: ignore[attr-defined]
        for kind in (WaveDeclared, WavePackageResolved, WaveTagged):
            given = [Declared(event, NO_FILE) for event in told.values() if isinstance(event, kind)]
            fresh = [one.event for one in unrecorded(given, log)]  # type: ignore[arg-type]
            ingest.record(Facts("waves", events=fresh), "waves", log, quarantine)  # type: ignore[arg-type]


def contents(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    return histories.contents(con, [key for key in declared_waves.needed() if "wave" in key])


@pytest.mark.parametrize("first", range(0, WORLDS, GROUP))
def test_waves_are_what_was_declared_and_observed_in_whatever_order(first: int, tmp_path: Path) -> None:
    everything: list[object] = []
    for number in range(first, first + GROUP):
        everything += [*worlds.world(number), *declarations(number)]
    shuffled = everything + random.Random(first).sample(everything, len(everything) // 6)
    random.Random(first + 1).shuffle(shuffled)
    cuts = sorted(random.Random(first + 2).sample(range(1, len(shuffled)), 5))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    tables = []
    for given in ([everything], parts):
        log = MemoryLog()
        deliver(log, given, tmp_path)
        with warehouse.connect(":memory:") as con:
            con.execute("set threads = 1")
            declared_waves.build(log, con)
            tables.append(contents(con))
            assert broken(con) == []
            counted = dict(
                con.sql("select state, count(*) from core.wave_package_states group by state").fetchall()
            )
    assert histories.unequal(*tables) == []
    assert min(rows for rows, _ in tables[0].values()) > 0 or tables[0]["metrics.wave_levels"] == (0, 0)
    assert {state: counted[state] for state in COMMON if counted[state] < 10} == {}


def broken(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Sentences of the claims about waves that do not hold."""
    claims = checks.load(SQL / "checks", relations.load(SQL))
    return [
        result.sentence()
        for key, relation in declared_waves.needed().items()
        if "wave" in key
        for result in checks.run(con, relation, claims.get(key, []))
        if result.is_broken
    ]


def test_the_newest_text_wins_if_it_comes_first(tmp_path: Path) -> None:
    texts = [event for event in declarations(3) if isinstance(event, WaveDeclared)]
    log = MemoryLog()
    for event in sorted(texts, key=lambda one: one.observed_at, reverse=True):
        log.append({"wave_declared": schema.frame_of([event])}, "late")
    with warehouse.connect(":memory:") as con:
        declared_waves.build(log, con)
        found = dict(con.sql("select wave, title from core.waves").fetchall())
    newest = {event.wave: event.title for event in sorted(texts, key=lambda one: one.observed_at)}
    assert found == newest
    assert len(texts) > len(newest)
