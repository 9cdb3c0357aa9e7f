"""What reading a Hydra's database costs: an invented one in a throw-away PostgreSQL, read and put into a log.

One jobset. Its first evaluation is all new; each one after it renews a tenth of the jobs and keeps the rest, so
that members outnumber builds as they do in nixpkgs.
"""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import adbc_driver_postgresql.dbapi as driver

from pipelines.bench.postgres import cluster
from pipelines.log.store import EventLog
from pipelines.sources.hydra import database, postgres
from pipelines.sources.hydra.database_ingest import ingest_database

BUILDS = 300_000
"""Builds of the invented database; a multiple of 50."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_URL = "http://127.0.0.1"
_TABLES = """
    create table jobsets (id int primary key, project text, name text);
    create table jobsetrenames (project text, from_ text, to_ text);
    create table evaluationerrors (id int primary key, errormsg text);
    create table jobsetevals (
        id int primary key, jobset_id int, evaluationerror_id int, timestamp int, hasnewbuilds int, nrbuilds int,
        flake text
    );
    create table jobsetevalinputs (eval int, name text, altnr int, uri text, revision text);
    create table jobsetevalmembers (eval int, build int, isnew int, primary key (eval, build));
    create table builds (
        id int primary key, finished int, timestamp int, jobset_id int, job text, nixname text, description text,
        drvpath text, system text, license text, maintainers text, starttime int, stoptime int, iscachedbuild int,
        buildstatus int
    );
    create index on builds (finished, stoptime desc);
    create table buildsteps (
        build int, stepnr int, type int, drvpath text, busy int, status int, starttime int, stoptime int,
        machine text, system text, propagatedfrom int, primary key (build, stepnr)
    );
    create table aggregateconstituents (aggregate int, constituent int)
"""


def _rows(builds: int) -> list[str]:
    """Statements that fill the tables: `builds` / 5 jobs, 41 evaluations, one build in 25 not succeeded."""
    jobs = builds // 5
    renewed = jobs // 10
    begin = int(NOW.timestamp()) - 41 * 43_200
    return [
        "insert into jobsets values (1, 'nixpkgs', 'trunk')",
        f"""
        insert into jobsetevals
        select 1000 + e, 1, null, {begin} + e * 43200, 1, {jobs}, null from generate_series(0, 40) as e
        """,
        """
        insert into jobsetevalinputs
        select id, 'nixpkgs', 0, 'https://example.org/nixpkgs.git', lpad(to_hex(id), 40, '0') from jobsetevals
        """,
        f"""
        insert into builds
        select
            n, 1, {begin} + n, 1, 'pythonPackages.package-' || (n % {jobs}) || '.' || s, 'package-' || (n % {jobs}),
            'A package', '/nix/store/' || md5(n::text) || '-package-' || (n % {jobs}) || '.drv', s,
            'MIT', 'someone@example.org', {begin} + n, {begin} + n + 60, n % 7 / 6,
            case when n % 25 > 0 then 0 when n % 50 > 0 then 1 else 2 end
        from
            generate_series(1, {builds}) as n,
            lateral (select (array['x86_64-linux', 'aarch64-linux', 'aarch64-darwin'])[1 + n % {jobs} % 3] as s) as t
        """,
        # A block of jobs is renewed by every tenth evaluation; before its first turn it has the builds of the first.
        f"""
        insert into jobsetevalmembers
        select
            1000 + e,
            case when turn > 0 then {jobs} + (turn - 1) * {renewed} + slot % {renewed} + 1 else slot + 1 end,
            0
        from
            generate_series(0, 40) as e,
            generate_series(0, {jobs - 1}) as slot,
            lateral (select e - ((e - slot / {renewed} - 1) % 10 + 10) % 10 as turn) as t
        """,
        """
        insert into buildsteps
        select
            id, 1, 0,
            case buildstatus when 2 then '/nix/store/' || md5((id / 10)::text) || '-root.drv' else drvpath end,
            0, least(buildstatus, 1), starttime, stoptime, 'builder@machine.example.org', system,
            case buildstatus when 2 then greatest(id - 25, 1) end
        from builds
        """,
        "analyze",
    ]


def hydra_database(folder: Path, builds: int = BUILDS) -> list[tuple[str, float, str]]:
    """What was seen, how much, its unit. Raises HealthError where there is no PostgreSQL server.

    CPU seconds are those of this process, all threads together; the server's own are not in them.
    """
    with cluster() as server:
        _fill(server.dsn, builds)
        log = EventLog(folder / "log")

        def read() -> int:
            with postgres.snapshot(server.dsn) as origin:
                return sum(piece.tables.builds.height for piece in database.readings(origin, [], {}, NOW))

        def record(at: datetime) -> int:
            told = ingest_database(
                server.dsn, _URL, [], folder / "var", log, folder / "quarantine", lambda _: None, at
            )
            return sum(one.batch.rows if one.batch else 0 for one in told)

        reading, _ = _seconds(read)
        recording, rows = _seconds(lambda: record(NOW))
        again, new = _seconds(lambda: record(NOW + timedelta(days=1)))
    return [
        ("Hydra database: read, CPU", builds / reading * 60, "/min"),
        ("Hydra database: to the log, CPU", builds / recording * 60, "/min"),
        ("Hydra database: rows in the log", rows, "rows"),
        ("Hydra database: nothing new, CPU", again, "s"),
        ("Hydra database: first time / again, CPU", recording / again, "x"),
        ("Hydra database: nothing new, rows appended", new, "rows"),
    ]


def _fill(dsn: str, builds: int) -> None:
    with closing(driver.connect(dsn, autocommit=True)) as connection, closing(connection.cursor()) as cursor:
        for statement in [*_TABLES.split(";"), *_rows(builds)]:
            cursor.execute(statement)


def _seconds(work: Callable[[], int]) -> tuple[float, int]:
    begun = time.process_time()
    done = work()
    return time.process_time() - begun, done
