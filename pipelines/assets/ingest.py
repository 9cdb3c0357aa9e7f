"""Assets that feed the log: one per configured history, live jobset, database, and the inbox.

Each comes after the one before: equal input gives an equal order of batches. A live source that fails is recorded,
warned of and passed over: it delays nothing but itself.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import dagster as dg

from pipelines.configuration import Configuration, Live
from pipelines.ingest import Ingested
from pipelines.runtime import Runtime

ANSWERS = "answers"
"""Name of the check that warns when a live source did not answer."""


def ingest_assets(configuration: Configuration, doubtful: Collection[str] = ()) -> list[dg.AssetsDefinition]:
    """Every asset of the group `ingest`, in the order in which they run: doubtful sources last."""
    assets: list[dg.AssetsDefinition] = []
    for make in _makers(configuration, doubtful):
        assets.append(make([key for asset in assets[-1:] for key in asset.keys]))
    return assets


def _makers(
    configuration: Configuration, doubtful: Collection[str]
) -> Iterator[Callable[[list[dg.AssetKey]], dg.AssetsDefinition]]:
    """What makes each asset, once it is told which ones it comes after."""
    for path in configuration.histories:
        yield partial(_history_asset, path)
    yield from _hydras(live for live in configuration.live if live.instance.source not in doubtful)
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
        None,
    )
    yield from _hydras(live for live in configuration.live if live.instance.source in doubtful)


def _hydras(
    chosen: Iterable[Live],
) -> Iterator[Callable[[list[dg.AssetKey]], dg.AssetsDefinition]]:
    for live in chosen:
        for jobset in live.instance.jobsets:
            yield partial(
                _live_asset,
                [live.instance.source, jobset.name],
                f"Appends what is new in {jobset.name} of {live.instance.source}, asked over HTTP.",
                lambda runtime, live=live, jobset=jobset: runtime.ingest_live(live, jobset.name),
                live.freshness,
            )


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
    freshness: timedelta | None,
    before: list[dg.AssetKey],
) -> dg.AssetsDefinition:
    """An asset whose work gives what was ingested, or a sentence that says why nothing could be."""
    key = dg.AssetKey(["ingest", *map(_name, names)])

    @dg.asset(
        key=key,
        deps=before,
        group_name="ingest",
        description=description,
        kinds={"deltalake"},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=freshness) if freshness else None,
        check_specs=[dg.AssetCheckSpec(ANSWERS, asset=key, description="The source could be asked.")],
    )
    def _ingest(
        runtime: dg.ResourceParam[Runtime],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        done = work(runtime)
        said = done if isinstance(done, str) else None
        yield dg.MaterializeResult(metadata={"not asked": said} if said else _metadata(done))  # type: ignore[arg-type]
        yield dg.AssetCheckResult(
            check_name=ANSWERS,
            asset_key=key,
            passed=said is None,
            severity=dg.AssetCheckSeverity.WARN,
            description=said,
        )

    return _ingest


def _metadata(done: Sequence[Ingested]) -> dict[str, int | str]:
    batches = [one.batch for one in done if one.batch]
    return {
        "dagster/row_count": sum(batch.rows for batch in batches),
        "rejected": sum(one.rejected for one in done),
        "batches": ", ".join(str(batch.batch) for batch in batches) or "nothing new",
    }
