"""A PostgreSQL that holds what a Hydra's database held: tables and columns as recorded, filled from its CSV files."""

import gzip
from contextlib import closing
from pathlib import Path

import adbc_driver_postgresql.dbapi as driver
import polars as pl

from pipelines.bench.postgres import Cluster

RECORDED = Path(__file__).parent / "data" / "hydra-recorded" / "database"
KEYS = {
    "builds": "id",
    "jobsetevals": "id",
    "jobsetevalmembers": "eval, build",
    "buildsteps": "build, stepnr",
    "jobsets": "id",
    "evaluationerrors": "id",
    "aggregateconstituents": "aggregate, constituent",
}


def execute(dsn: str, *statements: str) -> None:
    """Run statements, each in its own transaction."""
    with closing(driver.connect(dsn, autocommit=True)) as connection, closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)


def database(cluster: Cluster, name: str, instant: str | None = None) -> str:
    """A new database with Hydra's tables, filled as at `instant` (t1, t2); its connection string."""
    execute(cluster.dsn, f"create database {name}")
    dsn = cluster.dsn.replace("/postgres?", f"/{name}?")
    columns = pl.read_csv(RECORDED / "columns.csv")
    for (table,), part in columns.group_by("table", maintain_order=True):
        described = [
            f'"{row["column"]}" {row["type"]}{" not null" if row["nullable"] == "NO" else ""}'
            for row in part.iter_rows(named=True)
        ]
        key = [f"primary key ({KEYS[table]})"] if table in KEYS else []
        execute(dsn, f"create table {table} ({', '.join(described + key)})")
    if instant:
        fill(cluster, dsn, instant)
    return dsn


def fill(cluster: Cluster, dsn: str, instant: str) -> None:
    """Replace every row by those recorded at an instant."""
    for source in sorted((RECORDED / instant).glob("*.csv.gz")):
        table = source.name.removesuffix(".csv.gz")
        content = gzip.decompress(source.read_bytes())
        names = content.split(b"\n", 1)[0].decode()
        plain = cluster.folder / f"{table}.csv"
        plain.write_bytes(content)
        plain.chmod(0o644)
        execute(dsn, f"truncate {table}", f"copy {table} ({names}) from '{plain}' (format csv, header)")
        plain.unlink()


def export(instant: str, folder: Path) -> Path:
    """The recorded CSV files of an instant, in a folder that a test may change."""
    folder.mkdir(parents=True)
    for source in sorted((RECORDED / instant).glob("*.csv.gz")):
        (folder / source.name).write_bytes(source.read_bytes())
    return folder
