"""The word `nixpkgs-health ingest channels`: declared channels, and the list of official ones at NixOS."""

from pathlib import Path

import click

from pipelines import settings
from pipelines.errors import BadInput


@click.command("channels")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--url", metavar="URL", help="Address of channels.nix of NixOS/infra, to compare with.")
@click.option(
    "--file", "nix", metavar="PATH", type=click.Path(path_type=Path), help="The same, fetched before."
)
def ingest_channels(file: Path | None, url: str | None, nix: Path | None) -> None:
    """Read declared channels, and say how the list of official ones at NixOS differs.

    Without a file the configured one. What is declared holds: a channel that is new there is recorded, one that
    differs is only named.
    """
    from pipelines import configuration
    from pipelines.runtime import Runtime
    from pipelines.sources.channels import declared, fetch
    from pipelines.sources.channels.ingest import ingest_official

    place = settings.load()
    chosen = file or configuration.load(place.config).channels
    if chosen is None:
        raise BadInput(f"{place.config} names no `channels`: name a file here or there.")
    if url and nix:
        raise BadInput("Give either --url or --file, not both.")
    runtime = Runtime(place)
    click.echo(runtime.ingest_channels(chosen).sentence())
    if url or nix:
        where = url or str(nix)
        told = [event for event, _ in declared.read(chosen)]
        today = runtime.now().date().isoformat()
        text = fetch.text_of(where)
        done, said = ingest_official(text, where, today, told, runtime.log, place.quarantine)
        click.echo("\n".join([done.sentence(), *(said or ["it is the same list as ours"])]))
