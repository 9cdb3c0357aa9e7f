"""What only a crawl reads in Hydra's answers; everything else is in `pipelines.sources.hydra.decode`."""

import msgspec

from pipelines.sources.hydra.decode import Address, Id


class Page(msgspec.Struct, frozen=True):
    """A page of a jobset's evaluations, newest first: the text of each is kept as it came."""

    evals: list[msgspec.Raw]
    next: Address | None = None


class Memberships(msgspec.Struct, frozen=True):
    """The evaluations of which a build is a member."""

    jobsetevals: list[Id] = []
