"""One asset per relation of `sql/`, with its claims as blocking checks; dependencies come from the parse tree."""

from collections.abc import Iterator, Sequence

import dagster as dg

from pipelines.checks import Check, Result
from pipelines.relations import Relation
from pipelines.runtime import Runtime


def asset_key(name: str) -> dg.AssetKey:
    """`schema.name` as an asset key."""
    return dg.AssetKey(name.split("."))


def relation_asset(
    relation: Relation, claims: Sequence[Check], known: set[str], ingested: Sequence[dg.AssetKey]
) -> dg.AssetsDefinition:
    """Asset `<schema>/<relation>`. Those that read no other relation wait for all that is ingested."""
    named = (*relation.dependencies, *relation.named_by_claims)
    dependencies = [asset_key(name) for name in named if name in known]
    if not dependencies:
        # What reads the log, or nothing at all, waits for it: the build is keyed by what the log then holds.
        dependencies += ingested
    key = asset_key(relation.key)
    specs = [
        dg.AssetCheckSpec(c.claim, asset=key, description=c.words, blocking=not c.is_warning) for c in claims
    ]
    if relation.kind == "table":
        specs.insert(
            0, dg.AssetCheckSpec("grain", asset=key, description="The grain is unique.", blocking=True)
        )

    @dg.asset(
        key=key,
        deps=dependencies,
        group_name=relation.schema,
        description=f"{relation.summary}\n\n{relation.description}",
        kinds={"duckdb"},
        check_specs=specs,
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(name, description=text) for name, text in relation.columns.items()]
            )
        },
    )
    def _relation(runtime: dg.ResourceParam[Runtime]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        build = runtime.build
        if build.is_current:
            yield dg.MaterializeResult(metadata={"unchanged": True})
            warned = {result.claim: result for result in build.warnings(relation.key)}
            for result in warned.values():
                yield _outcome(key, result)
            for spec in specs:
                if spec.name in warned:
                    continue
                # The finished file was only put in place because every blocking claim held.
                yield dg.AssetCheckResult(
                    check_name=spec.name, asset_key=key, passed=True, metadata={"unchanged": True}
                )
            return
        runtime.say(relation.key)
        rows = build.create(relation.key)
        yield dg.MaterializeResult(metadata={"dagster/row_count": rows})
        for result in build.check(relation.key):
            yield _outcome(key, result)

    return _relation


def _outcome(key: dg.AssetKey, result: Result) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=result.claim,
        asset_key=key,
        passed=result.broken_rows == 0,
        severity=dg.AssetCheckSeverity.WARN if result.is_warning else dg.AssetCheckSeverity.ERROR,
        description=result.sentence() if result.broken_rows else None,
        metadata={"rows that break it": result.broken_rows},
    )
