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


class State(msgspec.Struct, frozen=True):
    """What has to differ for a build to be in another state."""

    finished: int
    buildstatus: int | None = None
    starttime: int | None = None
    stoptime: int | None = None
    drvpath: str | None = None

    @classmethod
    def of(cls, body: bytes) -> "State":
        """The state that an answer about a build tells, which was read before."""
        return msgspec.json.decode(body, type=cls)
