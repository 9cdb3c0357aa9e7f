"""Crawls of the replayed Hydra, in a time of their own: no test itself. As a program: one crawl, to be killed."""

import random
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.crawl import Outcome, crawl
from pipelines.sources.hydra.instance import Instance, JobsetConfig
from pipelines.sources.hydra.outcomes import Bounds, Clock
from pipelines.sources.hydra.store import Store

JOBSETS = (
    "nixos/trunk-combined",
    "nixpkgs/trunk",
    "nixpkgs/staging-next",
    "nixpkgs/cuda",
    "nixpkgs/lib-flake",
)
AS_OF = {"t1": 1790419219.0, "t2": 1790579059.0}
"""When the two instants were recorded, in seconds."""


class Time:
    """A clock that only sleeping moves. Whoever sleeps for more than a day in all waits for ever: that fails."""

    def __init__(self, seconds: float = AS_OF["t1"]) -> None:
        self.seconds = seconds
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        assert self.slept <= 86400, "a crawl waits for more than a day"
        self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep, lambda: datetime.fromtimestamp(self.seconds, UTC))


def instance(url: str, *jobsets: str | JobsetConfig, rate: float = 0.5) -> Instance:
    """The replayed Hydra, asked as a public one would be."""
    named = jobsets or JOBSETS
    configs = tuple(JobsetConfig(one) if isinstance(one, str) else one for one in named)
    return Instance(url, configs, rate=rate)


def run(
    store: Store,
    asked: Instance,
    at: Time,
    recorded: frozenset[str] = frozenset(),
    bounds: Bounds | None = None,
    stop_after: int | None = None,
) -> Outcome:
    """One crawl at an instant."""
    client = Client(asked, at.clock(), bounds=bounds or Bounds(), chance=random.Random(7))
    if stop_after is not None:
        client.stop = lambda: "enough" if client.requests >= stop_after else None
    with closing(client):
        return crawl(asked, asked.jobsets, store, client, recorded)


def main(url: str, path: str, *jobsets: str) -> None:
    """A crawl in real time, as fast as it is answered."""
    asked = instance(url, *jobsets, rate=1000)
    with closing(Store(Path(path))) as store:
        client = Client(asked, Clock(time.monotonic, time.sleep, lambda: datetime.now(UTC)))
        with closing(client):
            crawl(asked, asked.jobsets, store, client)


if __name__ == "__main__":
    main(*sys.argv[1:])
