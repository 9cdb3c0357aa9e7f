"""The words `nixpkgs-health nix ...`: what is done where a Nix is."""

from pathlib import Path

import click

from pipelines.errors import BadInput

SHOWN = 50
"""Lines of what was left out that are shown."""


@click.group("nix")
def nix() -> None:
    """Collect what a CI's own Nix knows, for the inbox."""


@nix.command("collect")
@click.option(
    "-f", "--file", "file", type=click.Path(path_type=Path, exists=True), help="File or folder to evaluate."
)
@click.option(
    "--flake", metavar="REF", help="Flake to evaluate instead, such as path:. or github:NixOS/nixpkgs."
)
@click.option(
    "-A", "--attr", "attrs", metavar="ATTR", multiple=True, help="Attribute; without any, the whole file."
)
@click.option(
    "--arg", "args", metavar="NAME EXPR", nargs=2, multiple=True, help="Argument of the file's function."
)
@click.option("--argstr", "texts", metavar="NAME TEXT", nargs=2, multiple=True, help="The same, as text.")
@click.option("--source", metavar="URL", required=True, help="Address that names your CI and never changes.")
@click.option("--commit", metavar="HEX", required=True, help="Commit that is evaluated, 40 hex digits.")
@click.option("--commit-time", metavar="UTC", help="When it was made, as 2025-10-01T02:00:00Z.")
@click.option("--package-set", metavar="NAME", required=True, help="What the set is called, such as nixpkgs.")
@click.option("--check-inputs", is_flag=True, help="Ask each attribute which inputs are for its tests only.")
@click.option(
    "--store",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder above a store of its own.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write, for the inbox.",
)
@click.option(
    "--known",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of contents hashed before; without it a hidden one beside OUT.",
)
def collect(
    file: Path | None,
    flake: str | None,
    attrs: tuple[str, ...],
    args: tuple[tuple[str, str], ...],
    texts: tuple[tuple[str, str], ...],
    source: str,
    commit: str,
    commit_time: str | None,
    package_set: str,
    check_inputs: bool,
    root: Path | None,
    out: Path,
    known: Path | None,
) -> None:
    """Evaluate attributes; write their derivations with the roles of inputs, and
    hashes of all outputs that are in the store.

    Only what the evaluation needs is built or fetched. Hashes tell whether a
    rebuild made anything new: see the page "Collect what rebuilds make".
    """
    from datetime import UTC, datetime

    from pipelines.nix import collect as collecting
    from pipelines.nix.collected import Said
    from pipelines.nix.expressions import Expression
    from pipelines.nix.programs import Store
    from pipelines.progress import shown

    if (file is None) == (flake is None):
        raise BadInput("Give either a file (-f) or a flake (--flake).")
    if flake is not None and (args or texts):
        raise BadInput("A flake takes no arguments: leave --arg and --argstr out.")
    asked = collecting.Asked(
        expression=Expression(
            None if file is None else file.resolve(), flake, arguments=dict(args), texts=dict(texts)
        ),
        attrs=attrs,
        said=Said(source, package_set, commit, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", commit_time),
        store=Store(None if root is None else root.resolve()),
        out=out,
        # Hidden: an inbox passes over it.
        known=known or out.with_name(f".{out.name}.known"),
        asks_tests=check_inputs,
    )
    with shown() as steps:
        steps.stage("collecting")
        done = collecting.collect(asked, steps)
    reasons = [f"does not evaluate: {attr}" for attr in done.failed]
    reasons += [f"left out: {reason}" for reason in (*done.refused, *done.counts.failed)]
    for reason in reasons[:SHOWN]:
        click.echo(reason, err=True)
    if len(reasons) > SHOWN:
        click.echo(f"and {len(reasons) - SHOWN:,} more such lines", err=True)
    click.echo(done.sentence())
