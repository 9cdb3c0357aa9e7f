"""The words below `nixpkgs-health ingest`, and `validate` and `status`: everything about sources."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipelines import settings
from pipelines.cli_channels import ingest_channels
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


@ingest.command("ci")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--source", metavar="URL", help="Which CI installation, if the files do not say.")
@click.option("--run-id", metavar="TEXT", help="Which run, if the files do not say.")
@click.option("--commit", metavar="HEX", help="Evaluated commit of nixpkgs, if the files do not say.")
@click.option("--branch", metavar="NAME", help="Branch or channel that was followed.")
@click.option("--variant", metavar="NAME", help="Configuration variant, for example cuda.")
@click.option("--system", metavar="SYSTEM", help="Nix system, if the files do not say.")
@click.option("--exit-code", type=int, help="Exit code of the program that wrote the files.")
@click.option(
    "--honest-workflow",
    "honest",
    multiple=True,
    metavar="NAME",
    help="GitHub workflow whose success means that the build succeeded; repeatable.",
)
def ingest_ci(paths: tuple[Path, ...], honest: tuple[str, ...], **told: Any) -> None:
    """Read results of any CI: files or folders, recognised by their content; without any, the inbox."""
    from pipelines.progress import shown
    from pipelines.sources.ci.ingest import ingest_ci as read
    from pipelines.sources.ci.runs import Told

    place, log = _place()
    chosen = list(paths) or [place.var / "inbox"]
    for path in chosen:
        if not path.exists():
            raise BadInput(f"{path} does not exist: name a file or a folder, or put files into that inbox.")
    with shown() as steps:
        steps.stage("reading results")
        done = read(chosen, Told(**told, honest_workflows=honest), place.var, log, place.quarantine, steps)
    click.echo("\n".join(one.sentence() for one in done) or "nothing new")


ingest.add_command(ingest_channels)
ingest.add_command(ingest_hydra)


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


@ingest.command("cache")
@click.option("--url", metavar="URL", required=True, help="Address of a binary cache.")
@click.option(
    "--paths",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File with a store path a line; without it what the log names and has no content of.",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True, max=1000), help="Requests a second.")
@click.option(
    "--contact", help="Address or page by which the operators reach you; needed for a public cache."
)
@click.option("--operators-agreed", is_flag=True, help="The operators of a public cache agreed to be asked.")
def ingest_cache(
    url: str, paths: Path | None, rate: float | None, contact: str | None, operators_agreed: bool
) -> None:
    """Ask a binary cache what it says of the content of store paths (their narinfo)."""
    import time as clock_time

    from pipelines.progress import shown
    from pipelines.sources import binary_cache
    from pipelines.sources.hydra.outcomes import Clock

    place, log = _place()
    instance = binary_cache.instance(url, rate, contact, operators_agreed=operators_agreed)
    wanted = binary_cache.named(log) if paths is None else binary_cache.listed(paths)
    clock = Clock(clock_time.monotonic, clock_time.sleep, lambda: datetime.now(UTC).replace(microsecond=0))
    with shown() as steps:
        steps.stage(f"ask {instance.source}")
        done = binary_cache.ingest(instance, wanted, place.var, log, place.quarantine, clock, steps)
    click.echo(done.sentence())


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def validate(file: Path) -> None:
    """Check a file of CI events and explain every rejection; exit code 3 if there is any."""
    from pipelines.sources.ci import validate as checking

    report = checking.validate(file)
    for line in report.lines():
        click.echo(line)
    if report.complaints:
        raise BadInput(f"{file} has {len(report.complaints):,} records that would be rejected, listed above.")


@click.command()
def status() -> None:
    """Show every source: newest answer, last success, lag, gaps and rejected inputs."""
    from pipelines import configuration
    from pipelines import status as standing
    from pipelines.sources.hydra import consent

    place, log = _place()
    expected = []
    for live in configuration.load(place.config).live:
        blocked = None
        if not consent.is_given(live.instance):
            blocked = "no contact is set or its operators were not asked (examples/instances.toml)"
        expected += [
            standing.Expected(live.instance.source, jobset.name, live.freshness, blocked)
            for jobset in live.instance.jobsets
        ]
    now = datetime.now(UTC)
    for line in standing.lines(standing.standings(log, place.var, expected), now):
        click.echo(line)
