"""A wave's page holds at 50,000 packages and at hundreds of evaluations: little data, and every state counted."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from models.events import EvaluationObserved, PackageSetEvaluated, WaveDeclared
from models.parts import PackageSetRow
from models.vocabulary import Coverage, Unit
from pipelines import ingest, warehouse
from pipelines.log import schema
from pipelines.sources.base import Facts, Listing
from tests import declared_waves
from tests.property.memory import MemoryLog
from tests.sql import world

SOURCE, JOBSET = "hydra.example.org", "nixpkgs/staging-next"
SYSTEMS = ("aarch64-linux", "x86_64-linux")
START = datetime(2026, 1, 1, tzinfo=UTC)
PACKAGES, EVALUATIONS, LEVELS = 50_000, 6, 60
LARGEST = 300_000
"""Bytes of data that a page may make a browser load."""


def wave(name: str, source: str, jobset: str, started_at: datetime, root: str) -> WaveDeclared:
    return WaveDeclared(
        id=f"waves:declared:{name}:x",
        source="waves",
        observed_at=started_at,
        wave=name,
        title="Everything at once",
        roots=[root],
        instance=source,
        jobsets=[jobset],
        started_at=started_at,
    )


def observation(number: int) -> EvaluationObserved:
    return EvaluationObserved(
        id=f"{SOURCE}:evaluation:{JOBSET}:{number}:x",
        source=SOURCE,
        jobset=JOBSET,
        observed_at=START + timedelta(days=number),
        evaluation_id=str(number),
        ordinal=number,
        observation_key="x",
        revision=f"{number:040x}",
        unit=Unit.JOB,
        coverage=Coverage.FULL,
        listed_statuses=["all"],
        systems=list(SYSTEMS),
    )


def listing() -> Listing:
    """Package n is rebuilt in evaluation 1 + n % 4 and then passes, fails, falls with another or is queued."""
    names = [f"someLongPackageSet.package-{n:05}" for n in range(PACKAGES)]
    jobs = len(SYSTEMS) * PACKAGES
    builds = pl.DataFrame(
        {
            "attr": names * (2 * len(SYSTEMS)),
            "system": [system for _ in range(2) for system in SYSTEMS for _ in range(PACKAGES)],
            "variant": [""] * (2 * jobs),
            "build_id": [str(n) for n in range(2 * jobs)],
        }
    )
    package = np.tile(np.arange(PACKAGES), len(SYSTEMS))
    kind = np.select([package % 10 < 6, package % 10 < 7, package % 10 < 9], [0, 1, 2], 3)
    parts = []
    for number in range(EVALUATIONS):
        is_new = number > package % 4
        parts.append(
            pl.DataFrame(
                {
                    "observation": np.full(jobs, number, dtype=np.uint32),
                    "build": (np.arange(jobs) + is_new * jobs).astype(np.uint32),
                    "status": np.where(is_new, kind, 0).astype(np.uint32),
                }
            )
        )
    observations = [observation(number) for number in range(EVALUATIONS)]
    return Listing(
        source=SOURCE,
        jobset=JOBSET,
        observations=pl.DataFrame(
            {
                "id": [one.id for one in observations],
                "evaluation_id": [one.evaluation_id for one in observations],
                "ordinal": [one.ordinal for one in observations],
                "observed_at": [one.observed_at for one in observations],
                "systems": [one.systems for one in observations],
            }
        ),
        builds=builds,
        statuses=pl.DataFrame(
            {
                "source_status": ["0", "1", "2", "q"],
                "status": ["succeeded", "failed", "dependency-failed", "queued"],
                "is_finished": [True, True, True, False],
                "cause": ["unknown", "own", "dependency", "unknown"],
            }
        ),
        rows=pl.concat(parts),
    )


def graph() -> dict[str, pl.DataFrame]:
    """Package n needs package n - PACKAGES / LEVELS on one system, so that there are as many levels."""
    width = -(-PACKAGES // LEVELS)
    numbers = pl.DataFrame({"n": np.arange(PACKAGES)})
    whole = schema.polars_schema("derivation_observed")
    derivations = numbers.select(
        source=pl.lit("graph"),
        observed_at=pl.lit(START).cast(pl.Datetime("us", "UTC")),
        derivation_id64=pl.col("n") + 1,
        name=pl.format("package-{}", "n"),
        system=pl.lit(SYSTEMS[1]),
        is_fixed_output=pl.lit(value=False),
        # Everything stands on package 0, the root.
        inputs=pl.when(pl.col("n") >= width)
        .then(pl.concat_list(pl.col("n") - width + 1))
        .when(pl.col("n") > 0)
        .then(pl.concat_list(pl.lit(1)))
        .otherwise(pl.lit([], dtype=pl.List(pl.Int64)))
        .list.eval(
            pl.struct(
                derivation_id64=pl.element().cast(pl.Int64),
                role=pl.lit("buildInputs"),
                outputs=pl.lit([], dtype=pl.List(pl.String)),
                is_check_only=pl.lit(value=None, dtype=pl.Boolean),
            )
        )
        .cast(whole["inputs"]),
    )
    package_set = PackageSetEvaluated(
        id="graph:set",
        source="graph",
        observed_at=START,
        package_set="nixpkgs",
        revision=f"{EVALUATIONS - 1:040x}",
        rows=[
            PackageSetRow(attr=f"someLongPackageSet.package-{n:05}", system=SYSTEMS[1], derivation_id64=n + 1)
            for n in range(PACKAGES)
        ],
    )
    return {"derivation_observed": derivations, "package_set_evaluated": schema.frame_of([package_set])}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of a wave of 50,000 packages on two systems, with a graph for one."""
    log = MemoryLog()
    observed = schema.frame_of([observation(number) for number in range(EVALUATIONS)])
    frames = {"evaluation_observed": observed, **graph()}
    declared = wave("1", SOURCE, JOBSET, START + timedelta(days=1), "someLongPackageSet.package-00000")
    facts = Facts(SOURCE, events=[declared], frames=frames, listings=[listing()])
    ingest.record(facts, "large", log, tmp_path_factory.mktemp("quarantine"))  # type: ignore[arg-type]
    with warehouse.connect(":memory:") as con:
        declared_waves.build(log, con)
        yield con


def test_a_page_of_50_000_packages_loads_little(large: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    begun = time.process_time()
    text, charts, pieces = declared_waves.page(large, "1", tmp_path)
    # The page loads a drawing and its rows; the specification (.vl.json) is a download.
    sizes = {path: path.stat().st_size for path in charts.rglob("*.json") if ".vl." not in path.name}
    assert len(sizes) == 6, "three figures, each a drawing and its rows"
    assert sum(sizes.values()) + len(text.encode()) + sum(len(piece.encode()) for piece in pieces) < LARGEST
    assert time.process_time() - begun < 10


def test_its_states_are_those_that_were_made(large: duckdb.DuckDBPyConnection) -> None:
    (row,) = large.sql(
        """
        select packages, package_systems, pass, failing_own, failing_dependency, building, awaiting_inputs, is_complete
        from metrics.wave_standing
        """
    ).fetchall()
    by_kind = [PACKAGES * share // 10 for share in (6, 1, 2, 1)]
    assert row[:5] == (PACKAGES, 2 * PACKAGES, *by_kind[:3])
    # What is queued waits on the system whose graph is known, and counts as building on the other.
    assert (row[5] + row[6], row[7]) == (by_kind[3], False)
    assert (
        row[6]
        == large.sql(
            "select count(*) from core.wave_packages where state = 'awaiting_inputs' and system = 'x86_64-linux'"
        ).fetchall()[0][0]
    )
    assert row[6] > by_kind[3] // 2


def test_levels_name_the_worst_and_not_every_package(large: duckdb.DuckDBPyConnection) -> None:
    levels = large.sql(
        "select level, packages, worst_attr from metrics.wave_levels order by level"
    ).fetchall()
    assert len(levels) in (LEVELS, LEVELS + 1)
    assert sum(packages for _, packages, _ in levels) == PACKAGES
    assert sum(worst is not None for *_, worst in levels) >= LEVELS - 1


def test_a_wave_of_300_evaluations_is_drawn_in_few_points(tmp_path: Path) -> None:
    source = "long.example.org"
    drawn = f"x86_64-linux root S S+ S*300\nx86_64-linux a {' '.join('SF'[n % 2] for n in range(302))}\n"
    started = world.START + timedelta(days=1)
    given = world.events(drawn, source)
    log = MemoryLog()
    by_type: dict[str, list] = {}
    for _, event in [*given, (1, wave("2", source, "nixpkgs/trunk", started, "root"))]:
        by_type.setdefault(str(type(event).__struct_config__.tag), []).append(event)
    log.append({name: schema.frame_of(events) for name, events in by_type.items()}, "long")
    with warehouse.connect(":memory:") as con:
        declared_waves.build(log, con)
        _, charts, _ = declared_waves.page(con, "2", tmp_path)
        assert con.sql("select count(*) from metrics.wave_progress").fetchall() == [(602,)]
    points = {path.parent.parent.name: json.loads(path.read_text()) for path in charts.rglob("2.json")}
    assert {name: len(rows) for name, rows in points.items()} == {
        "wave_states": 2 * 51,
        "wave_burn_down": 2 * 101,
    }
    assert all(rows[-1]["evaluation_id"] == "302" for rows in points.values())
