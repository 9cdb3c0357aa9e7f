"""Questions about waves and rebuilds, answered from the finished warehouse: `wave`, `impact`, `what-if`."""

from typing import Any

import click

from pipelines import settings
from pipelines.errors import BadInput


@click.group()
def wave() -> None:
    """Follow and plan waves of updates."""


@wave.command("status")
@click.argument("name", metavar="[WAVE]", required=False)
def wave_status(name: str | None) -> None:
    """Show every declared wave, or one: its states, and what holds it back."""
    from pipelines import wave_status as standing

    for line in standing.lines(settings.load().warehouse, name):
        click.echo(line)


@wave.command("plan")
@click.option("--roots", metavar="ATTR,ATTR", default="", help="Packages that are updated, each by itself.")
@click.option(
    "--group", "groups", metavar="ATTR,ATTR", multiple=True, help="Packages that move together; repeatable."
)
@click.option("--all", "every", is_flag=True, help="Every package of the set.")
@click.option("--set", "name", metavar="NAME", help="Package set; without it the largest.")
@click.option(
    "--moves",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    help="Updates in a year from which a package moves too often to wait.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def plan(
    roots: str, groups: tuple[str, ...], every: bool, name: str | None, moves: int, as_json: bool
) -> None:
    """Order minor waves, and count what each and what other groupings build."""
    from pipelines.waves import planning, words

    if every and (roots or groups):
        raise BadInput("--all takes every package as a root: leave --roots and --group out.")
    with _warehouse() as con:
        told = planning.world(con, name)
    names, places = planning.groups_of(
        told, _listed(roots), [_listed(group) for group in groups], every=every
    )
    _show(planning.answer(told, names, places, moves), words.plan, as_json)


@wave.command("security")
@click.option("--root", metavar="ATTR", required=True, help="The package that is fixed.")
@click.option("--at", "at", metavar="X-Y", required=True, help="The minor wave that goes on meanwhile.")
@click.option(
    "--roots", metavar="ATTR,ATTR", default="", help="Roots of the major wave, where it is not declared."
)
@click.option("--jobset", metavar="PROJECT/JOBSET", help="Whose rate of builds to reckon with.")
@click.option("--system", default="x86_64-linux", show_default=True, help="System of that rate.")
@click.option(
    "--builds-per-day", type=click.FloatRange(min=0, min_open=True), help="A rate of your own instead."
)
@click.option("--set", "name", metavar="NAME", help="Package set; without it the largest.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def security(
    root: str,
    at: str,
    roots: str,
    jobset: str | None,
    system: str,
    builds_per_day: float | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Compare graft, rebuild, a copy of the wave and overrides for a fix."""
    from pipelines.waves import fixing, planning, words

    with _warehouse() as con:
        told = planning.world(con, name)
        going_on = fixing.wave(con, told, at, _listed(roots))
        rates = fixing.rates(con)
    rate = fixing.chosen_rate(rates, jobset, system, builds_per_day)
    _show(fixing.answer(told, root, going_on, rates, rate), words.security, as_json)


@click.command()
@click.argument("packages", metavar="PACKAGE...", nargs=-1, required=True)
@click.option("--set", "name", metavar="NAME", help="Package set; without it the largest.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def impact(packages: tuple[str, ...], name: str | None, as_json: bool) -> None:
    """Show what an update of packages rebuilds, and what of it only for tests."""
    from pipelines import impact as impacts
    from pipelines.waves import planning

    with _warehouse() as con:
        told = planning.world(con, name)
    _show(impacts.answer(told, packages), impacts.words, as_json)


@click.command("what-if")
@click.option(
    "--jobset", metavar="NAME", help="Jobset or package set; without it the one with most rebuilds."
)
@click.option(
    "--drop",
    "drops",
    metavar="PACKAGE:INPUT,INPUT",
    multiple=True,
    help="Inputs that a package would not have; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def what_if(jobset: str | None, drops: tuple[str, ...], as_json: bool) -> None:
    """Rank what would have saved rebuilds, or ask about inputs of your own."""
    from pipelines import what_if as questions

    with _warehouse() as con:
        told = questions.answer(con, jobset, [questions.parsed(text) for text in drops])
    _show(told, questions.words, as_json)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _warehouse() -> Any:
    from pipelines import warehouse

    place = settings.load().warehouse
    if not place.is_file():
        raise BadInput(f"There is no warehouse at {place}: run `./run report` (or `./run build`) first.")
    return warehouse.connect(place, read_only=True)


def _show(told: dict[str, Any], words: Any, as_json: bool) -> None:
    import json

    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else "\n".join(words(told)))
