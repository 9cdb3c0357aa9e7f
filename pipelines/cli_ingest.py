"""The words below `nixpkgs-health ingest`, and `status`: everything about sources."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipelines import settings
from pipelines.cli_channels import ingest_channels
from pipelines.cli_ci import ingest_cache, ingest_ci
from pipelines.cli_hydra import ingest_hydra
from pipelines.errors import BadInput


@click.group()
def ingest() -> None:
    """Append what is new in a source to the event log."""


@ingest.command("history")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def ingest_history(paths: tuple[Path, ...]) -> None:
    """Read history folders, recognised by their content."""
    from pipelines.progress import shown
    from pipelines.runtime import Runtime

    runtime = Runtime(settings.load())
    with shown() as steps:
        runtime.progress = steps
        for path in paths:
            steps.stage(f"ingest {path.name}")
            done = runtime.ingest_history(path)
            click.echo(done.sentence())


ingest.add_command(ingest_hydra)


@ingest.command("hydra-db")
@click.option("--dsn", metavar="DSN", envvar="NIXPKGS_HEALTH_DSN", help="Address of the PostgreSQL database.")
@click.option(
    "--from-csv",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of tables exported with COPY, instead of a database.",
)
@click.option("--source", required=True, metavar="URL", help="Address of the Hydra that the database is of.")
@click.option("--jobset", "jobsets", metavar="PROJECT/JOBSET", multiple=True, help="Only these; repeatable.")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="When the tables were exported (UTC)."
)
@click.option("--start-crawl", is_flag=True, help="Let a crawl over HTTP start from here.")
def ingest_hydra_db(
    dsn: str | None,
    folder: Path | None,
    source: str,
    jobsets: tuple[str, ...],
    at: datetime | None,
    start_crawl: bool,
) -> None:
    """Read a Hydra's own database, read-only and only what is new."""
    from pipelines.progress import shown
    from pipelines.sources.hydra.database_ingest import ingest_database

    if (dsn is None) == (folder is None):
        raise BadInput("Give either --dsn (or NIXPKGS_HEALTH_DSN) or --from-csv, not both and not neither.")
    place, log = _place()
    with shown() as steps:
        steps.stage(f"reading the database of {source}")
        told = at.replace(tzinfo=UTC) if at else None
        now = told if folder else datetime.now(UTC).replace(microsecond=0)
        with _noted(place.var, source, jobsets, is_live=folder is None):
            done = ingest_database(
                folder or str(dsn), source, jobsets, place.var, log, place.quarantine, steps, now
            )
        if start_crawl:
            from pipelines.sources.hydra.crawl_start import start_crawl as begin

            begin(folder or str(dsn), source, jobsets, place.var, log, steps, now)
    click.echo("\n".join(one.sentence() for one in done) or "nothing new")


@contextmanager
def _noted(var: Path, url: str, jobsets: tuple[str, ...], *, is_live: bool) -> Iterator[None]:
    """Remember that a live database was asked, and how that ended; an export is a history, and is not asked."""
    from pipelines import polls
    from pipelines.errors import HealthError
    from pipelines.sources.hydra import database_state, instance

    source = instance.from_url(url, ()).source

    def note(failure: str | None) -> None:
        for jobset in (jobsets or sorted(database_state.load(var, source))) if is_live else ():
            polls.record(var, source, jobset, datetime.now(UTC), failure)

    try:
        yield
    except HealthError as error:
        note(str(error))
        raise
    note(None)


def _place() -> tuple[settings.Settings, Any]:
    from pipelines.log.store import EventLog

    place = settings.load()
    return place, EventLog(place.log)


ingest.add_command(ingest_ci)
ingest.add_command(ingest_channels)


@ingest.command("waves")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def ingest_waves(folder: Path) -> None:
    """Read a folder of declared waves and the ledger of resolutions beside them."""
    from pipelines.progress import shown
    from pipelines.runtime import Runtime

    runtime = Runtime(settings.load())
    with shown() as steps:
        runtime.progress = steps
        steps.stage(f"ingest {folder.name}")
        done = runtime.ingest_waves(folder)
    click.echo(done.sentence())


@ingest.command("tags")
@click.argument("given", metavar="PATH", type=click.Path(path_type=Path, allow_dash=True))
def ingest_tags(given: Path) -> None:
    """Read tags of waves: a git repository, or what `git ls-remote --tags` said (a file, or - for input)."""
    from pipelines.progress import shown
    from pipelines.sources.waves import ingest as waves
    from pipelines.sources.waves import tags

    place, log = _place()
    told = sys.stdin.read(tags.LONGEST) if str(given) == "-" else given
    with shown() as steps:
        steps.stage("reading tags")
        now = datetime.now(UTC).replace(microsecond=0)
        done = waves.ingest_tags(told, log, place.quarantine, steps, now)
    click.echo(done.sentence())


ingest.add_command(ingest_cache)


@click.command()
def status() -> None:
    """Show every source: newest answer, last success, lag, gaps and rejected inputs."""
    import os

    from pipelines import configuration
    from pipelines import status as standing

    place, log = _place()
    configured = configuration.load(place.config)
    found = standing.standings(log, place.var, standing.expected(configured, os.environ))
    for line in standing.lines(found, datetime.now(UTC)):
        click.echo(line)
    if configured.inbox and not configured.inbox.is_dir():
        click.echo(f"the inbox {configured.inbox} is not there")
