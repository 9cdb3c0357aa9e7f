"""Shapes of Hydra's JSON answers, as far as a crawl needs them; unknown keys are let through.

`finished` decides, not `buildstatus`: a restarted build is unfinished and keeps its old status and times.
"""

import msgspec


class Input(msgspec.Struct, frozen=True):
    """One input of an evaluation."""

    uri: str | None = None
    revision: str | None = None


class Evaluation(msgspec.Struct, frozen=True):
    """An evaluation; it does not say of which jobset."""

    id: int
    timestamp: int
    hasnewbuilds: int
    builds: list[int]
    jobsetevalinputs: dict[str, Input] = {}
    flake: str | None = None


class EvaluationsPage(msgspec.Struct, frozen=True):
    """A page of a jobset's evaluations, newest first; the raw text of each is kept."""

    evals: list[msgspec.Raw]
    next: str | None = None


class Build(msgspec.Struct, frozen=True):
    """A build in the state in which it was when asked."""

    id: int
    project: str
    jobset: str
    job: str
    system: str
    finished: int
    buildstatus: int | None
    timestamp: int
    starttime: int | None = None
    stoptime: int | None = None
    drvpath: str | None = None
    nixname: str | None = None
    jobsetevals: list[int] = []


class LatestBuild(msgspec.Struct, frozen=True):
    """A finished build as the list of latest builds has it: without times and derivation."""

    id: int
    project: str
    jobset: str
    job: str
    system: str
    finished: int
    buildstatus: int | None
    timestamp: int
    nixname: str | None = None


class JobsetErrors(msgspec.Struct, frozen=True):
    """Errors of a jobset's newest evaluation; `errortime` is that evaluation's own time."""

    errormsg: str | None = None
    errortime: int | None = None
