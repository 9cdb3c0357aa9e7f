"""Makes a small invented warehouse: the relations that the report reads, with plausible and hostile contents.

Three jobsets (one with totals, one that lists failures only, one seen once), four systems, two channels. Episodes
are invented; everything else follows from them. The names in HOSTILE must come out as text on every page.
"""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import relations, warehouse
from pipelines.paths import SQL
from tests.browser.fixture_bridges import BRIDGES, SMALLER
from tests.browser.fixture_channels import CHANNELS
from tests.browser.fixture_channels import NAME as CHANNEL
from tests.browser.fixture_graph import GRAPH
from tests.browser.fixture_rebuilds import REBUILDS
from tests.browser.fixture_waves import WAVES

SOURCE = "hydra.nixos.org"
SYSTEMS = ("x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin")
TOTALS = "nixpkgs/haskell-updates"
LISTED = "nixpkgs/trunk"
ONCE = "nixpkgs/staging-next"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "a|b | c",
    "`tick` ```fence```",
    "[link](javascript:alert(3))",
    "{{ 7 * 7 }}{% raise %}{# no #}",
    '--8<-- "pyproject.toml"',
    "*bold* _em_ # head\n\n# new heading\n- item",
    "--- <!-- comment",
    "</td></table></figure><h1>out</h1>",
    "x" * 300,
)
START = datetime(2025, 8, 1, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
BURST = 60
VERSION = "5eed" * 16


def build(path: Path, sql_dir: Path | None = None, *, jobs: int = 260, evaluations: int = 220) -> Path:
    """Write the world to a new DuckDB file and return its path; equal arguments give equal rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    con = warehouse.connect(path)
    con.execute("create schema core")
    con.execute("create schema metrics")
    random_numbers = random.Random(7)
    names = [f"haskellPackages.{name}" for name in HOSTILE]
    names += [f"haskellPackages.package-{number:03}" for number in range(jobs - len(names))]
    worlds = [
        _jobset(random_numbers, TOTALS, names, evaluations, with_totals=True),
        _jobset(
            random_numbers,
            LISTED,
            [name.replace("haskell", "python3") for name in names],
            evaluations,
            with_totals=False,
        ),
        _jobset(random_numbers, ONCE, names[:40], 1, with_totals=False),
    ]
    for table in ("evaluations", "evaluation_systems", "failure_episodes"):
        _store(con, f"core.{table}", [row for world in worlds for row in world[table]])
    _store(con, "core.channel_advances", list(_advances(random_numbers)))
    _store(con, "core.gaps", _gaps())
    _store(con, "core.package_markers", _markers())
    con.execute(
        "create table core.data_version as select $version as data_version, 4 as batches, 'fixture' as code_version, "
        "max(last_observed_at) as as_of_at from core.evaluations",
        {"version": VERSION},
    )
    _derive(con, sql_dir or SQL)
    con.close()
    return path


def _derive(con: duckdb.DuckDBPyConnection, sql_dir: Path) -> None:
    """Build every relation of `sql_dir` that follows from the invented ones, in the order of dependencies."""
    for key, sql in (BRIDGES | WAVES | CHANNELS | GRAPH | REBUILDS).items():
        con.execute(f"create table {key} as {sql}")
    known = {
        ".".join(row) for row in con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    }
    for key, relation in relations.load(sql_dir).items():
        if (
            relation.schema in ("core", "metrics")
            and key not in known
            and known.issuperset(relation.dependencies)
        ):
            sql = relation.sql
            for limit, smaller in SMALLER.get(key, ()):
                assert limit in sql, f"{key} has no limit {limit}"
                sql = sql.replace(limit, smaller)
            warehouse.create(con, replace(relation, sql=sql), {})
            known.add(key)


def _jobset(
    rng: random.Random, jobset: str, names: list[str], count: int, *, with_totals: bool
) -> dict[str, list[dict]]:
    times = [START + number * DAY + timedelta(minutes=rng.randrange(600)) for number in range(count)]
    ids = [str(1_800_000 + 37 * number) for number in range(count)]
    incomplete = {number for number in range(5, count - 3) if rng.random() < 0.06}
    complete = [number for number in range(count) if number not in incomplete]
    episodes, red = [], {(system, number): [0, 0] for system in SYSTEMS for number in range(count)}
    bursts = {BURST, 150}
    for system in SYSTEMS:
        for place, name in enumerate(names):
            number = complete[0] if rng.random() < 0.1 else rng.randrange(count)
            while number < count:
                if rng.random() < 0.35 and number < 150:
                    number = min(burst for burst in bursts if burst >= number)
                if number not in complete:
                    number += 1
                    continue
                length = max(1, int(rng.lognormvariate(2.4, 1.3)))
                after = [later for later in complete if later >= number + length]
                end = after[0] if after else None
                own = rng.random() < (0.4 if with_totals else 1.0)
                closed_how = ("fixed" if rng.random() < 0.2 else "cleared") if with_totals else "cleared"
                last = complete[-1] if end is None else complete[complete.index(end) - 1]
                build = 300_000_000 + place * 1000 + number
                episodes.append(
                    {
                        "source": SOURCE,
                        "jobset": jobset,
                        "attr": name,
                        "system": system,
                        "variant": "",
                        "broken_evaluation_id": ids[number],
                        "broken_at": times[number],
                        "last_red_at": times[last],
                        "cleared_evaluation_id": None if end is None else ids[end],
                        "cleared_at": None if end is None else times[end],
                        "outcome": "open"
                        if end is None
                        else "marked_broken"
                        if place % 17 == 0
                        else closed_how,
                        "marked_at": times[number] + DAY if place % 17 == 0 else None,
                        "has_marker_window": with_totals,
                        "evaluations": len([n for n in complete if number <= n <= last]),
                        "has_own_failure": own,
                        "is_masked": False,
                        "is_left_censored": number == complete[0],
                        "is_provisional": last >= count - 8,
                        "observed_until_at": times[complete[-1]],
                        "first_build_id": str(build),
                        "last_build_id": str(build + 7),
                    }
                )
                for seen in range(number, (count if end is None else end)):
                    red[system, seen][0 if own else 1] += 1
                if end is None or rng.random() < 0.6:
                    break
                number = end + rng.randrange(1, 80)
    rows, by_system = [], []
    for number in range(count):
        complete_now = number not in incomplete
        reason = None if complete_now else "12 % of the failures listed before vanished and return"
        listed = 0
        for system in SYSTEMS:
            own, dependency = red[system, number]
            if not complete_now:
                own, dependency = own // 3, dependency // 3
            listed += own + dependency
            total = 4_000 if with_totals else None
            by_system.append(
                {
                    "source": SOURCE,
                    "jobset": jobset,
                    "evaluation_id": ids[number],
                    "system": system,
                    "ordinal": int(ids[number]),
                    "evaluation_at": times[number],
                    "first_observed_at": times[number],
                    "unit": "package" if with_totals else "job",
                    "coverage": "failures_with_totals" if with_totals else "failures_only",
                    "is_complete": complete_now,
                    "incomplete_reason": reason,
                    "is_verdict_final": number < count - 8,
                    "listed_jobs": own + dependency,
                    "green_jobs": total and total - own - dependency - 40,
                    "own_jobs": own if with_totals else None,
                    "dependency_jobs": dependency if with_totals else None,
                    "timed_out_jobs": total and 3,
                    "eval_error_jobs": total and 0,
                    "unknown_cause_jobs": 0 if with_totals else own + dependency,
                    "neutral_jobs": total and 37,
                    "unfinished_jobs": total and 30,
                    "cancelled_jobs": total and 7,
                    "unknown_status_jobs": total and 0,
                    "is_complete_by_lookahead": complete_now,
                    "series": 0,
                    "step": number,
                    "refused_jobs": 0 if with_totals else None,
                    "total_jobs": total,
                }
            )
        rows.append(
            {
                "source": SOURCE,
                "jobset": jobset,
                "evaluation_id": ids[number],
                "ordinal": int(ids[number]),
                "revision": f"{number:040x}",
                "occurred_at": None,
                "first_observed_at": times[number],
                "last_observed_at": times[number] + timedelta(hours=9),
                "evaluation_at": times[number],
                "observations": 2,
                "systems": 4,
                "unit": "package" if with_totals else "job",
                "coverage": "failures_with_totals" if with_totals else "failures_only",
                "is_complete": complete_now,
                "incomplete_reason": reason,
                "listed_jobs": listed,
            }
        )
    return {"evaluations": rows, "evaluation_systems": by_system, "failure_episodes": episodes}


def _advances(rng: random.Random):
    for channel, mean_days, months in (
        ("nixos-unstable", 1.7, 24),
        ("nixpkgs-unstable", 0.5, 24),
        ("nixos-14.12", 6.0, 3),
    ):
        at, before, number = START - timedelta(days=30 * months), None, 0
        while at < START + 200 * DAY:
            age = rng.randrange(4 * 3600, 40 * 3600)
            yield {
                "source": "nix-channel-monitor",
                "channel": channel,
                "basis": "observed",
                "evaluation_id": None,
                "revision": f"{number:040x}",
                "release": None,
                "commit_at": at - timedelta(seconds=age),
                "observed_at": at,
                "advanced_at": at,
                "is_first_sight": number == 0,
                "previous_at": before,
                "gap_seconds": before and int((at - before).total_seconds()),
                "commit_age_seconds": age if number else None,
            }
            before, number = at, number + 1
            at += timedelta(seconds=int(86400 * rng.expovariate(1 / mean_days)))
    for number in range(12):
        at = START + number * 3 * DAY
        yield {
            "source": SOURCE,
            "channel": CHANNEL,
            "basis": "simulated",
            "evaluation_id": str(1_800_000 + number),
            "revision": f"{number:040x}",
            "release": None,
            "commit_at": None,
            "observed_at": at,
            "advanced_at": at,
            "is_first_sight": number == 0,
            "previous_at": at - 3 * DAY if number else None,
            "gap_seconds": 3 * 86400 if number > 1 else None,
            "commit_age_seconds": None,
        }


def _gaps() -> list[dict]:
    return [
        {
            "gap_id": "g1",
            "source": SOURCE,
            "jobset": LISTED,
            "evaluation_id": None,
            "kind": "input_rejected",
            "detail": HOSTILE[0] + " is not a report",
            "missing_rows": 3,
            "declared_at": START,
            "is_superseded": False,
        },
        {
            "gap_id": "g2",
            "source": SOURCE,
            "jobset": TOTALS,
            "evaluation_id": "1800370",
            "kind": "listing_disagrees",
            "detail": "rows differ from the checksum",
            "missing_rows": None,
            "declared_at": START + 9 * DAY,
            "is_superseded": False,
        },
    ]


def _markers() -> list[dict]:
    return [
        {
            "marker_id": f"m{number}",
            "source": "nixpkgs",
            "marker": "broken",
            "package": f"package-{number:03}",
            "attr": f"haskellPackages.package-{number:03}",
            "marked_at": START + number * DAY,
            "marked_on": (START + number * DAY).date(),
            "unmarked_on": None,
            "systems": "",
            "reason_kind": "hydra_failure",
            "reason_build_id": str(300_000_000 + number),
        }
        for number in range(0, 60, 17)
    ]


def _store(con: duckdb.DuckDBPyConnection, name: str, rows: list[dict]) -> None:
    dates = {column for row in rows[:1] for column in row if column.endswith("_on")}
    stamps = {column for row in rows[:1] for column in row if column.endswith("_at")}
    table = pa.table(
        {
            column: pa.array(
                [row[column] for row in rows],
                type=pa.timestamp("us", tz="UTC")
                if column in stamps
                else pa.date32()
                if column in dates
                else _type(rows, column),
            )
            for column in rows[0]
        }
    )
    con.register("incoming", table)
    con.execute(f"create table {name} as select * from incoming")
    con.unregister("incoming")


def _type(rows: list[dict], column: str) -> pa.DataType:
    known = [row[column] for row in rows if row[column] is not None]
    if not known:
        return pa.string()
    return {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}.get(type(known[0]), pa.string())
