"""Runs a job of `pipelines.definitions` in this process, without Dagster's daemon or pages."""

import logging
import os
import warnings
from typing import TYPE_CHECKING, Any

from pipelines.errors import CheckFailed, HealthError
from pipelines.log import lock
from pipelines.progress import Steps
from pipelines.runtime import Runtime

if TYPE_CHECKING:
    import dagster as dg


def run(runtime: Runtime, job: str, steps: Steps) -> None:
    """Run `refresh` or `build`. Raises the first HealthError of an asset, or CheckFailed for a broken claim."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    warnings.filterwarnings("ignore", module="dagster")
    steps.stage("loading the pipeline")
    import dagster as dg  # imported here: three CPU seconds that other commands need not spend

    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    from pipelines.definitions import build_defs

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    runtime.progress = steps
    with lock.exclusive(runtime.settings.var / "refresh.lock", "the report"):
        definition = build_defs(runtime).resolve_job_def(job)
        steps.stage(job, total=None)
        try:
            with dg.DagsterInstance.ephemeral() as instance:
                result = definition.execute_in_process(
                    raise_on_error=False,
                    instance=forgetful(instance),
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                )
        finally:
            runtime.build.close()
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed and evaluation.severity.value == "ERROR":
            raise CheckFailed(evaluation.description or f"The claim {evaluation.check_name} does not hold.")
    for event in result.all_events:
        if event.is_step_failure:
            raise _error(event)


def forgetful(instance: "dg.DagsterInstance") -> "dg.DagsterInstance":
    """The instance, keeping no event of a run and finding none.

    It ends with this process, nobody reads what it kept, and the run hands out its events by itself. Keeping them, and
    asking for every input which event made it, costs more than the rest of a run with nothing new.
    """
    import dagster as dg

    storage: Any = instance.event_log_storage
    storage.store_event = lambda event: None
    storage.get_asset_records = lambda asset_keys=None: []
    storage.fetch_observations = lambda *asked, **more: dg.EventRecordsResult([], "", has_more=False)
    return instance


def _error(event: object) -> Exception:
    """The error of an asset: the first of ours in what Dagster wrapped, else the innermost with its traceback.

    Dagster tells errors as text, so ours are found by the name of their class.
    """
    known = {cls.__name__: cls for cls in _subclasses(HealthError)}
    failure = event.step_failure_data.error  # type: ignore[attr-defined]
    while True:
        name, _, text = failure.message.partition(": ")
        kind = known.get(name.rpartition(".")[2])
        if kind is not None:
            return kind(text.strip())
        if failure.cause is None:
            return RuntimeError("".join([failure.message, *failure.stack]))
        failure = failure.cause


def _subclasses(cls: type[HealthError]) -> list[type[HealthError]]:
    return [cls, *(inner for direct in cls.__subclasses__() for inner in _subclasses(direct))]
