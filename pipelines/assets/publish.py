"""The last two assets: the finished warehouse file, and the site made from it."""

from collections.abc import Sequence

import dagster as dg

from pipelines.runtime import Runtime

WAREHOUSE = dg.AssetKey(["publish", "warehouse"])


def warehouse_asset(relations: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Asset `publish/warehouse`: replaces the finished DuckDB file once every relation and claim is there."""

    @dg.asset(
        key=WAREHOUSE,
        deps=list(relations),
        group_name="publish",
        description="The finished DuckDB file, put in place in one step.",
        kinds={"duckdb"},
    )
    def _warehouse(runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        if not runtime.build.is_current:
            runtime.say("finishing the warehouse")
            runtime.build.finish()
        version = str(runtime.build.parameters["data_version"])
        return dg.MaterializeResult(data_version=dg.DataVersion(version), metadata={"data_version": version})

    return _warehouse


def report_asset() -> dg.AssetsDefinition:
    """Asset `publish/report`: the static site."""

    @dg.asset(
        key=dg.AssetKey(["publish", "report"]),
        deps=[WAREHOUSE],
        group_name="publish",
        description="The static site with its charts, tables and downloads.",
        kinds={"mkdocs", "altair"},
    )
    def _report(runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
        report = runtime.publish()
        return dg.MaterializeResult(metadata={"pages": report.pages, "site": str(report.html)})

    return _report
