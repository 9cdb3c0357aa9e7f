"""What one run of the pipeline works on: settings, configuration, log, warehouse build, progress."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pipelines import configuration, ingest, paths, polls, status
from pipelines.building import WarehouseBuild
from pipelines.configuration import Database, Live
from pipelines.errors import BadInput, HealthError
from pipelines.log import lock
from pipelines.log.store import EventLog
from pipelines.publish.notice_scopes import Pattern
from pipelines.publish.report import ReportResult, publish
from pipelines.settings import Settings
from pipelines.side_by_side import ALONE, Beside, side_by_side
from pipelines.sources.hydra.outcomes import GaveUp


def quiet(_: str) -> None:
    """Progress that nobody watches."""


@dataclass
class Runtime:
    """Shared by the assets of a run; built once per process."""

    settings: Settings
    progress: Callable[[str], None] = quiet
    last_batch: int | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ingested: list[ingest.Ingested] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """What live sources could not be asked, each in a sentence."""
    unreachable: dict[str, str] = field(default_factory=dict)
    """Hydras that gave no answer in this run: their other jobsets are not tried, for each try waits for minutes."""
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

    def ingest_hydras(
        self, asked: Sequence[tuple[Live, str]], *, is_awaited: bool = False
    ) -> Iterator[tuple[str, str, list[ingest.Ingested] | str]]:
        """Ask Hydras for what is new in jobsets: of each instance one after the other, of different ones at the same
        time. Gives source, jobset and what `ingest_live` gives, in the order in which it is done.

        `is_awaited`: whether a report waits for it; it waits for none that does not answer, once the others are done.
        """
        work: dict[str, list[Callable[[Beside], tuple[str, str, list[ingest.Ingested] | str]]]] = {}
        for live, jobset in asked:
            source = live.instance.source
            work.setdefault(source, []).append(
                lambda beside, live=live, jobset=jobset, source=source: (
                    source,
                    jobset,
                    self.ingest_live(live, jobset, beside),
                )
            )
        yield from side_by_side(work, is_awaited=is_awaited)

    def ingest_live(self, live: Live, jobset: str, beside: Beside = ALONE) -> list[ingest.Ingested] | str:
        """Ask a Hydra for what is new in a jobset. A sentence instead if that is not allowed or fails."""
        from pipelines.sources.hydra import consent
        from pipelines.sources.hydra.ingest import ingest_hydra

        instance = live.instance
        is_doubtful = instance.source in polls.unreachable(self.settings.var)
        try:
            consent.require(instance)
        except BadInput as error:
            return str(error)
        return self._attempt(
            instance.source,
            [jobset],
            self.unreachable.get(instance.source),
            lambda: ingest_hydra(
                instance,
                (jobset,),
                self.settings.var,
                self.log,
                self.settings.quarantine,
                lambda text: self.say(f"{instance.source}: {text}"),
                self.now,
                is_doubtful=is_doubtful,
                beside=beside,
            ),
        )

    def ingest_database(self, database: Database) -> list[ingest.Ingested] | str:
        """Read what is new in a Hydra's database. A sentence instead if that fails."""
        from pipelines.sources.hydra.database_ingest import ingest_database
        from pipelines.sources.hydra.instance import from_url

        source = from_url(database.source_url, ()).source
        dsn = os.environ.get(database.dsn_env)
        if not dsn:
            return (
                f"{source}: the environment variable {database.dsn_env} does not hold its database's address."
            )
        return self._attempt(
            source,
            database.jobsets,
            None,
            lambda: ingest_database(
                dsn,
                database.source_url,
                database.jobsets,
                self.settings.var,
                self.log,
                self.settings.quarantine,
                self.say,
                self.now().replace(microsecond=0),
            ),
        )

    def ingest_inbox(self) -> list[ingest.Ingested] | str:
        """Read what is new in the inbox, if there is one."""
        inbox = configuration.load(self.settings.config).inbox or self.settings.var / "inbox"
        if not inbox.is_dir():
            return []
        from pipelines.sources.ci.ingest import ingest_ci
        from pipelines.sources.ci.runs import Told

        try:
            done = ingest_ci([inbox], Told(), self.settings.var, self.log, self.settings.quarantine, self.say)
        except HealthError as error:
            self.failures.append(f"inbox: {error}")
            return str(error)
        self.ingested += done
        return done

    def ingest_channels(self, file: Path) -> ingest.Ingested:
        """Append the declared channels of a file that are new or changed. Raises BadInput with file and line."""
        from pipelines.sources.channels.ingest import ingest_declared

        done = ingest_declared(file, self.log, self.settings.quarantine)
        self.ingested.append(done)
        return done

    def ingest_waves(self, folder: Path) -> ingest.Ingested:
        """Append the waves and resolutions of a folder that are new. Raises BadInput with file and line."""
        from pipelines.sources.waves.ingest import ingest_waves

        done = ingest_waves(folder, self.log, self.settings.quarantine, self.say)
        self.ingested.append(done)
        return done

    def _attempt(
        self,
        source: str,
        jobsets: Sequence[str],
        failure: str | None,
        work: Callable[[], list[ingest.Ingested]],
    ) -> list[ingest.Ingested] | str:
        """Do the work, unless it failed already, and remember how it ended."""
        done: list[ingest.Ingested] = []
        is_unreachable = failure is not None
        if failure is None:
            try:
                done = work()
            except (HealthError, OSError) as error:
                failure = str(error)
                self.failures.append(f"{source} {', '.join(jobsets)}: {failure}")
                is_unreachable = isinstance(error, GaveUp)
                if is_unreachable:
                    self.unreachable[source] = failure
        for jobset in jobsets:
            polls.record(
                self.settings.var, source, jobset, self.now(), failure, is_unreachable=is_unreachable
            )
        self.ingested += done
        return failure or done

    def publish(self) -> ReportResult:
        """Build the site, or find that it is built already."""
        with lock.exclusive(self.settings.var / "publish.lock", "the site"):
            self.report = self._published()
        return self.report

    def _published(self) -> ReportResult:
        configured = configuration.load(self.settings.config)
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
            configured=[(one.source, one.jobset) for one in status.expected(configured, os.environ)],
            patterns=[Pattern(one.name, one.globs, one.maintainers, one.teams) for one in configured.notices],
        )
