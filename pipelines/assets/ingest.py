"""Assets that feed the log: one per configured history, live jobset, database, and the inbox.

Each comes after the one before: equal input gives an equal order of batches. Only Hydras, which are asked last, are
asked at the same time and recorded as they answer. A live source that fails is recorded, warned of and passed over:
it delays nothing but itself.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import dagster as dg

from pipelines.configuration import FRESHNESS_HOURS, Configuration, Live
from pipelines.ingest import Ingested
from pipelines.runtime import Runtime

Told = dg.MaterializeResult | dg.AssetCheckResult
ANSWERS = "answers"
"""Name of the check that warns when a live source did not answer."""


def ingest_assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Every asset of the group `ingest`, in the order in which they run."""
    assets: list[dg.AssetsDefinition] = []
    for make in _makers(configuration):
        assets.append(make([key for asset in assets[-1:] for key in asset.keys]))
    return assets


def _makers(
    configuration: Configuration,
) -> Iterator[Callable[[list[dg.AssetKey]], dg.AssetsDefinition]]:
    """What makes each asset, once it is told which ones it comes after."""
    for path in configuration.histories:
        yield partial(_history_asset, path)
    for database in configuration.databases:
        yield partial(
            _live_asset,
            ["database", database.source_url.partition("://")[2]],
            f"Appends what is new in the database of {database.source_url}.",
            lambda runtime, database=database: runtime.ingest_database(database),
            database.freshness,
        )
    if configuration.channels:
        yield partial(
            _declared_asset,
            "channels",
            "Appends the declared channels that are new or changed.",
            lambda runtime, file=configuration.channels: runtime.ingest_channels(file),
        )
    if configuration.waves:
        yield partial(
            _declared_asset,
            "waves",
            "Appends the declared waves and resolutions that are new or changed.",
            lambda runtime, folder=configuration.waves: runtime.ingest_waves(folder),
        )
    yield partial(
        _live_asset,
        ["inbox"],
        "Appends what is new in the inbox: results of any CI.",
        lambda runtime: runtime.ingest_inbox(),
        timedelta(hours=FRESHNESS_HOURS),
    )
    if any(live.instance.jobsets for live in configuration.live):
        yield partial(_hydra_assets, configuration.live)


def _name(text: str) -> str:
    """A part of an asset's key: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")


def _history_asset(path: Path, before: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Asset `ingest/<folder>`, for example `ingest/hydra_trunk_failures`."""

    @dg.asset(
        key=dg.AssetKey(["ingest", _name(path.name)]),
        deps=before,
        group_name="ingest",
        description=f"Appends what is new in the history {path.name} to the event log.",
        kinds={"deltalake"},
    )
    def _ingest(runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=_metadata([runtime.ingest_history(path)]))

    return _ingest


def _declared_asset(
    name: str, description: str, work: Callable[[Runtime], Ingested], before: list[dg.AssetKey]
) -> dg.AssetsDefinition:
    """Asset `ingest/<name>` of what people declare in files; a file that cannot be used stops the run."""

    @dg.asset(
        key=dg.AssetKey(["ingest", name]),
        deps=before,
        group_name="ingest",
        description=description,
        kinds={"deltalake"},
    )
    def _ingest(runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=_metadata([work(runtime)]))

    return _ingest


def _live_asset(
    names: Sequence[str],
    description: str,
    work: Callable[[Runtime], list[Ingested] | str],
    freshness: timedelta,
    before: list[dg.AssetKey],
) -> dg.AssetsDefinition:
    """An asset whose work gives what was ingested, or a sentence that says why nothing could be."""
    key = dg.AssetKey(["ingest", *map(_name, names)])

    @dg.multi_asset(
        name="__".join(key.path),
        specs=[_spec(key, description, freshness, before)],
        check_specs=[_answers(key)],
    )
    def _ingest(runtime: dg.ResourceParam[Runtime]) -> Iterator[Told]:
        yield from _told(key, work(runtime))

    return _ingest


def _hydra_assets(lives: Sequence[Live], before: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """An asset per jobset of these Hydras, all of one step: which of them answers first is known only then."""
    places = {
        dg.AssetKey(["ingest", _name(live.instance.source), _name(jobset.name)]): (live, jobset.name)
        for live in lives
        for jobset in live.instance.jobsets
    }
    keys = {(live.instance.source, jobset): key for key, (live, jobset) in places.items()}

    @dg.multi_asset(
        name="ingest__hydras",
        specs=[
            _spec(
                key,
                f"Appends what is new in {jobset} of {live.instance.source}, asked over HTTP.",
                live.freshness,
                before,
            )
            for key, (live, jobset) in places.items()
        ],
        check_specs=[_answers(key) for key in places],
        can_subset=True,
    )
    def _ingest(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> Iterator[Told]:
        chosen = [place for key, place in places.items() if key in context.selected_asset_keys]
        for source, jobset, done in runtime.ingest_hydras(chosen, is_awaited=True):
            yield from _told(keys[source, jobset], done)

    return _ingest


def _spec(
    key: dg.AssetKey, description: str, freshness: timedelta, before: list[dg.AssetKey]
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=before,
        group_name="ingest",
        description=description,
        kinds={"deltalake"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=freshness),
    )


def _answers(key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(ANSWERS, asset=key, description="The source could be asked.")


def _told(key: dg.AssetKey, done: list[Ingested] | str) -> Iterator[Told]:
    """How the work for an asset ended."""
    said = done if isinstance(done, str) else None
    metadata = {"not asked": said} if isinstance(done, str) else _metadata(done)
    yield dg.MaterializeResult(asset_key=key, metadata=metadata)  # type: ignore[arg-type]
    yield dg.AssetCheckResult(
        check_name=ANSWERS,
        asset_key=key,
        passed=said is None,
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
    )


def _metadata(done: Sequence[Ingested]) -> dict[str, int | str]:
    batches = [one.batch for one in done if one.batch]
    return {
        "dagster/row_count": sum(batch.rows for batch in batches),
        "rejected": sum(one.rejected for one in done),
        "batches": ", ".join(str(batch.batch) for batch in batches) or "nothing new",
    }
