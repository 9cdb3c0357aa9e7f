"""The words `ingest ci`, `ingest cache` and `validate`: results of other CIs, and contents of binary caches."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipelines import settings
from pipelines.errors import BadInput


def _telling(command: Callable[..., None]) -> Callable[..., None]:
    """Options by which a caller tells what files of a CI do not say."""
    options = (
        click.option("--source", metavar="URL", help="Which CI installation, if the files do not say."),
        click.option("--run-id", metavar="TEXT", help="Which run, if the files do not say."),
        click.option("--commit", metavar="HEX", help="Evaluated commit of nixpkgs, if the files do not say."),
        click.option("--branch", metavar="NAME", help="Branch or channel that was followed."),
        click.option("--variant", metavar="NAME", help="Configuration variant, for example cuda."),
        click.option("--system", metavar="SYSTEM", help="Nix system, if the files do not say."),
        click.option("--exit-code", type=int, help="Exit code of the program that wrote the files."),
        click.option(
            "--honest-workflow",
            "honest_workflows",
            multiple=True,
            metavar="NAME",
            help="GitHub workflow whose success means that the build succeeded; repeatable.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("ci")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@_telling
def ingest_ci(paths: tuple[Path, ...], **told: Any) -> None:
    """Read results of any CI: files or folders, recognised by their content; without any, the inbox."""
    from pipelines.log.store import EventLog
    from pipelines.progress import shown
    from pipelines.sources.ci.ingest import ingest_ci as read
    from pipelines.sources.ci.runs import Told

    place = settings.load()
    chosen = list(paths) or [place.var / "inbox"]
    for path in chosen:
        if not path.exists():
            raise BadInput(f"{path} does not exist: name a file or a folder, or put files into that inbox.")
    with shown() as steps:
        steps.stage("reading results")
        done = read(chosen, Told(**told), place.var, EventLog(place.log), place.quarantine, steps)
    click.echo("\n".join(one.sentence() for one in done) or "nothing new")


@click.command("cache")
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

    from pipelines.log.store import EventLog
    from pipelines.progress import shown
    from pipelines.sources import binary_cache
    from pipelines.sources.hydra.outcomes import Clock

    place = settings.load()
    log = EventLog(place.log)
    instance = binary_cache.instance(url, rate, contact, operators_agreed=operators_agreed)
    wanted = binary_cache.named(log) if paths is None else binary_cache.listed(paths)
    clock = Clock(clock_time.monotonic, clock_time.sleep, lambda: datetime.now(UTC).replace(microsecond=0))
    with shown() as steps:
        steps.stage(f"ask {instance.source}")
        done = binary_cache.ingest(instance, wanted, place.var, log, place.quarantine, clock, steps)
    click.echo(done.sentence())


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_telling
def validate(file: Path, **told: Any) -> None:
    """Check a file of CI events and explain every rejection; exit code 3 if there is any.

    What its format does not say is told as for `ingest ci`: by options, or in FILE.told.toml beside it.
    """
    from pipelines.sources.ci import validate as checking
    from pipelines.sources.ci.runs import Told

    report = checking.validate(file, Told(**told))
    for line in report.lines():
        click.echo(line)
    if report.complaints:
        n = len(report.complaints)
        raise BadInput(f"{file} has {n:,} {'fault' if n == 1 else 'faults'}, told above.")
