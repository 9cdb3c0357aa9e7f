"""What Dagster sees: the asset graph equals a reviewed text file, jobs and schedule are pinned, loading is offline.

After a wanted change: `python -m tests.unit.test_definitions > tests/unit/asset_graph.txt`, then read the difference.
"""

from pathlib import Path

import dagster as dg

from pipelines import paths, refresh
from pipelines.definitions import build_defs
from pipelines.runtime import Runtime
from pipelines.settings import Settings

GRAPH = Path(__file__).with_name("asset_graph.txt")


def definitions(var: Path) -> dg.Definitions:
    settings = Settings(var=var, build=var / "build", config=paths.EXAMPLES / "bundled.toml")
    return build_defs(Runtime(settings))


def graph(defs: dg.Definitions) -> str:
    """One line per asset: name <- parents."""
    assets = defs.resolve_asset_graph()
    lines = []
    for key in sorted(assets.get_all_asset_keys(), key=lambda k: k.path):
        node = assets.get(key)
        if key.path[0] == "publish" and key.path[1] == "warehouse":
            lines.append("publish/warehouse <- every relation")
            continue
        names = sorted("/".join(parent.path) for parent in node.parent_keys)
        if key.path[0] != "ingest" and any(name.startswith("ingest/") for name in names):
            names = ["every ingest"]
        parents = ", ".join(names)
        lines.append(f"{'/'.join(key.path)} <- {parents}".rstrip())
    return "\n".join(lines) + "\n"


def test_the_asset_graph_is_the_reviewed_one(tmp_path: Path) -> None:
    assert graph(definitions(tmp_path)) == GRAPH.read_text()


def test_everything_ends_in_the_report(tmp_path: Path) -> None:
    assets = definitions(tmp_path).resolve_asset_graph()
    reached = {dg.AssetKey(["publish", "report"])}
    while True:
        more = reached | {parent for key in reached for parent in assets.get(key).parent_keys}
        if more == reached:
            break
        reached = more
    assert reached == set(assets.get_all_asset_keys())


def test_jobs_and_schedule(tmp_path: Path) -> None:
    defs = definitions(tmp_path)
    assert {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")} == {
        "refresh",
        "build",
    }
    (schedule,) = defs.schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert (schedule.cron_schedule, schedule.execution_timezone, schedule.job_name) == (
        "0 */6 * * *",
        "UTC",
        "refresh",
    )


def test_the_build_job_ingests_nothing(tmp_path: Path) -> None:
    selected = definitions(tmp_path).resolve_job_def("build").asset_layer.selected_asset_keys
    assert {key.path[0] for key in selected} == {"staging", "replay", "core", "metrics", "publish"}


def test_every_blocking_claim_is_an_asset_check(tmp_path: Path) -> None:
    defs = definitions(tmp_path)
    keys = defs.resolve_asset_graph().asset_check_keys
    claims = {path.stem for path in (paths.SQL / "checks").glob("*.sql")}
    assert len(claims) > 20
    relations = [key for key in keys if key.asset_key.path[0] != "ingest" and key.name != "grain"]
    assert {f"{key.asset_key.path[-1]}__{key.name}" for key in relations} == claims


def test_every_live_source_warns_when_it_does_not_answer(tmp_path: Path) -> None:
    assets = definitions(tmp_path).resolve_asset_graph()
    live = {key for key in assets.get_all_asset_keys() if key.path[0] == "ingest" and len(key.path) == 3}
    assert len(live) > 10
    live.add(dg.AssetKey(["ingest", "inbox"]))
    assert {key.asset_key for key in assets.asset_check_keys if key.name == "answers"} == live
    assert all(assets.get(key).freshness_policy is not None for key in live)


def test_loading_writes_nothing(tmp_path: Path) -> None:
    definitions(tmp_path / "var")
    assert not (tmp_path / "var").exists()


def test_a_run_in_one_process_tells_its_events_and_keeps_none() -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="one")])
    def one() -> dg.MaterializeResult:
        return dg.MaterializeResult(
            check_results=[dg.AssetCheckResult(check_name="holds", passed=False, description="It does not.")]
        )

    job = dg.Definitions([one], jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=refresh.forgetful(instance))
        assert instance.all_logs(result.run_id) == []
        assert instance.fetch_materializations(dg.AssetKey("one"), limit=1).records == []
    assert [check.description for check in result.get_asset_check_evaluations()] == ["It does not."]
    assert [event.step_key for event in result.all_events if event.is_step_success] == ["one"]


if __name__ == "__main__":
    print(graph(definitions(Path("var"))), end="")
