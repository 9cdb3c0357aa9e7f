"""Makes a small invented warehouse: the relations that the report reads, with plausible and hostile contents.

Three jobsets (one with totals, one that lists failures only, one seen once), four systems, two channels. Episodes
are invented; everything else follows from them. The names in HOSTILE must come out as text on every page.
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines import relations, warehouse
from pipelines.paths import SQL

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


def build(path: Path, sql_dir: Path | None = None, *, jobs: int = 260, evaluations: int = 220) -> Path:
    """Write the world to a new DuckDB file and return its path; equal arguments give equal rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    con = duckdb.connect(str(path))
    con.execute("set timezone = 'UTC'")
    con.execute("create schema core")
    con.execute("create schema metrics")
    random_numbers = random.Random(7)
    names = [f"haskellPackages.{name}" for name in HOSTILE]
    names += [f"haskellPackages.package-{number:03}" for number in range(jobs - len(names))]
    worlds = [
        _jobset(random_numbers, TOTALS, names, evaluations, with_totals=True),
        _jobset(random_numbers, LISTED, [name.replace("haskell", "python3") for name in names], evaluations, with_totals=False),
        _jobset(random_numbers, ONCE, names[:40], 1, with_totals=False),
    ]
    for table in ("evaluations", "evaluation_systems", "failure_episodes"):
        _store(con, f"core.{table}", [row for world in worlds for row in world[table]])
    _store(con, "core.channel_advances", list(_advances(random_numbers)))
    _store(con, "core.gaps", _gaps())
    _store(con, "core.package_markers", _markers())
    _derive(con, sql_dir or SQL)
    con.close()
    return path


def _derive(con: duckdb.DuckDBPyConnection, sql_dir: Path) -> None:
    """Build every relation of `sql_dir` that follows from the invented ones, in the order of dependencies."""
    known = {".".join(row) for row in con.execute("select schema_name, table_name from duckdb_tables()").fetchall()}
    for key, relation in relations.load(sql_dir).items():
        if relation.schema in ("core", "metrics") and key not in known and known.issuperset(relation.dependencies):
            warehouse.create(con, relation, {})
            known.add(key)
    for key, sql in LATER.items():
        if key not in known:
            con.execute(f"create table {key} as {sql}")


def _jobset(rng: random.Random, jobset: str, names: list[str], count: int, *, with_totals: bool) -> dict[str, list[dict]]:
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
                episodes.append({
                    "source": SOURCE, "jobset": jobset, "attr": name, "system": system, "variant": "",
                    "broken_evaluation_id": ids[number], "broken_at": times[number], "last_red_at": times[last],
                    "cleared_evaluation_id": None if end is None else ids[end],
                    "cleared_at": None if end is None else times[end],
                    "outcome": "open" if end is None else "marked_broken" if place % 17 == 0 else closed_how,
                    "marked_at": times[number] + DAY if place % 17 == 0 else None,
                    "evaluations": len([n for n in complete if number <= n <= last]), "has_own_failure": own,
                    "is_masked": False, "is_left_censored": number == complete[0],
                    "is_provisional": last >= count - 8, "observed_until_at": times[complete[-1]],
                    "first_build_id": str(build), "last_build_id": str(build + 7),
                })
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
            by_system.append({
                "source": SOURCE, "jobset": jobset, "evaluation_id": ids[number], "system": system,
                "ordinal": int(ids[number]), "evaluation_at": times[number], "unit": "package" if with_totals else "job",
                "coverage": "failures_with_totals" if with_totals else "failures_only", "is_complete": complete_now,
                "incomplete_reason": reason, "is_verdict_final": number < count - 8, "listed_jobs": own + dependency,
                "green_jobs": total and total - own - dependency - 40, "own_jobs": own if with_totals else None,
                "dependency_jobs": dependency if with_totals else None, "timed_out_jobs": total and 3,
                "eval_error_jobs": total and 0, "unknown_cause_jobs": None if with_totals else own + dependency,
                "neutral_jobs": total and 37, "refused_jobs": None, "total_jobs": total,
            })
        rows.append({
            "source": SOURCE, "jobset": jobset, "evaluation_id": ids[number], "ordinal": int(ids[number]),
            "revision": f"{number:040x}", "occurred_at": None, "first_observed_at": times[number],
            "last_observed_at": times[number] + timedelta(hours=9), "evaluation_at": times[number],
            "unit": "package" if with_totals else "job",
            "coverage": "failures_with_totals" if with_totals else "failures_only",
            "is_complete": complete_now, "incomplete_reason": reason, "listed_jobs": listed,
        })
    return {"evaluations": rows, "evaluation_systems": by_system, "failure_episodes": episodes}


def _advances(rng: random.Random):
    for channel, mean_days, months in (("nixos-unstable", 1.7, 24), ("nixpkgs-unstable", 0.5, 24), ("nixos-14.12", 6.0, 3)):
        at, number = START - timedelta(days=30 * months), 0
        while at < START + 200 * DAY:
            yield {
                "source": "nix-channel-monitor", "channel": channel, "revision": f"{number:040x}",
                "commit_at": at - timedelta(hours=rng.uniform(4, 40)), "advanced_at": at, "is_first_sight": number == 0,
            }
            at, number = at + timedelta(days=rng.expovariate(1 / mean_days)), number + 1


def _gaps() -> list[dict]:
    return [
        {"source": SOURCE, "jobset": LISTED, "kind": "undecoded_answer", "evaluation_id": None,
         "detail": HOSTILE[0] + " is not a report", "declared_at": START},
        {"source": SOURCE, "jobset": TOTALS, "kind": "listing_mismatch", "evaluation_id": "1800370",
         "detail": "rows differ from the checksum", "declared_at": START + 9 * DAY},
    ]


def _markers() -> list[dict]:
    return [
        {"source": "nixpkgs", "package": f"package-{number:03}", "attr": f"haskellPackages.package-{number:03}",
         "marked_at": START + number * DAY, "reason_build_id": str(300_000_000 + number)}
        for number in range(0, 60, 17)
    ]


def _store(con: duckdb.DuckDBPyConnection, name: str, rows: list[dict]) -> None:
    stamps = {column for row in rows[:1] for column in row if column.endswith("_at")}
    table = pa.table({
        column: pa.array(
            [row[column] for row in rows], type=pa.timestamp("us", tz="UTC") if column in stamps else _type(rows, column)
        )
        for column in rows[0]
    })
    con.register("incoming", table)
    con.execute(f"create table {name} as select * from incoming")
    con.unregister("incoming")


def _type(rows: list[dict], column: str) -> pa.DataType:
    known = [row[column] for row in rows if row[column] is not None]
    if not known:
        return pa.string()
    return {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}.get(type(known[0]), pa.string())


LATER = {
    "metrics.green_ratio": """
        select source, jobset, evaluation_id, system, ordinal, evaluation_at, unit, coverage, is_complete, is_verdict_final,
            green_jobs, own_jobs, dependency_jobs, timed_out_jobs, unknown_cause_jobs, eval_error_jobs, neutral_jobs,
            refused_jobs, total_jobs as all_jobs, green_jobs + own_jobs + dependency_jobs + timed_out_jobs as decided_jobs,
            green_jobs / nullif(green_jobs + own_jobs + dependency_jobs + timed_out_jobs, 0) as green_ratio,
            green_jobs / nullif(total_jobs, 0) as green_of_all_ratio,
            green_jobs / nullif(green_jobs + own_jobs, 0) as green_of_own_ratio,
            listed_jobs as listed_failures, 1 as definition_version
        from core.evaluation_systems""",
    "metrics.failing_now": """
        select source, jobset, attr, system, variant, broken_at as failing_since_at,
            date_diff('second', broken_at, observed_until_at) / 86400 as failing_days, evaluations, has_own_failure,
            case when has_own_failure then 'failed' else 'dependency-failed' end as status, last_build_id as build_id,
            broken_evaluation_id, is_left_censored, is_provisional, observed_until_at as as_of_at, 1 as definition_version
        from core.failure_episodes where outcome = 'open'""",
    "metrics.broken_marker_candidates": """
        select source, jobset, attr, system, variant, broken_at as own_failure_since_at,
            date_diff('second', broken_at, observed_until_at) / 86400 as failing_days, last_build_id as build_id,
            count(*) over (partition by source, jobset, attr) as systems_failing,
            4 - count(*) over (partition by source, jobset, attr) as systems_unnamed, null::boolean as is_everywhere,
            marked_at, 1 as definition_version
        from core.failure_episodes where outcome = 'open' and has_own_failure
            and date_diff('day', broken_at, observed_until_at) >= 90""",
    "metrics.channel_delay": """
        select source, channel, date_trunc('month', advanced_at)::date as month_on, count(*) as advances,
            median(gap) as median_gap_days, quantile_cont(gap, 0.95) as p95_gap_days, max(gap) as longest_gap_days,
            median(age) as median_commit_age_days, 1 as definition_version
        from (select *, date_diff('second', commit_at, advanced_at) / 86400 as age, date_diff('second', lag(advanced_at)
            over (partition by channel order by advanced_at), advanced_at) / 86400 as gap from core.channel_advances)
        group by source, channel, month_on""",
    "metrics.coverage": """
        select source, jobset, system, min(evaluation_at) as first_at, max(evaluation_at) as last_at,
            count(*) as evaluations_seen, count(*) filter (is_complete) as complete_evaluations,
            count(*) filter (not is_complete) as incomplete_evaluations,
            count(*) filter (not is_verdict_final) as provisional_verdicts, 1 as gaps, 1 as rejected_inputs,
            any_value(incomplete_reason) as reasons, 1 as definition_version
        from core.evaluation_systems group by source, jobset, system""",
}
