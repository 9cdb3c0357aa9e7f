"""The command `nixpkgs-health`. Each word calls one function; errors end it with one sentence and an exit code.

Exit codes: 0 success, 1 other failure, 2 a check failed, 3 bad input, 4 busy.
"""

import sys
import traceback
from pathlib import Path
from typing import Any

import click

from models.presets import PRESETS
from pipelines import settings
from pipelines.cli_ci import validate
from pipelines.cli_ingest import ingest, status
from pipelines.cli_nix import nix
from pipelines.cli_wave import impact, wave, what_if
from pipelines.errors import BadInput, HealthError

INTERRUPTED = 130


class _Group(click.Group):
    """Ends every error with one sentence on the error stream and an exit code; nothing ends with a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line."""
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except HealthError as error:
            click.echo(f"nixpkgs-health: {error}", err=True)
            code = error.exit_code
        except click.UsageError as error:
            error.show()
            code = BadInput.exit_code
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo("nixpkgs-health: stopped; the same command goes on where it was.", err=True)
            code = INTERRUPTED
        except OSError as error:
            place = error.filename or "a file"
            click.echo(
                f"nixpkgs-health: the system refused {place} ({error.strerror}): look at rights and free space.",
                err=True,
            )
            code = BadInput.exit_code
        except Exception as error:  # noqa: BLE001 (the last place where a fault can be told in a sentence)
            click.echo(f"nixpkgs-health: {_told(error)}", err=True)
            code = HealthError.exit_code
        sys.exit(code if isinstance(code, int) else 0)


def _told(error: Exception) -> str:
    """A fault of ours in a sentence; the traceback goes to a file beside the state."""
    place = settings.load().var
    place.mkdir(parents=True, exist_ok=True)
    file = place / "fault.txt"
    file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    first = (str(error).splitlines() or [""])[0]
    return f"this is a fault of the program ({type(error).__name__}: {first}); report it with {file}"


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
def main() -> None:
    """Figures on the health of nixpkgs: how green, how long broken, at what cost.

    Exit codes: 0 success, 2 a check failed, 3 bad input, 4 busy, 1 anything else.
    """


def _run(job: str, last_batch: int | None = None) -> None:
    from pipelines import refresh
    from pipelines.progress import shown
    from pipelines.runtime import Runtime

    runtime = Runtime(settings.load(), last_batch=last_batch)
    with shown() as steps:
        refresh.run(runtime, job, steps)
    for done in runtime.ingested:
        click.echo(done.sentence())
    for failure in runtime.failures:
        click.echo(f"not asked, the rest is not held up: {failure}", err=True)
    if runtime.report is not None:
        for line in runtime.report.headline:
            click.echo(line)
        click.echo(f"\nSite: {runtime.report.html / 'index.html'}\nLook at it with: ./run serve")


@main.command()
def report() -> None:
    """Ingest what is configured, compute, check, build the site; print the headline figures."""
    _run("refresh")


@main.command()
def refresh() -> None:
    """The same as report, the word for schedules: does nothing where nothing is new."""
    _run("refresh")


@main.command()
@click.option("--as-of", "batch", type=click.IntRange(min=1), help="Use the log up to this batch only.")
def build(batch: int | None) -> None:
    """Compute, check and publish from the log, without ingesting."""
    _run("build", batch)


main.add_command(ingest)
main.add_command(validate)
main.add_command(status)
main.add_command(wave)
main.add_command(impact)
main.add_command(what_if)
main.add_command(nix)


@main.command()
@click.argument("sql")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "markdown"]),
    default="table",
    show_default=True,
)
def query(sql: str, form: str) -> None:
    """Ask the warehouse read-only, for example: query "from metrics.time_to_fix"."""
    from pipelines import query as questions

    click.echo(questions.render(questions.ask(settings.load().warehouse, sql), form))


@main.command()
@click.option("--preset", type=click.Choice(list(PRESETS)), required=True, help="Named set of parameters.")
@click.option("--jobset", metavar="PROJECT/JOBSET", help="Only this jobset.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File ending in .parquet or .csv.",
)
def episodes(preset: str, jobset: str | None, out: Path) -> None:
    """Write the failure episodes under a definition, replayed from the log."""
    from pipelines import query as questions
    from pipelines.log.store import EventLog
    from pipelines.progress import shown

    place = settings.load()
    with shown() as steps:
        steps.stage("replaying the log")
        rows = questions.episodes(EventLog(place.log), place.var, preset, jobset, out, steps)
    click.echo(f"{rows:,} episodes under {preset} in {out}")


@main.group("log")
def log_group() -> None:
    """Look after the event log."""


@log_group.command("show")
def log_show() -> None:
    """List the batches; the last line is the version of the data."""
    from pipelines.log.store import EventLog

    log = EventLog(settings.load().log)
    for batch in log.batches():
        click.echo(f"{batch.batch:>5}  {batch.recorded_at:%Y-%m-%d %H:%M:%SZ}  {batch.description}")
        for name, rows, digest in batch.tables:
            click.echo(f"{'':>7}{name:<28}{rows:>12,} rows  {digest[:12]}")
    click.echo(log.version())


@log_group.command("verify")
def log_verify() -> None:
    """Recompute the chain of hashes and every digest; exit code 2 if anything differs."""
    from pipelines.errors import CheckFailed
    from pipelines.log.store import EventLog
    from pipelines.log.verify import verify
    from pipelines.progress import shown

    with shown() as steps:
        steps.stage("verifying the log")
        result = verify(EventLog(settings.load().log), steps)
    for problem in result.problems:
        click.echo(problem, err=True)
    if result.problems:
        raise CheckFailed(f"The log does not verify: {len(result.problems)} problems, listed above.")
    for line in result.sentences():
        click.echo(line)


@log_group.command("compact")
def log_compact() -> None:
    """Join small files of the log; rows, digests and the version stay."""
    from pipelines.log.compact import compact
    from pipelines.log.store import EventLog
    from pipelines.progress import shown

    with shown() as steps:
        steps.stage("compacting the log")
        result = compact(EventLog(settings.load().log), steps)
    click.echo(result.sentence())


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def serve(port: int) -> None:
    """Show the built site on this machine."""
    from pipelines import serve as serving

    with serving.server(settings.load().report / "html", port) as server:
        click.echo(f"http://127.0.0.1:{port}/  (stop with Ctrl-C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")


if __name__ == "__main__":
    sys.exit(main())
