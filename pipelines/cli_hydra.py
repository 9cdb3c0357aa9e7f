"""The word `nixpkgs-health ingest hydra`: Hydras asked over HTTP."""

from typing import Any

import click

from pipelines import settings
from pipelines.errors import BadInput


@click.command("hydra")
@click.option("--url", metavar="URL", help="Address of a Hydra; without it every configured one.")
@click.option("--jobset", "jobsets", metavar="PROJECT/JOBSET", multiple=True, help="Only these; repeatable.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True, max=1000), help="Requests a second.")
def ingest_hydra(url: str | None, jobsets: tuple[str, ...], rate: float | None) -> None:
    """Ask a Hydra over HTTP for what is new.

    A public instance is asked only when the configuration holds a contact and that its operators agreed.
    """
    from pipelines import configuration
    from pipelines.sources.hydra import consent, instance

    place = settings.load()
    configured = configuration.load(place.config)
    if url is None:
        chosen = [live for live in configured.live if not jobsets or _names(live) & set(jobsets)]
        if unknown := set(jobsets).difference(*map(_names, configured.live)):
            raise BadInput(
                f"{min(unknown)} is a jobset of no Hydra in {place.config}: say of which with --url."
            )
    else:
        known = configured.instance(url)
        given = instance.from_url(url, jobsets or _configured(known, url), rate or instance.RATE)
        chosen = [configuration.Live(given, _freshness(known))] if known is None else [known]
    if not chosen:
        raise BadInput(f"No Hydra is configured in {place.config}: name one with --url and --jobset.")
    allowed = [live for live in chosen if consent.is_given(live.instance)]
    for live in chosen:
        # Of all that is configured those that may be asked are; what somebody named is refused with the reason.
        if url is not None or jobsets or not allowed:
            consent.require(live.instance)
    _ask(allowed, jobsets, rate, is_named=url is not None)


def _names(live: Any) -> set[str]:
    return {jobset.name for jobset in live.instance.jobsets}


def _configured(known: Any, url: str) -> tuple[str, ...]:
    if known is None:
        raise BadInput(f"{url} is in no configuration: name its jobsets with --jobset PROJECT/JOBSET.")
    return tuple(sorted(_names(known)))


def _freshness(known: Any) -> Any:
    from datetime import timedelta

    from pipelines.configuration import FRESHNESS_HOURS

    return known.freshness if known else timedelta(hours=FRESHNESS_HOURS)


def _ask(chosen: list[Any], jobsets: tuple[str, ...], rate: float | None, *, is_named: bool) -> None:
    """Ask the instances at the same time; one that fails does not keep the others from being asked.

    `is_named`: the one instance was named, and is asked for these jobsets even where it is not configured for them.
    """
    from dataclasses import replace

    from pipelines.errors import HealthError
    from pipelines.progress import shown
    from pipelines.runtime import Runtime
    from pipelines.sources.hydra.instance import JobsetConfig

    runtime = Runtime(settings.load())
    asked = []
    for live in chosen:
        known = {jobset.name: jobset for jobset in live.instance.jobsets}
        named = tuple(known.get(name, JobsetConfig(name)) for name in jobsets if is_named or name in known)
        wanted = named or tuple(known.values())
        instance = replace(live.instance, jobsets=wanted, rate=rate or live.instance.rate)
        asked += [(replace(live, instance=instance), jobset.name) for jobset in wanted]
    with shown() as steps:
        runtime.progress = steps
        steps.stage(f"asking {', '.join(dict.fromkeys(live.instance.source for live, _ in asked))}")
        for _, _, done in runtime.ingest_hydras(asked):
            if not isinstance(done, str):
                click.echo("\n".join(one.sentence() for one in done))
    if runtime.failures:
        raise HealthError("\n".join(runtime.failures))
