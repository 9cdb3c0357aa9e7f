"""Takes answers about one jobset into the store, and queues what follows from them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from pipelines.sources.hydra.answers import Memberships
from pipelines.sources.hydra.decode import Build, Evaluation, LatestBuild
from pipelines.sources.hydra.instance import Instance, JobsetConfig
from pipelines.sources.hydra.outcomes import shaped
from pipelines.sources.hydra.store import Store


class Keeper:
    """One jobset of one instance, under the name by which it is recorded."""

    def __init__(
        self, store: Store, instance: Instance, config: JobsetConfig, name: str, canonical: str
    ) -> None:
        self.store = store
        self.instance = instance
        self.config = config
        self.name = name
        self.canonical = canonical
        """The name that Hydra gives it now."""
        self.states = 0
        """States of builds that were not known before."""

    def keep_evaluation(self, evaluation: Evaluation, body: bytes, path: str, at: datetime) -> None:
        """An evaluation and its members; those not known are queued."""
        self.store.add_evaluation(self.name, evaluation, body, path, at)

    def keep_build(self, build: Build | LatestBuild, body: bytes, path: str, at: datetime) -> bool:
        """A build's state; whether it is finished."""
        self.states += self.store.add_build(self.name, build, body, path, at)
        if build.finished:
            self.store.finish("refresh", build.id)
        else:
            not_before = at.timestamp() + self.instance.refresh_seconds
            self.store.queue("refresh", build.id, self.name, not_before, is_tried=True)
        if self._may_be_aggregate(build) and not self.store.has_constituents(build.id):
            self.store.queue("constituents", build.id, self.name)
        if self.config.big and isinstance(build, Build):
            # Its newest finished evaluation alone is asked for: those in between are known by their builds.
            told = shaped(body, Memberships, path)
            for evaluation in self.store.missed(self.name, told.jobsetevals):
                self.store.queue("eval", evaluation, self.name)
        return bool(build.finished)

    def keep_constituents(self, aggregate: int, rows: Sequence[msgspec.Raw], path: str, at: datetime) -> None:
        """What an aggregate waits for, and the state of those builds, which the answer holds as well."""
        builds = [(shaped(row, Build, path), bytes(row)) for row in rows]
        if not builds:
            self.store.note_plain_job(aggregate)
            return
        self.store.add_constituents(aggregate, (build.id for build, _ in builds))
        for build, body in builds:
            if f"{build.project}/{build.jobset}" == self.canonical:
                self.keep_build(build, body, path, at)

    def _may_be_aggregate(self, build: Build | LatestBuild) -> bool:
        if build.job in self.config.aggregates:
            return True
        has_system = build.system in build.job.split(".")
        return not has_system and not self.store.is_plain_job(self.name, build.job)
