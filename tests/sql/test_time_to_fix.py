"""Given failure episodes, expected estimates: one folder a case, named after the sentence that it proves.

Rows of `given.jsonl` and `evaluations.jsonl` leave out what all rows have in common (see DEFAULTS); rows of
`expect.jsonl` leave out columns that the case is not about, but every row of the relation must be there. All
cases are built at once, each as a source of its own: so they also show that sources do not touch each other.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines import relations, warehouse
from pipelines.paths import SQL

HERE = Path(__file__).parent
RELATIONS = (
    "core.time_to_fix_durations",
    "core.time_to_fix_walk",
    "core.time_to_fix_bootstrap",
    "metrics.time_to_fix",
    "metrics.time_to_fix_curve",
)
CASES = [
    f"{name}/{folder.name}"
    for name in ("time_to_fix", "time_to_fix_curve")
    for folder in sorted((HERE / name).iterdir())
]
COMMON = {"jobset": "nixpkgs/trunk", "system": "x86_64-linux"}
DEFAULTS = {**COMMON, "variant": "", "is_left_censored": False, "is_provisional": False}
EPISODES = """
    create table core.failure_episodes (
        source varchar, jobset varchar, attr varchar, system varchar, variant varchar,
        broken_evaluation_id varchar, broken_at timestamptz, cleared_at timestamptz,
        outcome varchar, has_own_failure boolean,
        is_left_censored boolean, is_provisional boolean, observed_until_at timestamptz
    )
"""
EVALUATIONS = """
    create table core.evaluation_systems (
        source varchar, jobset varchar, evaluation_id varchar, system varchar, ordinal bigint,
        evaluation_at timestamptz, is_complete boolean
    )
"""


def read(path: Path) -> list[dict[str, Any]]:
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )


def build(
    episodes: Iterable[dict[str, Any]], evaluations: Iterable[dict[str, Any]]
) -> duckdb.DuckDBPyConnection:
    con = warehouse.connect(":memory:")
    con.execute("create schema core")
    con.execute(EPISODES)
    con.execute(EVALUATIONS)
    for table, rows in (("failure_episodes", episodes), ("evaluation_systems", evaluations)):
        given = pa.Table.from_pylist([{**DEFAULTS, **row} for row in rows])
        if given.num_rows:
            names = [
                row[0]
                for row in con.execute(f"describe core.{table}").fetchall()
                if row[0] in given.column_names
            ]
            con.execute(f"insert into core.{table} ({', '.join(names)}) select {', '.join(names)} from given")
    warehouse.build(con, relations.load(SQL), only=RELATIONS)
    return con


def broken_claims(con: duckdb.DuckDBPyConnection) -> list[str]:
    checks = sorted((SQL / "checks").glob("time_to_fix*__*.sql"))
    assert checks
    texts = [(path.stem, path.read_text(encoding="utf-8")) for path in checks]
    return [name for name, text in texts if "-- severity: warn" not in text and con.sql(text).fetchall()]


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    rows = {
        name: [{"source": case, **row} for case in CASES for row in read(HERE / case / f"{name}.jsonl")]
        for name in ("given", "evaluations")
    }
    with build(rows["given"], rows["evaluations"]) as con:
        yield con


@pytest.mark.parametrize("case", CASES)
def test_given_episodes_give_the_expected_rows(built: duckdb.DuckDBPyConnection, case: str) -> None:
    expected = [{**COMMON, **row} for row in read(HERE / case / "expect.jsonl")]
    relation = f"metrics.{case.split('/')[0]}"
    actual = (
        built.sql(f"from {relation} where source = $case", params={"case": case}).to_arrow_table().to_pylist()
    )
    assert len(actual) == len(expected)
    for found, wanted in zip(actual, expected, strict=True):
        assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-9)


def test_the_claims_hold_in_all_cases(built: duckdb.DuckDBPyConnection) -> None:
    assert broken_claims(built) == []


def test_without_episodes_the_relations_are_empty() -> None:
    with build([], []) as con:
        assert [con.sql(f"from {relation}").fetchall() for relation in RELATIONS] == [[], [], [], [], []]
        assert broken_claims(con) == []


def test_a_long_curve_is_thinned_to_within_a_three_hundredth() -> None:
    episodes = [
        {
            "attr": f"job{number}",
            "broken_evaluation_id": f"e{number % 37}",
            "source": "hydra.example",
            "broken_at": "2024-01-01T00:00:00Z",
            "cleared_at": None
            if number % 5 == 0
            else f"2024-{1 + number // 250:02}-05T{number % 24:02}:{number % 60:02}:00Z",
            "outcome": "open" if number % 5 == 0 else "cleared",
            "observed_until_at": f"2024-{1 + number // 220:02}-01T{number % 24:02}:00:00Z",
            "has_own_failure": True,
        }
        for number in range(1, 2_500)
    ]
    with build(episodes, []) as con:
        assert broken_claims(con) == []
        walk = con.sql(
            "select duration_seconds / 86400.0::double, survival_ratio "
            "from core.time_to_fix_walk where kind = 'own' order by 1"
        ).fetchall()
        curve = con.sql(
            "select days, survival_ratio, survival_ratio_low "
            "from metrics.time_to_fix_curve where kind = 'own' order by 1"
        ).fetchall()
    exact = dict(walk)
    assert len(exact) > 400 >= len(curve) > 100
    assert all(exact[days] == survival for days, survival, _ in curve)
    assert all(low is not None for _, _, low in curve)
    drawn = {days: next(shown for at, shown, _ in reversed(curve) if at <= days) for days in exact}
    assert max(drawn[days] - exact[days] for days in exact) < 1 / 300
    assert (curve[0][0], curve[-1][0]) == (walk[0][0], walk[-1][0])
