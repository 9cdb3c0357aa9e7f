"""Everything that Dagster sees: `build_defs(runtime)` and the one `defs`. Loads offline, without secrets."""

import dagster as dg

from pipelines import configuration, settings
from pipelines.assets.ingest import ingest_assets
from pipelines.assets.publish import report_asset, warehouse_asset
from pipelines.assets.relations import relation_asset
from pipelines.runtime import Runtime
from pipelines.schedules import schedules

JOB = "refresh"
BUILD_JOB = "build"


def build_defs(run: Runtime) -> dg.Definitions:
    """Assets, checks, the jobs `refresh` (all) and `build` (all but ingest) and the schedule, over one runtime."""
    ingests = ingest_assets(configuration.load(run.settings.config))
    ingest_keys = [key for asset in ingests for key in asset.keys]
    build = run.build
    relations = [
        relation_asset(relation, build.checks.get(name, []), set(build.relations), ingest_keys)
        for name, relation in build.relations.items()
    ]
    relation_keys = [key for asset in relations for key in asset.keys]
    computed = [*relations, warehouse_asset(relation_keys), report_asset()]
    selection = dg.AssetSelection.assets(*(key for asset in computed for key in asset.keys))
    return dg.Definitions(
        assets=[*ingests, *computed],
        jobs=[
            dg.define_asset_job(JOB, selection=dg.AssetSelection.all()),
            dg.define_asset_job(BUILD_JOB, selection=selection),
        ],
        schedules=schedules(JOB),
        resources={"runtime": run},
        # The building database belongs to one process, and it has one writer.
        executor=dg.in_process_executor,
    )


def __getattr__(name: str) -> dg.Definitions:
    """`defs`, made when Dagster asks for it: importing this module does nothing."""
    if name == "defs":
        return build_defs(Runtime(settings.load()))
    raise AttributeError(name)
