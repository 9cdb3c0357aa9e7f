"""One asset per configured history: reads what is new and appends it to the log."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from pipelines.runtime import Runtime


def history_assets(paths: Sequence[Path]) -> list[dg.AssetsDefinition]:
    """One asset per history, each after the one before: equal input gives an equal order of batches."""
    assets: list[dg.AssetsDefinition] = []
    for path in paths:
        assets.append(_history_asset(path, [key for asset in assets[-1:] for key in asset.keys]))
    return assets


def _history_asset(path: Path, before: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Asset `ingest/<folder>`, for example `ingest/hydra_trunk_failures`."""

    @dg.asset(
        key=dg.AssetKey(["ingest", path.name.replace("-", "_").replace(".", "_")]),
        deps=before,
        group_name="ingest",
        description=f"Appends what is new in the history {path.name} to the event log.",
        kinds={"deltalake"},
    )
    def _ingest(runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        done = runtime.ingest_history(path)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": done.batch.rows if done.batch else 0,
                "rejected": done.rejected,
                "batch": done.batch.batch if done.batch else "nothing new",
            }
        )

    return _ingest
