"""What one run of the pipeline works on: settings, configuration, log, warehouse build, progress."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipelines import ingest, paths
from pipelines.building import WarehouseBuild
from pipelines.errors import BadInput
from pipelines.log import lock
from pipelines.log.store import EventLog
from pipelines.publish.report import ReportResult, publish
from pipelines.settings import Settings


def quiet(_: str) -> None:
    """Progress that nobody watches."""


@dataclass
class Runtime:
    """Shared by the assets of a run; built once per process."""

    settings: Settings
    progress: Callable[[str], None] = quiet
    last_batch: int | None = None
    ingested: list[ingest.Ingested] = field(default_factory=list)
    report: ReportResult | None = None

    @cached_property
    def log(self) -> EventLog:
        """The event log."""
        return EventLog(self.settings.log)

    @cached_property
    def build(self) -> WarehouseBuild:
        """The build of the warehouse; decides when first asked whether anything is new."""
        return WarehouseBuild(self.log, self.settings.warehouse, self.last_batch)

    def say(self, text: str) -> None:
        """Tell the progress."""
        self.progress(text)

    def ingest_history(self, path: Path) -> ingest.Ingested:
        """Ingest one history folder."""
        done = ingest.history(path, self.log, self.settings.quarantine, self.say)
        self.ingested.append(done)
        return done

    def publish(self) -> ReportResult:
        """Build the site, or find that it is built already."""
        with lock.exclusive(self.settings.var / "publish.lock", "the site"):
            self.report = self._published()
        return self.report

    def _published(self) -> ReportResult:
        return publish(
            warehouse=self.settings.warehouse,
            build_dir=self.settings.build,
            var_dir=self.settings.var,
            site_dir=paths.SITE,
            sql_dir=paths.SQL,
            data_version=str(self.build.parameters["data_version"]),
            progress=self.say,
            site_url=self.settings.site_url,
            code_version=str(self.build.parameters["code_version"]),
        )


def histories(config: Path) -> list[Path]:
    """Folders that a configuration names under `histories`, relative to itself. Raises BadInput for a bad one."""
    try:
        with config.open("rb") as handle:
            named = tomllib.load(handle).get("histories", [])
    except FileNotFoundError as error:
        raise BadInput(
            f"The configuration {config} does not exist: name another with NIXPKGS_HEALTH_CONFIG."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The configuration {config} is not TOML ({error}): correct that place.") from error
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise BadInput(
            f'The configuration {config} has `histories` that is no list of folders: write histories = ["..."].'
        )
    return [(config.parent / name).resolve() for name in named]
